"""Resources: what assets need from outside.

Belongs here: thin handles on the lake, the API and the warehouse. Does not belong here: logic.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster_duckdb import DuckDBResource
from duckdb import DuckDBPyConnection

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger, Purpose
from spotify_assets.warehouse.reading import read_only

if TYPE_CHECKING:
    from spotify_assets.sources.spotify_api.client import Client


class LakeResource(dg.ConfigurableResource[Lake]):
    """The lake: every raw response, and all tables as Parquet files."""

    root: str
    url: str = ""

    @property
    def lake(self) -> Lake:
        """The lake at ``root``, or on the store at ``url``."""
        return Lake(Path(self.root), self.url)


@dataclass(frozen=True)
class ApiResource:
    """The Spotify Web API, or the sandbox: which one, the settings say."""

    # No part of a run's configuration, which Dagster stores: the settings hold credentials.
    settings: Settings

    @contextmanager
    def client(self, genre_day: GenreDay, run_id: str) -> "Iterator[Client]":
        """A client that asks for a genre-day, within the limits of the app.

        Raises:
            NoCredentials: Neither credentials nor a sandbox are set.
            LedgerError: The request ledger cannot be used.
        """
        from spotify_assets.sources.spotify_api.client import Client  # noqa: PLC0415 - slow

        settings = self.settings
        with closing(Ledger(settings.ledger)) as ledger:
            yield Client(
                settings.connection,
                ledger,
                limits=settings.limits,
                day=genre_day.date,
                purpose=Purpose(run_id, genre_day.genre, genre_day.date),
            )

    @contextmanager
    def user_client(self, day: dt.date, run_id: str) -> "Iterator[Client]":
        """A client with the tokens of the user who signed in.

        Raises:
            NoClientId: Neither a client id nor a sandbox is set.
            TokenStoreError: The tokens cannot be read.
            LedgerError: The request ledger cannot be used.
        """
        from spotify_assets.sources.spotify_api.client import Client  # noqa: PLC0415 - slow

        settings = self.settings
        tokens = settings.user_tokens
        with closing(Ledger(settings.ledger)) as ledger:
            yield Client(
                tokens.connection,
                ledger,
                limits=settings.limits,
                purpose=Purpose(run_id, None, day),
                tokens=tokens,
            )


class WarehouseResource(DuckDBResource):
    """The published DuckDB file, read-only."""

    # dagster-duckdb's own `get_connection` opens for writing, retries for 102 s on a lock and does
    # not close where the body raises. This one reads, never waits and always closes.

    @contextmanager
    def get_connection(self) -> Iterator[DuckDBPyConnection]:
        """A connection to the state that is published now."""
        with read_only(Path(self.database)) as connection:
            yield connection


@dg.resource(
    required_resource_keys={"settings"},
    description="The lake: every raw response, and all tables as Parquet files.",
)
def lake(context: dg.InitResourceContext) -> LakeResource:
    """The lake that the settings name."""
    held = context.resources.settings.lake
    return LakeResource(root=str(held.root), url=held.url)


@dg.resource(
    required_resource_keys={"settings"},
    description="The Spotify Web API, or the sandbox: which one, the settings say.",
)
def api(context: dg.InitResourceContext) -> ApiResource:
    """The API that the settings name."""
    return ApiResource(context.resources.settings)


@dg.resource(
    required_resource_keys={"settings"}, description="The published DuckDB file, read-only."
)
def warehouse(context: dg.InitResourceContext) -> WarehouseResource:
    """The DuckDB file that the settings name."""
    return WarehouseResource(database=str(context.resources.settings.database))


def resources(read: Callable[[], Settings]) -> dict[str, dg.ResourceDefinition]:
    """All resources; whoever replaces ``settings`` moves all that the others name.

    Args:
        read: Makes the settings, for each run and each tick.
    """
    settings = dg.ResourceDefinition(
        lambda _: read(), description="The settings, as each run and each tick reads them."
    )
    return {"settings": settings, "lake": lake, "api": api, "warehouse": warehouse}
