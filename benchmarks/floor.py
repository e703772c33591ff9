"""Program: the floor of ``processed``: plain DuckDB, from the same files to the same columns.

``python -m benchmarks.floor <lake> <folder> <partitioned: 0 or 1>`` prints seconds and rows as
JSON.
"""

import json
import sys
from importlib import resources
from pathlib import Path

import duckdb

from benchmarks.measuring import taking

SQL = resources.files("benchmarks").joinpath("floor.sql").read_text()
TABLES = ("artists", "albums", "tracks", "track_artists", "search_results")
THREADS = 2
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""As the lake writes it."""
BY_GENRE_AND_DAY = ", PARTITION_BY (genre, date), WRITE_PARTITION_COLUMNS true"


def main() -> None:
    """Read, write, and print what it took."""
    lake, folder, is_partitioned = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "1"
    files = sorted(map(str, lake.glob("raw/catalog/*/*/*.jsonl.zst")))
    with duckdb.connect(config={"threads": THREADS}) as connection:
        # Not counted: DuckDB imports pandas when it sees the first parameter.
        connection.execute("SET VARIABLE files = ?", [files])
        with taking() as cost:
            connection.execute(SQL)
            for table in TABLES:
                target = folder / (table if is_partitioned else f"{table}.parquet")
                connection.execute(
                    f"COPY {table} TO '{target}' "
                    f"({PARQUET}{BY_GENRE_AND_DAY if is_partitioned else ''})"
                )
        tracks = connection.table("tracks").count("*").fetchall()[0][0]
    print(json.dumps({"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "tracks": tracks}))


if __name__ == "__main__":
    main()
