"""Where the endpoint and the key pair come from, and what is said when they cannot be had."""

from __future__ import annotations

import hashlib
import socket
import time
import traceback
from collections.abc import Iterator

import pytest

from tests.credentials.fake_cloudflare import REFUSED, FakeCloudflare, running, verified
from warehouse import backoff, credentials
from warehouse.credentials import endpoint_of, resolve
from warehouse.errors import CredentialsError, SettingError, UnavailableError, WarehouseError
from warehouse.settings import Settings, load

TOKEN = "tok_0123456789abcdefghijKLMNOP"
HALF = "half-a-pair"  # stands here because a traceback quotes the lines of a test
ACCOUNT = "0123456789abcdef0123456789abcdef"
USER = "/user/tokens/verify"
OF_ACCOUNT = f"/accounts/{ACCOUNT}/tokens/verify"


@pytest.fixture(autouse=True)
def no_remembered_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test asks the fake API anew."""
    monkeypatch.setattr(credentials, "_ids", {})
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cloudflare() -> Iterator[FakeCloudflare]:
    with running() as fake:
        yield fake


def settings(**environment: str) -> Settings:
    return load({"CLOUDFLARE_ACCOUNT_ID": ACCOUNT} | environment)


def with_token(cloudflare: FakeCloudflare, **environment: str) -> Settings:
    return settings(CLOUDFLARE_API_KEY=TOKEN, CLOUDFLARE_API_BASE_URL=cloudflare.url, **environment)


def everything_said(error: BaseException) -> str:
    """The error as a person or a log might get to see it, traceback and causes included."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(getattr(error, "hint", ""))


# --- the key pair -----------------------------------------------------------------------------------


def test_a_key_pair_of_r2_is_taken_as_it_is() -> None:
    found = resolve(settings(R2_ACCESS_KEY_ID="id", R2_SECRET_ACCESS_KEY="secret"))
    assert (found.access_key_id, found.secret_access_key, found.region) == ("id", "secret", "auto")


def test_the_key_pair_of_r2_wins_over_a_token_and_over_aws(cloudflare: FakeCloudflare) -> None:
    found = resolve(
        with_token(
            cloudflare,
            R2_ACCESS_KEY_ID="r2-id",
            R2_SECRET_ACCESS_KEY="r2-secret",
            AWS_ACCESS_KEY_ID="aws-id",
            AWS_SECRET_ACCESS_KEY="aws-secret",
        )
    )
    assert found.access_key_id == "r2-id"
    assert cloudflare.seen == []


def test_a_token_wins_over_aws(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, verified("token-id"))
    found = resolve(with_token(cloudflare, AWS_ACCESS_KEY_ID="aws-id", AWS_SECRET_ACCESS_KEY="aws-secret"))
    assert found.access_key_id == "token-id"


def test_the_pair_of_aws_is_used_when_nothing_else_is_set() -> None:
    found = resolve(settings(AWS_ACCESS_KEY_ID="aws-id", AWS_SECRET_ACCESS_KEY="aws-secret"))
    assert (found.access_key_id, found.secret_access_key) == ("aws-id", "aws-secret")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"),
        ("R2_SECRET_ACCESS_KEY", "R2_ACCESS_KEY_ID"),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_half_a_pair_names_the_variable_that_is_missing(given: str, missing: str) -> None:
    with pytest.raises(SettingError) as caught:
        resolve(settings(**{given: HALF}))
    assert caught.value.field == missing
    assert f"{missing} is not set" in caught.value.detail
    assert HALF not in everything_said(caught.value)


def test_no_credentials_at_all_names_what_to_set() -> None:
    with pytest.raises(SettingError, match="CLOUDFLARE_API_KEY nor R2_ACCESS_KEY_ID"):
        resolve(settings())


# --- the pair that is derived from an API token --------------------------------------------------------


def test_the_pair_of_a_token_is_its_id_and_the_sha256_of_its_value(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, verified("ed17574386854bf78a67040be0a770b0"))
    found = resolve(with_token(cloudflare))
    assert found.access_key_id == "ed17574386854bf78a67040be0a770b0"
    assert found.secret_access_key == hashlib.sha256(TOKEN.encode()).hexdigest()
    assert cloudflare.seen == [(USER, f"Bearer {TOKEN}")]


def test_a_token_that_belongs_to_an_account_is_asked_for_at_the_account(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, REFUSED)
    cloudflare.answer(OF_ACCOUNT, verified("account-token-id"))
    assert resolve(with_token(cloudflare)).access_key_id == "account-token-id"
    assert cloudflare.paths() == [USER, OF_ACCOUNT]


def test_cloudflare_is_asked_once_per_process(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, verified("token-id"))
    assert resolve(with_token(cloudflare)) == resolve(with_token(cloudflare))
    assert cloudflare.paths() == [USER]


def test_another_token_is_asked_for_again(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, verified("first"), verified("second"))
    resolve(with_token(cloudflare))
    other = settings(CLOUDFLARE_API_KEY=TOKEN + "2", CLOUDFLARE_API_BASE_URL=cloudflare.url)
    assert resolve(other).access_key_id == "second"


def test_a_failure_is_not_remembered(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, (403, {}), verified("token-id"))
    cloudflare.answer(OF_ACCOUNT, REFUSED)
    with pytest.raises(CredentialsError):
        resolve(with_token(cloudflare))
    assert resolve(with_token(cloudflare)).access_key_id == "token-id"


def test_a_server_error_is_tried_again(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, (503, {}), (429, {}), verified("token-id"))
    assert resolve(with_token(cloudflare)).access_key_id == "token-id"
    assert len(cloudflare.seen) == 3


def test_a_busy_api_is_left_alone_as_long_as_it_asks(cloudflare: FakeCloudflare) -> None:
    cloudflare.retry_after = "1"
    cloudflare.answer(USER, (429, {}), verified("token-id"))
    before = time.monotonic()
    assert resolve(with_token(cloudflare)).access_key_id == "token-id"
    assert time.monotonic() - before >= 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:port", "http://[bad"])
def test_an_address_that_is_none_is_told_at_once(address: str) -> None:
    wrong = settings(CLOUDFLARE_API_KEY=TOKEN, CLOUDFLARE_API_BASE_URL=address)
    with pytest.raises(UnavailableError, match="no usable answer") as caught:
        resolve(wrong)
    assert TOKEN not in everything_said(caught.value)


# --- refusals and failures ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_token_says_what_cloudflare_said_and_what_to_do(
    cloudflare: FakeCloudflare, status: int
) -> None:
    cloudflare.answer(USER, (status, REFUSED[1]))
    cloudflare.answer(OF_ACCOUNT, (status, REFUSED[1]))
    with pytest.raises(CredentialsError) as caught:
        resolve(with_token(cloudflare))
    assert f"Invalid API Token (status {status})" in caught.value.detail
    assert "make one with the right Object Read" in (caught.value.hint or "")
    assert TOKEN not in everything_said(caught.value)


def test_without_an_account_the_refusal_says_that_it_may_be_needed(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, REFUSED)
    lonely = load(
        {
            "CLOUDFLARE_API_KEY": TOKEN,
            "CLOUDFLARE_API_BASE_URL": cloudflare.url,
            "R2_ENDPOINT": "https://s3.example.com",
        }
    )
    with pytest.raises(CredentialsError) as caught:
        resolve(lonely)
    assert "CLOUDFLARE_ACCOUNT_ID" in (caught.value.hint or "")
    assert cloudflare.paths() == [USER]


@pytest.mark.parametrize("state", ["expired", "disabled"])
def test_a_token_that_is_not_active_is_refused_by_its_state(cloudflare: FakeCloudflare, state: str) -> None:
    cloudflare.answer(USER, verified("token-id", state))
    with pytest.raises(CredentialsError, match=f"CLOUDFLARE_API_KEY is {state}"):
        resolve(with_token(cloudflare))


@pytest.mark.parametrize(
    "body", [b"<html>a captive portal</html>", b"[]", {"result": {"status": "active"}}, {"result": "?"}]
)
def test_an_answer_without_an_id_is_not_taken_for_one(cloudflare: FakeCloudflare, body: object) -> None:
    cloudflare.answer(USER, (200, body))
    with pytest.raises(UnavailableError, match="did not tell the id"):
        resolve(with_token(cloudflare))


def test_a_lasting_server_error_names_the_host_and_the_status(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, (503, {}))
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1 answers 503") as caught:
        resolve(with_token(cloudflare))
    assert TOKEN not in everything_said(caught.value)


def test_the_token_does_not_follow_a_redirect(cloudflare: FakeCloudflare) -> None:
    cloudflare.answer(USER, (302, {}))
    with pytest.raises(UnavailableError, match="302"):
        resolve(with_token(cloudflare))
    assert cloudflare.paths() == [USER]


def test_an_api_that_cannot_be_reached_is_named_and_the_token_is_not() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    unreachable = settings(CLOUDFLARE_API_KEY=TOKEN, CLOUDFLARE_API_BASE_URL=f"http://127.0.0.1:{port}")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1") as caught:
        resolve(unreachable)
    assert TOKEN not in everything_said(caught.value)


@pytest.mark.parametrize("token", ["two words of a tokén", "split\ntoken-value", "clé-de-token"])
def test_a_mangled_token_is_not_sent_and_not_shown(cloudflare: FakeCloudflare, token: str) -> None:
    with pytest.raises(SettingError) as caught:
        resolve(settings(CLOUDFLARE_API_KEY=token, CLOUDFLARE_API_BASE_URL=cloudflare.url))
    assert caught.value.field == "CLOUDFLARE_API_KEY"
    assert token not in everything_said(caught.value)
    assert cloudflare.seen == []


def test_a_token_that_cloudflare_quotes_back_is_masked(cloudflare: FakeCloudflare) -> None:
    echo = (401, {"errors": [{"message": f"token {TOKEN} is unknown"}]})
    cloudflare.answer(USER, echo)
    cloudflare.answer(OF_ACCOUNT, echo)
    with pytest.raises(CredentialsError, match=r"token \*\*\* is unknown"):
        resolve(with_token(cloudflare))


def test_the_repr_of_credentials_hides_the_secret() -> None:
    found = resolve(settings(R2_ACCESS_KEY_ID="id", R2_SECRET_ACCESS_KEY="do-not-show"))
    assert "do-not-show" not in f"{found!r} {found}"


# --- the endpoint ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jurisdiction", "endpoint"),
    [
        ("default", f"https://{ACCOUNT}.r2.cloudflarestorage.com"),
        ("eu", f"https://{ACCOUNT}.eu.r2.cloudflarestorage.com"),
        ("fedramp", f"https://{ACCOUNT}.fedramp.r2.cloudflarestorage.com"),
    ],
)
def test_the_endpoint_is_made_from_the_account_and_the_jurisdiction(jurisdiction: str, endpoint: str) -> None:
    assert endpoint_of(settings(R2_JURISDICTION=jurisdiction)) == endpoint


def test_a_given_endpoint_wins_over_the_account() -> None:
    assert endpoint_of(settings(R2_ENDPOINT="http://127.0.0.1:8333/")) == "http://127.0.0.1:8333"


def test_the_bucket_at_the_end_of_an_r2_endpoint_is_dropped() -> None:
    given = settings(
        R2_ENDPOINT=f"https://{ACCOUNT}.r2.cloudflarestorage.com/my-logs", R2_BUCKET_NAME="my-logs"
    )
    assert endpoint_of(given) == f"https://{ACCOUNT}.r2.cloudflarestorage.com"


def test_another_bucket_at_the_end_of_an_r2_endpoint_is_a_contradiction() -> None:
    given = settings(
        R2_ENDPOINT=f"https://{ACCOUNT}.r2.cloudflarestorage.com/other", R2_BUCKET_NAME="my-logs"
    )
    with pytest.raises(SettingError, match="/other, which is not the bucket"):
        endpoint_of(given)


def test_the_path_of_another_s3_server_stays() -> None:
    assert endpoint_of(settings(R2_ENDPOINT="https://s3.example.com/storage/v1/s3")).endswith(
        "/storage/v1/s3"
    )


@pytest.mark.parametrize(
    "endpoint",
    [
        "r2.example.com",
        "ftp://host",
        "https://",
        "https://user:hidden@host",
        "https://host?key=hidden",
        "https://host:0",
    ],
)
def test_an_unusable_endpoint_is_named_and_not_repeated(endpoint: str) -> None:
    with pytest.raises(SettingError) as caught:
        endpoint_of(settings(R2_ENDPOINT=endpoint))
    assert caught.value.field == "R2_ENDPOINT"
    assert "hidden" not in everything_said(caught.value)


def test_no_endpoint_and_no_account_names_both() -> None:
    with pytest.raises(SettingError) as caught:
        resolve(load({"R2_ACCESS_KEY_ID": "id", "R2_SECRET_ACCESS_KEY": "secret"}))
    assert "neither R2_ENDPOINT nor CLOUDFLARE_ACCOUNT_ID" in caught.value.detail


def test_an_account_id_that_would_change_the_address_is_refused() -> None:
    with pytest.raises(SettingError, match="CLOUDFLARE_ACCOUNT_ID"):
        endpoint_of(load({"CLOUDFLARE_ACCOUNT_ID": "evil.example.com/"}))


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        (f"https://{ACCOUNT}.r2.cloudflarestorage.com", "auto"),
        (f"https://{ACCOUNT}.eu.r2.cloudflarestorage.com", "auto"),
        ("https://s3.eu-central-1.amazonaws.com", "eu-central-1"),
        ("https://notr2.cloudflarestorage.com.example.com", "eu-central-1"),
    ],
)
def test_r2_is_always_in_region_auto(endpoint: str, region: str) -> None:
    found = resolve(
        settings(
            R2_ENDPOINT=endpoint,
            R2_REGION="eu-central-1",
            R2_ACCESS_KEY_ID="id",
            R2_SECRET_ACCESS_KEY="secret",
        )
    )
    assert found.region == region


def test_every_error_about_credentials_is_one_that_a_person_gets_to_see() -> None:
    assert issubclass(CredentialsError, WarehouseError)
    assert CredentialsError.exit_code == 1
    assert SettingError.exit_code == 2
