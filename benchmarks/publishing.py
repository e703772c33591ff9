"""Program: one publication of a lake, by the project's own function, without Dagster.

``python -m benchmarks.publishing <data folder>`` prints as JSON how many genre-days were taken in,
the seconds it took in wall and CPU, and the seconds of the renames that put the file in its place.
"""

import json
import sys
from os import PathLike
from pathlib import Path
from typing import ClassVar

from benchmarks.measuring import taking
from spotify_assets.defs.publication import of_plays, queries
from spotify_assets.lake import Lake
from spotify_assets.warehouse.publication.publish import publish


class TimedPath(type(Path())):  # type: ignore[misc]
    """A path that knows how long its renames, and those of the paths beside it, took."""

    seconds: ClassVar[list[float]] = []

    def replace(self, target: str | PathLike[str]) -> Path:
        """Rename."""
        with taking() as cost:
            renamed: Path = super().replace(target)
        self.seconds.append(cost.wall_s)
        return renamed


def main() -> None:
    """Publish."""
    folder = Path(sys.argv[1]).resolve()
    made_of = queries(), None, [of_plays()]
    with taking() as cost:
        published = publish(Lake(folder / "lake"), TimedPath(folder / "spotify.duckdb"), *made_of)
    print(json.dumps([len(published.loaded), cost.wall_s, cost.cpu_s, sum(TimedPath.seconds)]))


if __name__ == "__main__":
    main()
