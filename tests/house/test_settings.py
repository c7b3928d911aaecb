"""Settings: names, precedence, checks, secrets, and the page that documents them."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.errors import SettingError
from warehouse.settings import load, table
from warehouse.settings_docs import page

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-token-that-nobody-may-see"


def test_an_empty_environment_gives_the_defaults():
    settings = load({})
    assert (settings.bucket, settings.port, settings.host) == (None, 4873, "127.0.0.1")
    assert settings.data_dir == Path("data")


def test_the_users_own_names_work():
    settings = load(
        {
            "CLOUDFLARE_ACCOUNT_ID": "account",
            "CLOUDFLARE_API_KEY": SECRET,
            "R2_BUCKET_NAME": "registry-logs",
            "R2_ENDPOINT": "https://s3.example.test",
        }
    )
    assert settings.account_id == "account"
    assert settings.api_token == SECRET
    assert settings.bucket == "registry-logs"
    assert settings.endpoint == "https://s3.example.test"


@pytest.mark.parametrize(
    ("variable", "field"), [(variable, info.name) for info in table() for variable in info.env]
)
def test_every_variable_of_the_table_sets_its_field(variable: str, field: str):
    special = {
        "R2_JURISDICTION": "eu",
        "CLOUDFLARE_API_BASE_URL": "http://localhost:1",
        "WAREHOUSE_ALERT_HEALTH": "2",
    }
    value = special.get(variable, "7")
    value += ".5" if variable.endswith(("_PRICE", "_ERROR_RATE", "_STORAGE_GROWTH", "_RESPONSE_MS")) else ""
    assert str(getattr(load({variable: value}), field)) == value


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "cheap"])
def test_a_price_is_a_number_that_is_not_negative(text: str):
    with pytest.raises(SettingError, match=r"WAREHOUSE_CLASS_A_PRICE .* number from 0 to 1000000"):
        load({"WAREHOUSE_CLASS_A_PRICE": text})


def test_no_variable_belongs_to_two_settings():
    variables = [variable for info in table() for variable in info.env]
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize("info", [i for i in table() if len(i.env) > 1], ids=lambda info: info.name)
def test_of_several_names_the_first_one_set_wins(info):
    both = {variable: f"value-{place}" for place, variable in enumerate(info.env)}
    assert getattr(load(both), info.name) == "value-0"
    assert getattr(load(both | {info.env[0]: "  "}), info.name) == "value-1"


def test_the_command_line_wins_over_the_environment_and_none_means_not_given():
    environment = {"WAREHOUSE_PORT": "5000", "WAREHOUSE_HOST": "127.0.0.2"}
    settings = load(environment, port=6000, host=None)
    assert (settings.port, settings.host) == (6000, "127.0.0.2")


def test_a_wrong_variable_does_not_matter_when_the_command_line_replaces_it():
    assert load({"WAREHOUSE_PORT": "many"}, port=6000).port == 6000


def test_spaces_around_a_value_are_dropped_and_an_empty_value_counts_as_unset():
    settings = load({"R2_BUCKET_NAME": " logs \n", "WAREHOUSE_PORT": ""})
    assert (settings.bucket, settings.port) == ("logs", 4873)


def test_a_tilde_in_a_path_is_the_home_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({"WAREHOUSE_DATA_DIR": "~/lake"}).data_dir == tmp_path / "lake"
    assert load({}, data_dir=Path("lake")).data_dir == Path("lake")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WAREHOUSE_PORT", "http"),
        ("WAREHOUSE_PORT", "65536"),
        ("WAREHOUSE_PORT", "-1"),
        ("WAREHOUSE_FETCH_THREADS", "0"),
        ("WAREHOUSE_INGEST_WORKERS", "2.5"),
        ("R2_JURISDICTION", "mars"),
        ("CLOUDFLARE_API_BASE_URL", "ftp://example.test"),
    ],
)
def test_a_wrong_value_gives_one_line_that_names_the_variable_and_the_value(variable: str, value: str):
    with pytest.raises(SettingError) as caught:
        load({variable: value})
    line = str(caught.value)
    assert caught.value.field == variable
    assert variable in line
    assert repr(value) in line
    assert "\n" not in line


def test_a_wrong_number_is_told_its_range():
    with pytest.raises(SettingError, match="whole number from 0 to 65535"):
        load({"WAREHOUSE_PORT": "65536"})


@pytest.mark.parametrize("info", [i for i in table() if i.secret], ids=lambda info: info.name)
def test_a_secret_shows_neither_in_the_settings_nor_in_an_error(info):
    settings = load({info.env[0]: SECRET})
    assert getattr(settings, info.name) == SECRET
    assert SECRET not in repr(settings)
    assert f"{info.name}=<set>" in repr(settings)
    with pytest.raises(SettingError) as caught:
        load({}, **{info.name: [SECRET]})
    assert SECRET not in str(caught.value)


def test_what_is_named_a_secret_token_or_key_is_marked_as_one():
    # An access key id is a name, not a secret; addresses that alerts are sent to hold tokens.
    for info in table():
        named = any(word in info.name for word in ("secret", "token", "alert_webhook", "alert_notify"))
        assert info.secret == named, info.name


def test_the_page_of_the_settings_is_the_table_in_force():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page(), "run `make format`"


def test_the_page_names_every_variable():
    for info in table():
        for variable in info.env:
            assert f"`{variable}`" in page()


def test_an_endpoint_with_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingError) as caught:
        load({"R2_ENDPOINT": "https://user:hunter2@example.test"})
    assert caught.value.field == "R2_ENDPOINT"
    assert "hunter2" not in str(caught.value)
