"""/settings and /verify: how the server is set, and whether everything is there and true."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, get, post
from litestar.datastructures import State
from litestar.params import RawBody
from msgspec import Meta, Struct

from api.bodies import decoded
from api.common import ADMIN, BAD_PARAMETER, SERVER_ERROR
from api.guards import require_admin
from api.models import Answer
from api.openapi import operation_with_body
from warehouse import settings_shown
from warehouse.housekeeping import verify


def _about(text: str) -> Meta:
    return Meta(description=text)


class Setting(Answer):
    """A setting; a secret's value is ***."""

    name: Annotated[str, _about("Its name in the settings file.")]
    env: Annotated[list[str], _about("Its environment variables; the first that is set wins.")]
    value: Annotated[str | None, _about("The value in force; null where none is set.")]
    default: Annotated[str | None, _about("Its default.")]
    about: Annotated[str, _about("What it does.")]
    secret: Annotated[bool, _about("Is the value kept back?")]


class SettingsShown(Answer):
    """Every setting."""

    settings: Annotated[list[Setting], _about("In the order of docs/settings.md.")]
    count: Annotated[int, _about("Length of `settings`.")]


class VerifyBody(Struct, rename="camel", forbid_unknown_fields=True):
    """How much is looked at."""

    quick: Annotated[bool, _about("Leave out checksums, rollups and the bucket.")] = True


class FindingShown(Answer):
    """Something that is not as it should be."""

    check: Annotated[str, _about("Which check found it: files, or one of sql/audits.")]
    where: Annotated[str, _about("File, object, date or table.")]
    what: Annotated[str, _about("What it is.")]
    advice: Annotated[str, _about("What to do.")]


class Verified(Answer):
    """What was looked at, and what was found."""

    files: Annotated[int, _about("Files that were looked at.")]
    unchecked: Annotated[int, _about("Files without a checksum: an older version wrote them.")]
    dates: Annotated[int, _about("Dates that have log rows.")]
    objects: Annotated[int, _about("Objects whose rows were compared with the ledger.")]
    findings: Annotated[list[FindingShown], _about("Empty when all is well.")]


class SystemController(Controller):
    """The server itself."""

    tags = ("System",)

    @get("/settings", sync_to_thread=True, summary="Every setting, without secrets", responses=SERVER_ERROR)
    def settings(self, state: State) -> SettingsShown:
        """As `warehouse settings` of this server's environment would show them."""
        rows = [Setting(**row) for row in settings_shown.shown(state.settings)]
        return SettingsShown(settings=rows, count=len(rows))

    @post(
        "/verify",
        sync_to_thread=True,
        guards=[require_admin],
        status_code=200,
        operation_class=operation_with_body(VerifyBody, required=False),
        summary="Is everything there, and true?",
        responses=BAD_PARAMETER | ADMIN | SERVER_ERROR,
    )
    def verify(self, state: State, body: RawBody) -> Verified:
        """Files, the audits of sql/audits, and with `quick: false` checksums, rollups and the bucket.

        409 while a sync runs; a sync waits until this is done.
        """
        found: Any = verify.run(state.settings, quick=decoded(body, VerifyBody).quick)
        return msgspec.convert(msgspec.to_builtins(found), Verified)
