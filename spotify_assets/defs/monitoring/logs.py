"""Where the tables that only grow come from.

Belongs here: which file each is read from. Does not belong here: how they are published.
"""

import datetime as dt
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path

import polars as pl

from spotify_assets.lake.revisions import revisions as noted
from spotify_assets.operations.runs import Operations
from spotify_assets.schemas.monitoring import CheckResults, Requests, Revisions, Runs
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.sqlite import is_only_for_reading
from spotify_assets.warehouse.publication.changes import Logs


def requests(settings: Settings, after: int) -> pl.DataFrame:
    """The calls to the API after a number.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    with closing(Ledger(settings.ledger)) as ledger:
        rows = list(ledger.requests(after, ledger.clock.now()))
    return pl.DataFrame(rows, schema=Requests.polars_schema(), orient="row")


def runs(settings: Settings, after: int) -> pl.DataFrame:
    """The runs that ended, after a number, and those that somebody was told of since.

    Raises:
        OperationsError: They cannot be read.
    """
    operations = Operations(settings.operations)
    place = settings.operations
    if not (isinstance(place, Path) and is_only_for_reading(place)):
        operations.note_alerts()
    return operations.runs_after(after)


def check_results(settings: Settings, after: int) -> pl.DataFrame:
    """The results of checks after a number.

    Raises:
        OperationsError: They cannot be read.
    """
    return Operations(settings.operations).check_results_after(after)


def revisions(settings: Settings, after: int) -> pl.DataFrame:
    """The revisions of partitions after a number.

    Raises:
        DamagedFile: They cannot be read.
    """
    rows = [
        {
            "revision_number": number,
            **asdict(one),
            "revised_at": dt.datetime.fromisoformat(one.revised_at).replace(tzinfo=None),
            "date": dt.date.fromisoformat(one.date),
        }
        for number, one in noted(settings.lake, after)
    ]
    return pl.DataFrame(rows, schema=Revisions.polars_schema(), orient="row")


def logs(settings: Settings) -> Logs:
    """How each table that only grows is read."""
    read = {Requests: requests, Runs: runs, CheckResults: check_results, Revisions: revisions}
    return {contract: partial(one, settings) for contract, one in read.items()}
