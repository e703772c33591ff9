"""Program: a reader of the published file, at full speed until it is told to end.

``python -m benchmarks.reading <database> <file> [held]`` reads until the file is there, and prints
as JSON how many reads it made, in how many states, and what went wrong. Each read opens the
database, asks what must agree across tables, and closes it; ``held``, it is opened once, and must
answer the same each time.
"""

import json
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import duckdb

from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.reading import read_only

AGREEING = """
    SELECT
        (SELECT sum(kept) FROM processed.reconciliation WHERE table_name = 'tracks') AS kept,
        [
            (SELECT count(*) FROM processed.tracks),
            (SELECT count(*) FROM star.fact_track_daily),
            (SELECT count(*) FROM rankings.top_tracks),
            (SELECT count(*) FROM star.fact_track_daily f JOIN star.dim_track d
                ON f.track_id = d.track_id AND f.date >= d.valid_from
                AND (d.valid_to IS NULL OR f.date < d.valid_to))
        ] AS the_same,
        (SELECT count(*) FROM processed.extracts) AS collected,
        [(SELECT sum(days_collected) FROM star.dim_genre)] AS as_many"""
"""Kept tracks, and what must be as many; genre-days, and what must be as many."""


def main() -> None:
    """Read, and print what was seen."""
    database, end, is_held = Path(sys.argv[1]), Path(sys.argv[2]), len(sys.argv) > 3
    seen: Counter[str] = Counter()
    states = set()
    with ExitStack() as stack:
        held = stack.enter_context(read_only(database)) if is_held else None
        while not end.exists():
            seen["reads"] += 1
            try:
                kept, same, collected, as_many = _ask(database, held)
            except (WarehouseError, duckdb.Error) as error:
                seen["errors"] += 1
                print(error, file=sys.stderr)
                continue
            states.add((kept, collected))
            seen["inconsistent"] += {kept} != set(same) or {collected} != set(as_many)
    print(json.dumps({"reads": 0, "errors": 0, "inconsistent": 0, **seen, "states": len(states)}))


def _ask(
    database: Path, held: duckdb.DuckDBPyConnection | None
) -> tuple[int, list[int], int, list[int]]:
    with ExitStack() as stack:
        connection = held or stack.enter_context(read_only(database))
        return connection.execute(AGREEING).fetchall()[0]


if __name__ == "__main__":
    main()
