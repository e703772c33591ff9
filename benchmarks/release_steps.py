"""Program: one step of an import of a label's downloads, or what is least, in its own process.

``python -m benchmarks.release_steps <step> <files> <folder>`` prints seconds and rows as JSON. The
steps: ``import`` (files → lake) and ``publish`` (lake → published file) are the project's own
functions without Dagster. ``polars`` and ``duckdb`` are floors: the same files by the library's own
reader into one DuckDB file, with nothing checked, matched or kept.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Cost, taking

THREADS = 2
Step = Callable[[Path, Path], tuple[Cost, int]]
"""Takes the folder of the files and one to write to; returns what it took, and rows."""


def main() -> None:
    """Make the step, and print what it took."""
    step, files, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    steps: dict[str, Step] = {
        "import": _import,
        "publish": _publish,
        "polars": _polars,
        "duckdb": _duckdb,
    }
    cost, rows = steps[step](files, folder)
    print(json.dumps({"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "rows": rows}))


# Each imports what it needs itself, because it would count as the memory of the others.


def _import(files: Path, folder: Path) -> tuple[Cost, int]:
    import datetime as dt  # noqa: PLC0415

    from spotify_assets.lake import Lake  # noqa: PLC0415
    from spotify_assets.sources.release_files import find, import_files  # noqa: PLC0415

    with taking() as cost:
        done = import_files(find([files]), Lake(folder / "lake"), dt.datetime.now(dt.UTC))
    return cost, done.received


def _publish(files: Path, folder: Path) -> tuple[Cost, int]:  # noqa: ARG001 - as the others
    from spotify_assets.defs.publication import of_plays, of_releases, queries  # noqa: PLC0415
    from spotify_assets.lake import Lake  # noqa: PLC0415
    from spotify_assets.warehouse.publication.publish import publish  # noqa: PLC0415

    # In the command this is done while the modules are imported.
    made, domains = queries(), [of_plays(), of_releases()]
    with taking() as cost:
        done = publish(Lake(folder / "lake"), folder / "own.duckdb", made, None, domains)
    return cost, done.rows["star.fact_streams_daily"]


def _polars(files: Path, folder: Path) -> tuple[Cost, int]:
    import duckdb  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415

    with taking() as cost, duckdb.connect(folder / "polars.duckdb") as connection:
        read = pl.read_csv(
            files / "*.csv",
            schema={"date": pl.Date, "streams": pl.Int64},
            include_file_paths="file",
        )
        connection.register("read", read.to_arrow())
        connection.execute("CREATE TABLE streams AS FROM read")
    return cost, read.height


def _duckdb(files: Path, folder: Path) -> tuple[Cost, int]:
    import duckdb  # noqa: PLC0415

    with taking() as cost, duckdb.connect(folder / "duckdb.duckdb") as connection:
        connection.execute(f"SET threads = {THREADS}")
        query = (
            f"FROM read_csv('{files}/*.csv', filename = true, header = true, "
            "columns = {date: DATE, streams: BIGINT})"
        )
        connection.execute(f"CREATE TABLE streams AS {query}")
        ((rows,),) = connection.execute("SELECT count(*) FROM streams").fetchall()
    return cost, int(rows)


if __name__ == "__main__":
    main()
