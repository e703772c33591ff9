"""Program: merge all months of a lake, as ``spotify-assets compact`` does once they are over.

``python -m benchmarks.merging <data folder>`` prints as JSON the files before and after, their
bytes, and the wall and CPU seconds.
"""

import datetime as dt
import json
import sys
from pathlib import Path

from benchmarks.measuring import taking
from spotify_assets.lake import Lake, upkeep
from spotify_assets.lake.tables import GRACE, genres


def main() -> None:
    """Merge."""
    lake = Lake(Path(sys.argv[1]).resolve() / "lake")
    with taking() as cost:
        merged = [
            one
            for genre in genres(lake)
            for month in upkeep.months_over(lake, genre, dt.date.max)
            for one in upkeep.compact(lake, genre, month)[0]
        ]
    # Plain DuckDB reads whatever lies there: the files of days go at once.
    upkeep.collect(lake, keep=dt.timedelta(0), now=dt.datetime.now(dt.UTC) + 2 * GRACE)
    files = [sum(one.days for one in merged), len(merged)]
    size = [sum(one.bytes_before for one in merged), sum(one.bytes_after for one in merged)]
    print(json.dumps([files, size, cost.wall_s, cost.cpu_s]))


if __name__ == "__main__":
    main()
