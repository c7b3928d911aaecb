"""Where the S3 endpoint and key pair come from.

A user of R2 has one of three things: the S3 key pair of an R2 API token, the API token itself (its
key pair is derived: the Access Key ID is the token's id, the Secret is the SHA-256 of its value), or
AWS's variables. `resolve` takes the first that is set, in that order. The secret never shows in a
repr, a log or an error.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3

from warehouse.backoff import Passing, Patience, may_pass, seconds_of
from warehouse.cloudflare import account_of, cause, host_of, http_pool, reason_of, usable_token
from warehouse.errors import CredentialsError, SettingError, UnavailableError
from warehouse.settings import Settings

_R2_HOST = re.compile(r"(^|\.)r2\.cloudflarestorage\.com$")
_NEW_ONE = "make one with the right Object Read under R2 > Manage API Tokens; set CLOUDFLARE_API_KEY to it"

_ids: dict[tuple[str, str | None, str], str] = {}  # (API, account, secret) -> token id, for this process
_ids_lock = threading.Lock()


@dataclass(frozen=True)
class Credentials:
    """What an S3 client needs to sign its requests."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "auto"


def resolve(settings: Settings) -> Credentials:
    """The endpoint, key pair and region that `settings` stand for.

    With an API token this asks the Cloudflare API once per process for the token's id. Raises
    SettingError (something is missing or malformed), CredentialsError (the token is refused) or
    UnavailableError (the Cloudflare API does not answer).
    """
    endpoint = endpoint_of(settings)
    key_id, secret = _key_pair(settings)
    on_r2 = _R2_HOST.search(urlsplit(endpoint).hostname or "") is not None
    return Credentials(endpoint, key_id, secret, "auto" if on_r2 else settings.region)


def endpoint_of(settings: Settings) -> str:
    """The S3 endpoint, without a slash at its end: R2_ENDPOINT, else made from the account's id."""
    if settings.endpoint is not None:
        return _checked_endpoint(settings.endpoint, settings.bucket)
    if settings.account_id is None:
        raise SettingError(
            "neither R2_ENDPOINT nor CLOUDFLARE_ACCOUNT_ID is set",
            hint="set CLOUDFLARE_ACCOUNT_ID to your account's id, or R2_ENDPOINT to the S3 endpoint",
            field="R2_ENDPOINT",
        )
    account = account_of(settings.account_id)
    jurisdiction = "" if settings.jurisdiction == "default" else f".{settings.jurisdiction}"
    return f"https://{account}{jurisdiction}.r2.cloudflarestorage.com"


def _checked_endpoint(endpoint: str, bucket: str | None) -> str:
    """A usable endpoint, or a SettingError. The bucket's name at its end, as R2 shows it, is dropped."""
    wanted = "set it as https://HOST[:PORT], without user name, query or bucket"
    # The text is not repeated here: it may hold a password.
    unusable = SettingError("R2_ENDPOINT is not a usable address", hint=wanted, field="R2_ENDPOINT")
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise unusable from None
    if not usable or "@" in parts.netloc or parts.query or parts.fragment:
        raise unusable
    path = parts.path.rstrip("/")
    if _R2_HOST.search(parts.hostname or "") and path:
        if path != f"/{bucket}":
            raise SettingError(
                f"R2_ENDPOINT ends with {path}, which is not the bucket of R2_BUCKET_NAME",
                hint=wanted,
                field="R2_ENDPOINT",
            )
        path = ""
    return f"{parts.scheme}://{parts.netloc}{path}"


def _key_pair(settings: Settings) -> tuple[str, str]:
    """Access key id and secret: R2's pair, else derived from the API token, else AWS's pair."""
    pair = _pair("R2_", settings.access_key_id, settings.secret_access_key)
    if pair is None and settings.api_token is not None:
        pair = _pair_of_token(settings, settings.api_token)
    pair = pair or _pair("AWS_", settings.aws_access_key_id, settings.aws_secret_access_key)
    if pair is None:
        raise SettingError(
            "no credentials: neither CLOUDFLARE_API_KEY nor R2_ACCESS_KEY_ID is set",
            hint="set CLOUDFLARE_API_KEY, or R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY",
            field="CLOUDFLARE_API_KEY",
        )
    return pair


def _pair(prefix: str, key_id: str | None, secret: str | None) -> tuple[str, str] | None:
    if key_id and secret:
        return key_id, secret
    if not key_id and not secret:
        return None
    missing, given = "SECRET_ACCESS_KEY", "ACCESS_KEY_ID"
    if secret:
        missing, given = given, missing
    raise SettingError(
        f"{prefix}{missing} is not set, but {prefix}{given} is",
        hint="a key pair needs both; set the missing one or unset the other",
        field=f"{prefix}{missing}",
    )


def _pair_of_token(settings: Settings, token: str) -> tuple[str, str]:
    usable_token(token, "CLOUDFLARE_API_KEY")
    secret = hashlib.sha256(token.encode()).hexdigest()
    known = (settings.cloudflare_api, settings.account_id, secret)
    with _ids_lock:
        if known not in _ids:
            _ids[known] = _token_id(settings, token)
        return _ids[known], secret


def _token_id(settings: Settings, token: str) -> str:
    """The id of the token, from the endpoint for users' tokens, else from that for accounts' tokens."""
    status, body = _verify(settings.cloudflare_api, "/user/tokens/verify", token)
    if status != 200 and settings.account_id is not None:
        account_path = f"/accounts/{account_of(settings.account_id)}/tokens/verify"
        status, body = _verify(settings.cloudflare_api, account_path, token)
    result = body.get("result")
    result = result if isinstance(result, dict) else {}
    state, token_id = result.get("status"), result.get("id")
    if status == 200 and state == "active" and isinstance(token_id, str) and token_id:
        return token_id
    if isinstance(state, str) and state != "active":
        raise CredentialsError(
            f"the API token of CLOUDFLARE_API_KEY is {state}", hint=_NEW_ONE, field="CLOUDFLARE_API_KEY"
        )
    if status == 200:
        raise UnavailableError(
            f"{host_of(settings.cloudflare_api)} did not tell the id of the API token",
            hint="check CLOUDFLARE_API_BASE_URL",
            field="CLOUDFLARE_API_BASE_URL",
        )
    hint = _NEW_ONE
    if settings.account_id is None:
        hint = "if it belongs to an account, set CLOUDFLARE_ACCOUNT_ID too; otherwise " + hint
    raise CredentialsError(
        f"{host_of(settings.cloudflare_api)} refuses the API token of CLOUDFLARE_API_KEY: "
        f"{reason_of(body, status, token)}",
        hint=hint,
        field="CLOUDFLARE_API_KEY",
    )


def _verify(api: str, path: str, token: str) -> tuple[int, dict[str, Any]]:
    """Ask about the token: the HTTP status and the JSON of the answer (empty when it is not JSON)."""
    url = api.rstrip("/") + path

    def no_answer(error: Exception) -> UnavailableError:
        return UnavailableError(
            f"no usable answer from {host_of(api)} ({cause(error)})",
            hint="check the network, or set R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY instead of the token",
            field="CLOUDFLARE_API_BASE_URL",
        )

    def attempt() -> urllib3.BaseHTTPResponse:
        try:
            reply = http.request(
                "GET",
                url,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                timeout=urllib3.Timeout(connect=5, read=10),
                retries=False,
                redirect=False,  # a token is sent to no other host
            )
        except urllib3.exceptions.HTTPError as error:
            raise Passing(no_answer(error)) from error
        if reply.status == 200 or reply.status in {400, 401, 403, 404}:
            return reply
        failure = UnavailableError(
            f"{host_of(api)} answers {reply.status}", hint="try again later", field="CLOUDFLARE_API_BASE_URL"
        )
        if may_pass(reply.status):
            raise Passing(failure, retry_after=seconds_of(reply.headers.get("Retry-After")))
        raise failure

    try:
        with http_pool(url) as http:
            reply = Patience().run(attempt)
    except ValueError as error:  # the address is none
        raise no_answer(error) from error
    try:
        body = msgspec.json.decode(reply.data)
    except msgspec.DecodeError:
        body = {}
    return reply.status, body if isinstance(body, dict) else {}
