"""Program: a reader of the comments in the published file, until it is told to end.

``python -m benchmarks.comment_reading <database> <file>`` reads until the file is there, and prints
as JSON how many reads it made, how many failed, and how many saw comments that do not add up.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb

from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.reading import read_only

ENDS = """
    SELECT
        (SELECT count(*) FROM comments.comments) AS comments,
        (SELECT count(*) FROM comments.current_label)
        + (SELECT count(*) FROM quarantine.comments WHERE set_aside_by <> 'reading') AS ended,
        (SELECT sum(comments) FROM comments.category_daily) AS counted,
        (SELECT count(*) FROM comments.current_label) AS labelled"""
"""What ended is no more than there is, and is counted once."""

PAUSE_SECONDS = 0.1


def main() -> None:
    """Read, and print what was seen."""
    database, end = Path(sys.argv[1]), Path(sys.argv[2])
    seen: Counter[str] = Counter(reads=0, errors=0, inconsistent=0)
    while not end.exists():
        # As a page that many look at; at full speed eight of them leave no processor to the others.
        time.sleep(PAUSE_SECONDS)
        seen["reads"] += 1
        try:
            with read_only(database) as connection:
                comments, ended, counted, labelled = connection.execute(ENDS).fetchall()[0]
        except (WarehouseError, duckdb.Error) as error:
            seen["errors"] += 1
            print(error, file=sys.stderr)
            continue
        seen["inconsistent"] += ended > comments or (counted or 0) != labelled
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
