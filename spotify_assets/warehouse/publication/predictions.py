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
from spotify_assets.warehouse.publication.domain import Domain, listed
from spotify_assets.warehouse.publication.integrity import hold
from spotify_assets.warehouse.publication.releases import Releases
from spotify_assets.warehouse.publication.rows import replace

Tables = Mapping[type[Contract], pl.DataFrame]


@dataclass(frozen=True)
class Predictions(Domain):
    """How the tables of predictions are made."""

    sources = PredictionSources
    lake_tables = frozenset({STREAM_MODELS, STREAM_PREDICTIONS})
    follows = (Releases,)
    needs_every_file = False

    derive: Callable[[Tables, Sequence[StoredModel], pl.DataFrame], Tables]
    facts: Mapping[type[Contract], tuple[str, ...]]
    """The tables that it is given, and of each the columns."""

    @staticmethod
    def there(lake: Lake) -> pl.DataFrame:
        """As `Domain.there`: models and predictions."""
        return listed(lake, [*model_files(lake), *prediction_files(lake)], PredictionSources)

    def load(self, connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame) -> None:
        """As `Domain.load`."""
        paths = [lake.root / file for file in files["file"]]
        models = [read_model(lake, path) for path in paths if path.name == MODEL_FILE]
        predicted = pl.DataFrame(schema=StreamsDaily.polars_schema())
        rows = [read_predictions(path) for path in paths if path.name != MODEL_FILE]
        predicted = pl.concat([predicted, *rows])
        facts = {
            contract: connection.table(contract.table()).select(*columns).pl()
            for contract, columns in self.facts.items()
        }
        made = self.derive(facts, models, predicted)
        for contract in PREDICTIONS:
            replace(connection, contract, made[contract])
        hold(connection, PREDICTIONS)
        replace(connection, PredictionSources, files)

    @staticmethod
    def is_damaged(lake: Lake, file: str) -> bool:
        """As `Domain.is_damaged`."""
        path = lake.root / file
        try:
            if path.name == MODEL_FILE:
                read_model(lake, path)
            else:
                read_predictions(path)
        except DamagedFile:
            return True
        return False

    @classmethod
    def lake_table(cls, file: str, files: pl.DataFrame) -> str:  # noqa: ARG003 - its name says it
        """As `Domain.lake_table`."""
        return STREAM_MODELS if file.endswith(f"/{MODEL_FILE}") else STREAM_PREDICTIONS
