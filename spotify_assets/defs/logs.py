"""Where the tables that only grow come from.

Belongs here: which file each is read from. Does not belong here: how they are published.
"""

from contextlib import closing

import polars as pl

from spotify_assets.operations import Operations
from spotify_assets.schemas.monitoring import CheckResults, Requests, Runs
from spotify_assets.settings import Settings
from spotify_assets.spotify.clock import Clock
from spotify_assets.spotify.ledger import Ledger
from spotify_assets.warehouse.publish import Logs


def requests(after: int) -> pl.DataFrame:
    """The calls to the API after a number.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    path = Settings().ledger
    if not path.exists():
        return pl.DataFrame(schema=Requests.polars_schema())
    with closing(Ledger(path)) as ledger:
        rows = list(ledger.requests(after, Clock().now()))
    return pl.DataFrame(rows, schema=Requests.polars_schema(), orient="row")


def runs(after: int) -> pl.DataFrame:
    """The runs that ended, after a number.

    Raises:
        OperationsError: They cannot be read.
    """
    path = Settings().operations
    if not path.exists():
        return pl.DataFrame(schema=Runs.polars_schema())
    return Operations(path).runs_after(after)


def check_results(after: int) -> pl.DataFrame:
    """The results of checks after a number.

    Raises:
        OperationsError: They cannot be read.
    """
    path = Settings().operations
    if not path.exists():
        return pl.DataFrame(schema=CheckResults.polars_schema())
    return Operations(path).check_results_after(after)


LOGS: Logs = {Requests: requests, Runs: runs, CheckResults: check_results}
