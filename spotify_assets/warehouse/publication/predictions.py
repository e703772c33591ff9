"""The predictions in the DuckDB file: made again whenever what they come from changed.

Belongs here: reading models and predictions from the lake, handing them and the facts to what
estimates, and storing its tables. Does not belong here: how anything is estimated (`learning`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, Lake
from spotify_assets.lake.history import STREAM_MODELS, STREAM_PREDICTIONS
from spotify_assets.lake.predictions import (
    MODEL_FILE,
    StoredModel,
    model_files,
    prediction_files,
    read_model,
    read_predictions,
)
from spotify_assets.schemas import PREDICTIONS, Contract
from spotify_assets.schemas.predictions import PredictionSources, StreamsDaily
from spotify_assets.warehouse.publication.damage import damaged_files
from spotify_assets.warehouse.publication.integrity import hold
from spotify_assets.warehouse.publication.releases import replace

Tables = Mapping[type[Contract], pl.DataFrame]


@dataclass(frozen=True)
class Predictions:
    """How the tables of predictions are made."""

    derive: Callable[[Tables, Sequence[StoredModel], pl.DataFrame], Tables]
    facts: Mapping[type[Contract], tuple[str, ...]]
    """The tables that it is given, and of each the columns."""
    version: str
    """Another one makes the file again."""


def there(lake: Lake) -> pl.DataFrame:
    """The files of models and predictions in the lake, as `PredictionSources`."""
    return pl.DataFrame(
        [
            (lake.relative(file), stat.st_size, stat.st_mtime_ns)
            for file in sorted([*model_files(lake), *prediction_files(lake)])
            for stat in [file.stat()]
        ],
        schema=PredictionSources.polars_schema(),
        orient="row",
    )


def load(
    connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame, how: Predictions
) -> None:
    """Make all tables of predictions again.

    Args:
        connection: To the copy that will be published, in a transaction.
        lake: Holds the files.
        files: Of `there`.
        how: What is made of the facts and the files.

    Raises:
        WarehouseError: A table breaks its contract.
        DamagedFile: A file is not as it was written.
    """
    paths = [lake.root / file for file in files["file"]]
    models = [read_model(lake, path) for path in paths if path.name == MODEL_FILE]
    predicted = pl.DataFrame(schema=StreamsDaily.polars_schema())
    rows = [read_predictions(path) for path in paths if path.name != MODEL_FILE]
    predicted = pl.concat([predicted, *rows])
    facts = {
        contract: connection.table(contract.table()).select(*columns).pl()
        for contract, columns in how.facts.items()
    }
    made = how.derive(facts, models, predicted)
    for contract in PREDICTIONS:
        replace(connection, contract, made[contract])
    hold(connection, PREDICTIONS)
    replace(connection, PredictionSources, files)


def is_damaged(lake: Lake, file: str) -> bool:
    """Whether a file of `there` cannot be read."""
    path = lake.root / file
    try:
        if path.name == MODEL_FILE:
            read_model(lake, path)
        else:
            read_predictions(path)
    except DamagedFile:
        return True
    return False


def as_damaged(lake: Lake, error: DamagedFile) -> pl.DataFrame:
    """A file of `there` that could not be read, as `DamagedFiles`."""
    stat = error.path.stat()
    is_model = error.path.name == MODEL_FILE
    return damaged_files(
        [
            {
                "file": lake.relative(error.path),
                "table_name": STREAM_MODELS if is_model else STREAM_PREDICTIONS,
                "bytes": stat.st_size,
                "genre": None,
                "date": None,
                "reason": str(error),
            }
        ]
    )
