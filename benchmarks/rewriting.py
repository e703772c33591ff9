"""Program: publishes again and again, each time with one genre-day changed.

``python -m benchmarks.rewriting <data folder> <publications> <seconds> <genres> <tracks>`` spreads
the publications over the seconds, and prints as JSON what each took, in seconds.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.lakes import write
from benchmarks.measuring import taking
from spotify_assets.defs.publication import of_plays, queries
from spotify_assets.lake import Lake
from spotify_assets.warehouse.publication.publish import publish


def main() -> None:
    """Change and publish; where it takes longer than it may, the next begins at once."""
    folder = Path(sys.argv[1]).resolve()
    publications, seconds, genres, tracks = map(int, sys.argv[2:6])
    lake, taken = Lake(folder / "lake"), []
    made_of = queries(), None, [of_plays()]
    begun = time.monotonic()
    for number in range(publications):
        # As many tracks as never before, so that each state is another.
        write(lake, range(number % genres, number % genres + 1), range(1), tracks + 1 + number)
        with taking() as cost:
            publish(lake, folder / "spotify.duckdb", *made_of)
        taken.append(cost.wall_s)
        next_one = begun + seconds * (number + 1) / publications
        time.sleep(max(0.0, next_one - time.monotonic()))
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
