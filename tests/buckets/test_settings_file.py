"""The settings file: what wins, what it may hold, and errors that say where to look."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from warehouse.cli.group import cli
from warehouse.cli.runner import main
from warehouse.errors import SettingError
from warehouse.settings import Settings, load, load_with_origins
from warehouse.settings_file import targets

SECRET = "a-secret-that-nobody-may-see"
Write = Callable[[str], dict[str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a settings file; gives the environment that names it."""

    def make(text: str) -> dict[str, str]:
        path = tmp_path / "site.toml"
        path.write_text(text, encoding="utf-8")
        return {"WAREHOUSE_CONFIG": str(path)}

    return make


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingError) as caught:
        load(environment)
    return str(caught.value).replace(str(Path(environment["WAREHOUSE_CONFIG"]).parent), "DIR")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(write: Write) -> None:
    environment = write('[warehouse]\nport = 1\nhost = "::1"\nregion = "r1"\n')
    environment |= {"WAREHOUSE_HOST": "127.0.0.2", "R2_REGION": "r2"}
    settings, origins = load_with_origins(environment, region="r3")
    assert (settings.port, settings.host, settings.region) == (1, "127.0.0.2", "r3")
    assert origins == {
        "port": environment["WAREHOUSE_CONFIG"],
        "host": "WAREHOUSE_HOST",
        "region": "command line",
    }


def test_the_file_in_the_working_directory_counts_and_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({}).port == 4873
    (tmp_path / "warehouse.toml").write_text("[warehouse]\nport = 7\n")
    assert load({}).port == 7


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    environment = {"WAREHOUSE_CONFIG": str(tmp_path / "gone.toml")}
    assert "WAREHOUSE_CONFIG names DIR/gone.toml, which is not there" in refusal(environment)


def test_a_text_takes_values_from_the_environment(write: Write) -> None:
    environment = write('[[bucket]]\nname = "logs-${STAGE}"\nsecret_access_key = "${KEY}"\n')
    settings = load(environment | {"STAGE": "eu", "KEY": SECRET})
    assert (settings.bucket, settings.secret_access_key) == ("logs-eu", SECRET)
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[warehouse]\nport = \n", "site.toml is not valid TOML: Invalid value (at line 2, column 8)"),
        ("[buckets]\n", "site.toml, line 1: buckets is not known (is it bucket?)"),
        ("[warehouse]\n\nprot = 1\n", "line 3: prot of [warehouse] is not known (is it port?)"),
        (
            "[warehouse]\nport = 70000\n",
            "line 2: port of [warehouse] does not take 70000; it takes a whole number from 0 to 65535",
        ),
        ("[warehouse]\nport = true\n", "line 2: port of [warehouse] takes a text or a number"),
        (
            '[[bucket]]\nname = "a"\n[[bucket]]\nregion = "x"\n',
            "line 3: [[bucket]] number 2 has no name, which it needs",
        ),
        (
            '[[bucket]]\nname = "a"\n[[bucket]]\nname = "a"\n',
            "line 4: name of [[bucket]] number 2 'a' is there twice",
        ),
        (
            '[[bucket]]\nname = "a"\njurisdiction = "mars"\n',
            "line 3: jurisdiction of [[bucket]] number 1 does not take 'mars'; it takes default, eu, fedramp",
        ),
        (
            '[[bucket]]\nname = "a"\nsecret_acess_key = "x"\n',
            "line 3: secret_acess_key of [[bucket]] number 1 is not known (is it secret_access_key?)",
        ),
        ('[bucket]\nname = "a"\n', "line 1: [[bucket]] number 1 is written [[bucket]], with two brackets"),
        (
            '[[bucket]]\nname = "${NOT_SET}"\n',
            "line 2: name of [[bucket]] number 1 asks for ${NOT_SET}, which is not set",
        ),
        (
            '[[prefix]]\nprefix = "logs/"\nformat = "pinot"\n',
            "line 3: format of [[prefix]] number 1 does not take 'pinot'; there are ",
        ),
        (
            '[[prefix]]\nprefix = "logs/"\nsample = 0\n',
            "line 3: sample of [[prefix]] number 1 does not take 0",
        ),
        ('[mapping.edge]\nlevel = "l"\n', "line 1: [mapping.edge] has no ts, which it needs"),
        (
            '[mapping.edge]\nts = "t"\ntime_unit = "h"\n',
            "line 3: time_unit of [mapping.edge] does not take 'h'; it takes auto, s, ms, us, ns",
        ),
    ],
)
def test_an_error_names_the_file_the_line_and_the_key(write: Write, text: str, error: str) -> None:
    assert error in refusal(write(text))


def test_no_error_shows_a_secret(write: Write) -> None:
    numbers = write(f'[[bucket]]\nname = "a"\nsecret_access_key = ["{SECRET}"]\n')
    assert "secret_access_key of [[bucket]] number 1 does not take its value" in refusal(numbers)
    assert SECRET not in refusal(numbers)
    assert SECRET not in refusal(write(f'[[bucket]]\nname = "a"\nendpoint = "https://u:{SECRET}@x"\n'))


def test_prefixes_and_mappings_are_read(write: Write) -> None:
    settings = load(
        write(
            '[[prefix]]\nprefix = "logs/edge/"\nformat = "mapping:edge"\nsample = 10\n'
            '[mapping.edge]\nts = "meta.when"\ntime_unit = "s"\nlevel = "severity"\n'
        )
    )
    (rule,) = settings.prefixes
    assert (rule.prefix, rule.format, rule.sample) == ("logs/edge/", "mapping:edge", 10)
    edge = settings.mappings["edge"]
    assert (edge.ts, edge.time_unit, edge.level, edge.message) == ("meta.when", "s", "severity", None)


def shown(settings: Settings) -> list[tuple[str | None, ...]]:
    return [
        (one.bucket, one.endpoint, one.jurisdiction, one.api_token, one.access_key_id, one.log_prefix)
        for one in targets(settings)
    ]


def test_without_a_bucket_table_the_settings_are_the_one_target() -> None:
    settings = load({"R2_BUCKET_NAME": "only"})
    assert targets(settings) == [settings]


def test_a_bucket_takes_what_it_leaves_out_from_the_general_settings(write: Write) -> None:
    environment = write(
        '[warehouse]\nendpoint = "https://general.test"\naccount_id = "acc"\nlog_prefix = "l/"\n'
        '[[bucket]]\nname = "a"\n'
        '[[bucket]]\nname = "eu"\njurisdiction = "eu"\napi_token = "t-eu"\n'
        '[[bucket]]\nname = "own"\naccess_key_id = "k-own"\nsecret_access_key = "s"\nlog_prefix = ""\n'
    ) | {"CLOUDFLARE_API_KEY": "t", "R2_ACCESS_KEY_ID": "k", "R2_SECRET_ACCESS_KEY": "s"}
    settings = load(environment)
    assert shown(settings) == [
        ("a", "https://general.test", "default", "t", "k", "l/"),
        ("eu", None, "eu", "t-eu", None, "l/"),
        ("own", "https://general.test", "default", None, "k-own", ""),
    ]
    assert (settings.bucket, settings.endpoint) == ("a", "https://general.test")


def test_the_bucket_of_the_environment_is_mirrored_beside_those_of_the_file(write: Write) -> None:
    environment = write('[[bucket]]\nname = "a"\nregion = "r"\n[[bucket]]\nname = "b"\n')
    named = [one.bucket for one in targets(load(environment | {"R2_BUCKET_NAME": "z"}))]
    assert named == ["z", "a", "b"]
    both = targets(load(environment | {"R2_BUCKET_NAME": "b"}))
    assert [(one.bucket, one.region) for one in both] == [("a", "r"), ("b", "auto")]


def test_the_command_settings_shows_where_each_value_comes_from(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = write(
        f'[warehouse]\nadmin_token = "{SECRET}"\n[[bucket]]\nname = "a"\n[[bucket]]\nname = "b"\n'
    )
    for name, value in (environment | {"WAREHOUSE_PORT": "9"}).items():
        monkeypatch.setenv(name, value)
    answer = CliRunner().invoke(cli, ["settings", "--json"])
    rows = {row["name"]: (row["value"], row["origin"]) for row in json.loads(answer.output)}
    path = environment["WAREHOUSE_CONFIG"]
    assert rows["port"] == ("9", "WAREHOUSE_PORT")
    assert rows["admin_token"] == ("***", path)
    assert rows["bucket"] == ("a", f"{path} [[bucket]]")
    assert rows["buckets"] == ("a, b", path)
    assert rows["host"] == ("127.0.0.1", "default")


def test_a_wrong_file_ends_a_command_with_exit_code_2(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAREHOUSE_CONFIG", write("[warehouse]\nprot = 1\n")["WAREHOUSE_CONFIG"])
    assert main(["settings"]) == 2
    assert "line 2: prot of [warehouse] is not known" in capsys.readouterr().err
