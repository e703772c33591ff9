"""Program: the peer of ``rebuild``: the same rankings and star tables as most pipelines make them.

``python -m benchmarks.plain_pandas <lake> <database> <genres>`` reads the processed tables of the
first genres with pandas, makes `pandas_tables`, and stores all by `to_sql` in SQLite. Prints wall
and CPU seconds, the seconds of each phase and the track rows as JSON. No contract, no key and no
reference is checked.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]

from benchmarks.measuring import taking
from benchmarks.pandas_tables import READ, Tables, made
from benchmarks.phases import Stopwatch


def main() -> None:
    """Read, make, store, and print what it took."""
    lake, database, genres = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with taking() as cost:
        watch = Stopwatch()
        tables = read(lake, genres)
        watch.to("make")
        rows = made(tables)
        watch.to("write")
        store(rows, database)
        watch.to("done")
    print(json.dumps([cost.wall_s, cost.cpu_s, watch.seconds, len(tables["tracks"])]))


def read(lake: Path, genres: int) -> Tables:
    """The processed tables of the first genres in the alphabet, days as timestamps."""
    return {name: _read(lake / "processed" / name, genres) for name in READ}


def store(tables: Tables, database: Path) -> None:
    """Write the tables into a new SQLite file."""
    with closing(sqlite3.connect(database)) as connection:
        for name, rows in tables.items():
            rows.assign(**_lists_as_text(rows)).to_sql(name, connection, index=False)
        connection.commit()


def _read(folder: Path, genres: int) -> pd.DataFrame:
    # Genre and date stand in the files; from their folders they would come as categories.
    rows = pd.concat(
        [
            pd.read_parquet(genre, columns=READ[folder.name], partitioning=None)
            for genre in sorted(folder.iterdir())[:genres]
        ],
        ignore_index=True,
    )
    days = [name for name in ("date", "released_from") if name in rows]
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in days})


def _lists_as_text(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """SQLite has no lists."""
    lists = [name for name in ("artist_names",) if name in rows]
    return {name: rows[name].map(json.dumps) for name in lists}


if __name__ == "__main__":
    main()
