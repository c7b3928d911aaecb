"""The bucket: what it holds, its packages, and the sync."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, get, post

from api import params
from api.common import ADMIN, BAD_PARAMETER, SERVER_ERROR, TheWarehouse
from api.guards import require_admin
from api.models import BucketSync, Inventory, PackagePage, Stats, SyncAnswer, shaped
from api.openapi import AdminOperation
from api.store import bucket_settings


class StorageController(Controller):
    """Storage and sync."""

    tags = ("Storage and sync",)

    @get("/stats", sync_to_thread=True, summary="What the bucket holds", responses=SERVER_ERROR)
    def stats(self, warehouse: TheWarehouse) -> Stats:
        """Figures of the mirrored prefixes."""
        return shaped(Stats, warehouse.stats())

    @get("/inventory", sync_to_thread=True, summary="The buckets' objects and growth", responses=SERVER_ERROR)
    def inventory(self, warehouse: TheWarehouse) -> Inventory:
        """Objects and bytes by bucket, prefix, storage class and size, and what came by hour and day."""
        return shaped(Inventory, warehouse.inventory())

    @post(
        "/sync",
        status_code=200,
        sync_to_thread=True,
        guards=[require_admin],
        operation_class=AdminOperation,
        summary="Mirror the bucket now",
        responses=ADMIN | SERVER_ERROR,
    )
    def sync(self, request: Request[Any, Any, Any], warehouse: TheWarehouse) -> SyncAnswer:
        """Answers when the sync has ended. A body is not needed. Needs the admin token when one is set."""
        from warehouse import sync  # with boto3 behind it: not at the start of the server
        from warehouse.alerts.watch import check

        with bucket_settings(request.app.state.settings) as settings:
            done = sync.run(settings)
        check(warehouse.alert_book)
        return SyncAnswer(
            synced=not done.failed,
            sync_url=done.sync_url,
            entries_count=done.entries,
            compressed_size=done.compressed_bytes,
            run_id=done.run_id,
            objects=done.objects,
            rejected_lines=done.rejected_lines,
            duration_ms=done.duration_ms,
            buckets=[
                BucketSync(
                    bucket=each.bucket,
                    run_id=each.run_id,
                    objects=each.objects,
                    entries_count=each.entries,
                    error=each.error,
                )
                for each in done.buckets
            ],
        )

    @get(
        "/packages",
        sync_to_thread=True,
        summary="The package inventory, page by page",
        responses=BAD_PARAMETER | SERVER_ERROR,
    )
    def packages(
        self,
        warehouse: TheWarehouse,
        config_hash: params.ConfigHash = None,
        package_name: params.PackageName = None,
        limit: params.PackageLimit = 100,
        continuation_token: params.ContinuationToken = None,
    ) -> PackagePage:
        """What lies under the packages prefix, by key."""
        answer = warehouse.packages(
            config_hash=params.given(config_hash),
            package_name=params.given(package_name),
            limit=limit,
            continuation_token=params.given(continuation_token),
        )
        return shaped(PackagePage, answer)
