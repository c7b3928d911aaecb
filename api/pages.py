"""The dashboard's page and the static files. No file is built; what lies in the folder is what is served."""

from __future__ import annotations

import errno
from typing import Any

from litestar import MediaType, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.file_system import BaseLocalFileSystem
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.types import PathType
from litestar.types.file_types import FileInfo

from api.paths import DASHBOARD, PAGES_DIR, STATIC, STATIC_DIR

_YEAR = 365 * 24 * 3600


class _Files(BaseLocalFileSystem):
    """The local files. A name that no file can have is a file that is not there."""

    async def info(self, path: PathType, **kwargs: Any) -> FileInfo:
        """What the file system knows of `path`. Raises FileNotFoundError."""
        try:
            return await super().info(path, **kwargs)
        except ValueError as error:  # a zero byte, or half a character
            raise FileNotFoundError(path) from error
        except OSError as error:
            if error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR):
                raise FileNotFoundError(path) from error
            raise


#: Each page of the dashboard is the same document, which looks at its address.
PAGES = ("logs", "packages", "storage", "alerts", "reports", "boards", "system")


@get([DASHBOARD, *(f"{DASHBOARD}/{page}" for page in PAGES)], include_in_schema=False, sync_to_thread=False)
def dashboard() -> Response[bytes]:
    """The dashboard."""
    page = (PAGES_DIR / "index.html").read_bytes()
    return Response(page, media_type=MediaType.HTML, headers={"cache-control": "no-cache"})


@get("/", include_in_schema=False, sync_to_thread=False)
def root() -> Redirect:
    """The dashboard is what a person looks for."""
    return Redirect(DASHBOARD)


def handlers() -> list[Any]:
    """Everything that is served beside the API."""
    return [
        root,
        dashboard,
        # The folders of third-party files carry a version in their names: they never change.
        create_static_files_router(
            f"{STATIC}/vendor",
            [STATIC_DIR / "vendor"],
            file_system=_Files(),
            name="vendor",
            include_in_schema=False,
            cache_control=CacheControlHeader(max_age=_YEAR, public=True),
        ),
        create_static_files_router(
            STATIC,
            [STATIC_DIR],
            file_system=_Files(),
            name="static",
            include_in_schema=False,
            cache_control=CacheControlHeader(no_cache=True),
        ),
    ]
