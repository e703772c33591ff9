"""Program: raw → processed, as the asset ``process`` does it, over all genre-days of a lake.

``python -m benchmarks.from_raw <lake>`` prints seconds and rows as JSON. What is measured begins
with the seal of the first raw file and ends with the last Parquet file; it leaves out imports and
Dagster's events.
"""

import json
import sys
from pathlib import Path

from benchmarks.measuring import taking
from spotify_assets.defs.catalog import processed as asset
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.layout import RAW_CATALOG


def main() -> None:
    """Process, and print what it took."""
    lake = Lake(Path(sys.argv[1]).resolve())
    folders = lake.root.joinpath(*RAW_CATALOG.split(".")).glob("genre=*/date=*")
    days = sorted(map(GenreDay.from_folder, folders))
    tracks = quarantined = 0
    with taking() as cost:
        sealed = asset._sealed(lake, days)
        for tables in asset._processed(lake, "benchmark", asset._batches(sealed)):
            tracks += tables["processed.tracks"].height
            quarantined += tables["quarantine.rows"].height
    print(
        json.dumps(
            {
                "wall_s": cost.wall_s,
                "cpu_s": cost.cpu_s,
                "tracks": tracks,
                "quarantined": quarantined,
            }
        )
    )


if __name__ == "__main__":
    main()
