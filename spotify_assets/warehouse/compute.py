"""Run a query over partitions of the lake, without a database file."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import duckdb
import polars as pl

from spotify_assets.warehouse.reading import naming_damage
from spotify_assets.warehouse.tables import by_current_names, literal


def compute(
    sql: str,
    inputs: Mapping[str, Sequence[Path]],
    shared: Mapping[Path, Collection[dt.date]] = MappingProxyType({}),
) -> pl.DataFrame:
    """The rows of ``sql``, each table it names (``layer.table``) being Parquet files.

    Args:
        sql: A query.
        inputs: The files of each table.
        shared: Of files that hold other days too, the days that count.

    Raises:
        DamagedFile: One of the files is not as it was written.
    """
    with naming_damage(chain(*inputs.values())), duckdb.connect() as connection:
        for table, files in inputs.items():
            layer, _, name = table.partition(".")
            own = [file for file in files if file not in shared]
            parts = [(own, "")] if own else []
            parts += [([file], _of_days(shared[file])) for file in files if file in shared]
            rows = " UNION ALL BY NAME ".join(
                f"(FROM read_parquet([{', '.join(literal(str(file)) for file in together)}], "
                f"hive_partitioning = false) {which})"
                for together, which in parts
            )
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
            named = by_current_names(table, f"({rows})")
            connection.execute(f'CREATE VIEW "{layer}"."{name}" AS FROM {named}')
        return connection.sql(sql).pl()


def _of_days(dates: Collection[dt.date]) -> str:
    return f"WHERE date IN ({', '.join(literal(str(date)) for date in dates)})"
