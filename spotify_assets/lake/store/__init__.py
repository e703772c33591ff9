"""Where the objects of a lake lie: a folder, or any object store, behind a few calls.

Belongs here: creating, reading, listing and deleting objects, and what goes wrong with that. Does
not belong here: what the objects say (``log``).
"""

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from spotify_assets.lake.store.folder import Folder
from spotify_assets.lake.store.protocol import AlreadyThere, Object, Store, StoreFailed, at_once
from spotify_assets.lake.store.remote import Remote, said
from spotify_assets.storage.errors import FailureKind

__all__ = ["AlreadyThere", "Folder", "Object", "Remote", "Store", "StoreFailed", "at_once"]
RETRIES = {
    "max_retries": 4,
    "retry_timeout": dt.timedelta(seconds=30),
    "backoff": {
        "init_backoff": dt.timedelta(milliseconds=100),
        "max_backoff": dt.timedelta(seconds=5),
        "base": 2,
    },
}
"""Of obstore, of each attempt: of 5xx, 429 and broken connections, with growing pauses."""


def open_store(place: str | Path) -> Store:
    """The store at a folder or URL: ``s3://bucket/prefix``, ``gs://…``, ``az://…``, ``memory:///``.

    Region, endpoint and credentials are what the cloud's own environment variables say, or those of
    the machine's role.

    Raises:
        StoreFailed: The URL is of no known kind, or lacks something.
    """
    if isinstance(place, Path) or urlsplit(place).scheme in ("", "file"):
        return Folder(Path(urlsplit(str(place)).path))
    from obstore.exceptions import BaseError  # noqa: PLC0415 - only where a store is used
    from obstore.store import from_url  # noqa: PLC0415

    # A response of a few MB is sent in less; an endpoint of one's own may speak HTTP.
    options: dict[str, Any] = {
        "client_options": {"allow_http": True, "timeout": "60s", "connect_timeout": "5s"},
        "retry_config": RETRIES,
    }
    try:
        return Remote(
            from_url(place) if place.startswith("memory:") else from_url(place, **options), place
        )
    except (BaseError, ValueError) as error:
        raise StoreFailed(
            f"{place} cannot be used: {said(error)}. Write s3://bucket/prefix, gs://bucket/prefix "
            "or az://container/prefix, and set what the cloud's own tools take.",
            FailureKind.PERMANENT,
        ) from error
