"""Program: the floor of ``rebuild``: plain DuckDB, from the same files to the same tables.

``python -m benchmarks.plain_duckdb <lake> <database>`` prints wall and CPU seconds and the seconds
of each phase as JSON. It loads the tables of the lake and runs the same queries, and does nothing
else: no contract, no key and no reference is checked, nothing is swapped.
"""

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.measuring import taking
from benchmarks.phases import Stopwatch
from spotify_assets.schemas import LAKE
from spotify_assets.transforms.expressions import OF_ALL_DAYS, sql
from spotify_assets.warehouse.tables import quoted

SETTINGS = {"enable_external_file_cache": "false", "disabled_optimizers": "'join_order'"}
"""Those of ours: without them ten million rows took 11.7 GB, and six minutes were not enough."""


def main() -> None:
    """Load, derive, and print what it took."""
    lake, database = Path(sys.argv[1]), sys.argv[2]
    queries = {contract: sql(contract) for contract in OF_ALL_DAYS}
    with taking() as cost, duckdb.connect(database) as connection:
        watch = Stopwatch()
        for name, value in SETTINGS.items():
            connection.execute(f"SET {name} = {value}")
        for name, contract in LAKE.items():
            layer, _, table = name.partition(".")
            files = lake / layer / table / "*" / "*" / "*.parquet"
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {layer}")
            connection.execute(
                f"CREATE TABLE {quoted(contract)} AS "
                f"FROM read_parquet('{files}', hive_partitioning = false)"
            )
        watch.to("make")
        connection.execute("CREATE SCHEMA made")
        for contract, query in queries.items():
            # Those of genre-days, which those of all days are made of, have their names.
            is_of_lake = contract.table() in LAKE
            table = f'made."{contract.table()}"' if is_of_lake else quoted(contract)
            connection.execute(f"CREATE TABLE {table} AS {query}")
        watch.to("write")
        connection.execute("CHECKPOINT")
        watch.to("done")
    print(json.dumps([cost.wall_s, cost.cpu_s, watch.seconds]))


if __name__ == "__main__":
    main()
