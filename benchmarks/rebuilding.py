"""Program: a publication again, as ``publishing`` has it, by phases.

``python -m benchmarks.rebuilding <data folder>`` prints wall and CPU seconds and the seconds of
each phase as JSON. The functions of the catalog are timed from outside; what is before them is
looking at the files and counts as loading, what is after them as writing.
"""

import json
import sys
from pathlib import Path

from benchmarks.measuring import taking
from benchmarks.phases import Stopwatch
from spotify_assets.defs.publication import of_plays, queries
from spotify_assets.lake import Lake
from spotify_assets.warehouse.publication import catalog
from spotify_assets.warehouse.publication.publish import publish


def main() -> None:
    """Publish."""
    folder = Path(sys.argv[1]).resolve()
    made_of = queries(), None, [of_plays()]
    with taking() as cost:
        watch = Stopwatch()
        _time(watch)
        publish(Lake(folder / "lake"), folder / "spotify.duckdb", *made_of)
        watch.to("done")
    print(json.dumps([cost.wall_s, cost.cpu_s, watch.seconds]))


def _time(watch: Stopwatch) -> None:
    for name, phase in {"_make": "make", "hold_to_contract": "check", "verify": "check"}.items():
        setattr(catalog, name, watch.during(phase, getattr(catalog, name)))
    verify = catalog.verify

    def last(*args: object, **kwargs: object) -> None:
        verify(*args, **kwargs)  # type: ignore[arg-type]
        watch.to("write")

    catalog.verify = last


if __name__ == "__main__":
    main()
