"""Program: one step of an import of exports, or what others do instead, in a process of its own.

``python -m benchmarks.listening_steps <step> <exports> <folder>`` prints seconds and rows as JSON.
The steps: ``import`` (export → lake) and ``publish`` (lake → published file) are the project's own
functions without Dagster; ``floor`` is plain DuckDB, from the same files to one Parquet file;
``notebook`` is what people write in an evening: ``json``, a Pandas frame, duplicates dropped.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Cost, taking

THREADS = 2
TIME_ZONE = "America/Sao_Paulo"
TYPED = {
    "ts": "TIMESTAMP",
    "platform": "VARCHAR",
    "ms_played": "BIGINT",
    "conn_country": "VARCHAR",
    "master_metadata_track_name": "VARCHAR",
    "master_metadata_album_artist_name": "VARCHAR",
    "master_metadata_album_album_name": "VARCHAR",
    "spotify_track_uri": "VARCHAR",
    "episode_name": "VARCHAR",
    "episode_show_name": "VARCHAR",
    "spotify_episode_uri": "VARCHAR",
    "audiobook_title": "VARCHAR",
    "audiobook_uri": "VARCHAR",
    "audiobook_chapter_uri": "VARCHAR",
    "audiobook_chapter_title": "VARCHAR",
    "reason_start": "VARCHAR",
    "reason_end": "VARCHAR",
    "shuffle": "BOOLEAN",
    "skipped": "BOOLEAN",
    "offline": "BOOLEAN",
    "offline_timestamp": "BIGINT",
    "incognito_mode": "BOOLEAN",
}
PARQUET = "FORMAT parquet, COMPRESSION zstd"
"""As the lake writes it."""


Step = Callable[[Path, Path], tuple[Cost, int]]
"""Takes the folder of the exports and one to write to; returns what it took, and rows."""


def main() -> None:
    """Make the step, and print what it took."""
    step, exports, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    steps: dict[str, Step] = {
        "import": _import,
        "publish": _publish,
        "floor": _floor,
        "notebook": _notebook,
    }
    cost, rows = steps[step](exports, folder)
    print(json.dumps({"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "rows": rows}))


# Each imports what it needs itself, because it would count as the memory of the others.


def _import(exports: Path, folder: Path) -> tuple[Cost, int]:
    import datetime as dt  # noqa: PLC0415

    from spotify_assets.lake import Lake  # noqa: PLC0415
    from spotify_assets.sources.account_export import ImportedFile, find, read_all  # noqa: PLC0415

    with taking() as cost:
        found = find([exports]).files
        read = list(read_all(found, Lake(folder / "lake"), dt.datetime.now(dt.UTC)))
    return cost, sum(one.received for one in read if isinstance(one, ImportedFile))


def _publish(exports: Path, folder: Path) -> tuple[Cost, int]:  # noqa: ARG001 - as the others
    from spotify_assets.defs.publication import of_plays, queries  # noqa: PLC0415
    from spotify_assets.lake import Lake  # noqa: PLC0415
    from spotify_assets.warehouse.publication.publish import publish  # noqa: PLC0415

    # In the command this is done while the modules are imported.
    made, plays = queries(), of_plays()
    with taking() as cost:
        published = publish(
            Lake(folder / "lake"), folder / "own.duckdb", made, None, [plays], time_zone=TIME_ZONE
        )
    return cost, published.rows["star.fact_play"]


def _floor(exports: Path, folder: Path) -> tuple[Cost, int]:
    import duckdb  # noqa: PLC0415

    with taking() as cost, duckdb.connect(config={"threads": THREADS}) as connection:
        files = sorted(map(str, exports.rglob("*.json")))
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in TYPED.items())
        query = f"FROM read_json({files}, format = 'array', columns = {{{columns}}})"
        copy = f"COPY ({query}) TO '{folder / 'floor.parquet'}' ({PARQUET})"
        ((rows,),) = connection.execute(copy).fetchall()
    return cost, int(rows)


def _notebook(exports: Path, folder: Path) -> tuple[Cost, int]:
    import pandas as pd  # type: ignore[import-untyped] # noqa: PLC0415

    with taking() as cost:
        rows = []
        for path in sorted(exports.rglob("*.json")):
            rows += json.loads(path.read_text())
        frame = pd.DataFrame(rows).drop_duplicates()
        frame["ts"] = pd.to_datetime(frame["ts"])
        frame.sort_values("ts").to_parquet(folder / "notebook.parquet")
    return cost, len(frame)


if __name__ == "__main__":
    main()
