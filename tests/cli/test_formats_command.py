"""`warehouse formats`: the list of formats, and a sample as it would be read."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.cli.conftest import COMMAND, Cli
from tests.formats.samples import COMBINED, SAMPLES


def test_the_list_names_every_format_and_mapping(bare_cli: Cli) -> None:
    (bare_cli.cwd / "warehouse.toml").write_text('[mapping.shop]\nts = "at"\n')
    rows = json.loads(bare_cli("formats", "list", "--json").stdout)
    assert {row["name"] for row in rows} == {form for form, _ in SAMPLES.values()} | {"mapping:shop"}
    people = bare_cli("formats", "list")
    assert people.returncode == 0
    assert "\naccess_json  " in people.stdout
    assert people.stdout.count("\n") == len(rows)


def test_a_sample_is_shown_field_by_field(bare_cli: Cli) -> None:
    (bare_cli.cwd / "a.log").write_text(f"noise\n{COMBINED}\n")
    done = bare_cli("formats", "try", "a.log")
    assert (done.returncode, done.stderr) == (0, "")
    for text in (
        "\nFormat         access_combined: Access logs of nginx",
        "\nWhy            1 of the first 2 lines meet its condition",
        "\nLog rows       1\n",
        "\nnot a line of the common or combined log format      1      1  noise\n",
        "\nLine 2, field by field\n  ts ",
        "\n  package          left-pad\n",
        "\n    referer  https://example.com/start\n",
    ):
        assert text in done.stdout


def test_control_characters_of_a_sample_do_not_reach_the_terminal(bare_cli: Cli) -> None:
    (bare_cli.cwd / "a.log").write_text("\x1b[2Jnoise\n" + COMBINED.replace("npm/", "\x1b[31m"))
    done = bare_cli("formats", "try", "a.log")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\\x1b[2Jnoise" in done.stdout


def test_json_is_for_programs_and_standard_input_for_pipes(bare_cli: Cli) -> None:
    done = subprocess.run(
        [*COMMAND, "formats", "try", "-", "--json"],
        input=f"{COMBINED}\n",
        capture_output=True,
        text=True,
        cwd=bare_cli.cwd,
        env=bare_cli.environment(),
        check=True,
    )
    answer = json.loads(done.stdout)
    assert (answer["format"], answer["counts"]["accepted"]) == ("access_combined", 1)
    assert answer["row"]["ts"] == "2026-03-01T10:00:07.000000Z"
    assert answer["row"]["metadata"]["user"] == "frank"


def test_a_mapping_of_the_settings_file_can_be_tried(bare_cli: Cli) -> None:
    (bare_cli.cwd / "warehouse.toml").write_text('[mapping.shop]\nts = "at"\nmessage = "it.is"\n')
    (bare_cli.cwd / "a.json").write_text('{"at": 1772359200, "it": {"is": "sold"}}\n')
    done = bare_cli("formats", "try", "a.json", "--format", "mapping:shop")
    assert "\n  message  sold\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "nginx"], "there is no format 'nginx' (there are access_combined, "),
        (["--line", "9"], "the sample has no line 9"),
    ],
)
def test_what_there_is_not_is_refused(bare_cli: Cli, arguments: list[str], message: str) -> None:
    (bare_cli.cwd / "a.log").write_text(COMBINED)
    done = bare_cli("formats", "try", "a.log", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
