"""The databases that can be published to, alike for whoever asks.

Belongs here: what each of them can do, and which one a URL means. Does not belong here: how.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.layers import Layers


@dataclass(frozen=True)
class Sent:
    """What a publication did; nothing, where nothing differed."""

    migration: list[str] = field(default_factory=list)
    """The statements that changed tables, keys, comments or answers."""
    slices: int = 0
    """Slices that differed."""
    added: dict[str, int] = field(default_factory=dict)
    """Rows by table, as `layer.table`."""
    removed: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    """Tables that nothing is published to any more, as `schema.table`."""

    def __str__(self) -> str:
        """In a sentence."""
        if not self.migration and not self.slices:
            return "nothing to do, it has the newest state."
        rows = f"{sum(self.added.values())} rows added, {sum(self.removed.values())} removed"
        made = (
            f"; {len(self.migration)} statements for tables and answers" if self.migration else ""
        )
        said = f"{rows}, in {self.slices} slices{made}."
        return f"{said} {self._said_of_left}" if self.left else said

    @property
    def _said_of_left(self) -> str:
        return (
            f"Nothing is published any more to {', '.join(self.left)}: `publish-to --full-refresh` "
            "drops them."
        )


@dataclass(frozen=True)
class Difference:
    """Rows of a slice that are on one side only; a row that was edited is on both, otherwise."""

    table: str
    """In the target, as `schema.table`."""
    slice: str
    missing: int
    """Rows of the file that the target lacks."""
    extra: int
    """Rows of the target that the file lacks."""
    example: str
    """The key of one of them."""


class Target(Protocol):
    """A database of the user's own; each method raises `TargetError` where it refuses."""

    @property
    def name(self) -> str:
        """What it is called where something is said of it; no secret."""

    def publish(self, path: Path, *, full_refresh: bool = False) -> Sent:
        """Make it equal to the DuckDB file; its readers see the old state or the new one.

        Args:
            path: The DuckDB file.
            full_refresh: Compare every row with what is there; and make tables again that cannot
                be changed in place.
        """

    def verify(self, path: Path) -> list[Difference]:
        """What differs from the DuckDB file; empty where nothing does."""

    def statements(self) -> str:
        """A script of what is still to be run there before rows can be sent."""


def of(url: SecretStr, layers: Layers, time_zone: str) -> Target:
    """The database that a URL means.

    Raises:
        TargetError: It means none.
    """
    # Each imports what it needs to connect.
    from spotify_assets.warehouse.databases.mysql.target import MySQL  # noqa: PLC0415
    from spotify_assets.warehouse.databases.postgresql.target import (  # noqa: PLC0415
        PostgreSQL,
    )

    known: Mapping[str, Callable[[SecretStr, Layers, str], Target]] = {
        "postgresql": PostgreSQL,
        "postgres": PostgreSQL,
        "mysql": MySQL,
        "mariadb": MySQL,
        **_printed(),
    }
    scheme = _scheme(url)
    if scheme not in known:
        raise TargetError(
            f"SPOTIFY_PUBLISH_URL begins with none of {', '.join(f'{one}://' for one in known)}: "
            "docs/databases.md.",
            FailureKind.USAGE,
        )
    return known[scheme](url, layers, time_zone)


def is_connected_to(url: SecretStr) -> bool:
    """Whether rows are sent there; else there is a script for the service's own client."""
    return _scheme(url) not in _printed()


def _printed() -> Mapping[str, Callable[[SecretStr, Layers, str], Target]]:
    from spotify_assets.warehouse.databases import cloud  # noqa: PLC0415 - only who has a target

    return {one.scheme: one for one in (cloud.BigQuery, cloud.Snowflake, cloud.Redshift)}


def _scheme(url: SecretStr) -> str:
    return url.get_secret_value().partition(":")[0]
