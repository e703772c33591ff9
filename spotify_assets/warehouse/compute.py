"""Run a query over partitions of the lake, without a database file."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.warehouse.reading import naming_damage
from spotify_assets.warehouse.tables import literal


def compute(sql: str, inputs: Mapping[str, Sequence[Path]]) -> pl.DataFrame:
    """The rows of ``sql``, each table it names (``layer.table``) being Parquet files.

    Raises:
        DamagedFile: One of the files is not as it was written.
    """
    with naming_damage(chain(*inputs.values())), duckdb.connect() as connection:
        for table, files in inputs.items():
            layer, _, name = table.partition(".")
            paths = ", ".join(literal(str(file)) for file in files)
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
            connection.execute(
                f'CREATE VIEW "{layer}"."{name}" AS '
                f"FROM read_parquet([{paths}], hive_partitioning = false)"
            )
        return connection.sql(sql).pl()
