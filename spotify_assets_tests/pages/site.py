"""The server with its pages, as the tests ask it."""

from dataclasses import dataclass
from pathlib import Path

from spotify_assets.lake import Lake
from spotify_assets.pages.accounts import Accounts

PASSWORD = "correct horse battery"  # noqa: S105 # pragma: allowlist secret


@dataclass(frozen=True)
class Site:
    """A server that answers at ``url``; ``ana`` is a curator."""

    url: str
    accounts: Accounts
    lake: Lake
    database: Path
