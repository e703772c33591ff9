"""``import`` of an artist's team's downloads: Spotify for Artists, Meta Ads, distributors."""

from collections.abc import Sequence
from pathlib import Path

from spotify_assets.commands.exit_codes import stopping
from spotify_assets.commands.published import is_published
from spotify_assets.commands.terminal import err, progress, show_table
from spotify_assets.schemas.releases import ReleaseFiles
from spotify_assets.settings import Settings
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

COLUMNS = ("received", "kept", "duplicate", "sums", "quarantined", "unmatched")
SHOWN = 20
"""Rows that were set aside, and files without a release, of which each is shown."""


def downloads(paths: Sequence[Path]) -> list[Path]:
    """The files below the paths that may be downloads of a team."""
    from spotify_assets.sources.release_files import find  # noqa: PLC0415 - slow to import

    return find(paths)


def without(paths: Sequence[Path], files: Sequence[Path]) -> list[Path]:
    """Of the paths those that hold something else than these files, or nothing at all."""
    known = set(files)
    return [path for path in paths if not _is_of(path, known)]


def _is_of(path: Path, known: set[Path]) -> bool:
    if not path.is_dir():
        return path in known
    below = [file for file in path.rglob("*") if file.is_file()]
    is_any = any(file in known for file in below)
    return is_any and not any(file.suffix.lower() in (".zip", ".json") for file in below)


def import_downloads(settings: Settings, files: Sequence[Path]) -> bool:
    """Import files and print the account of each; whether all of them could be read."""
    from spotify_assets.sources.release_files import imported_before  # noqa: PLC0415 - as above

    with stopping("Stopped. Files that were read stay imported; the same command goes on."):
        before = imported_before(files, settings.lake)
        if before is not None and is_published(settings, ReleaseFiles):
            _show(settings, before)
            err.print("All of it was imported before: nothing has changed.")
            return True
        file_ids, refused = _import(settings, files)
        _show(settings, file_ids)
    for name, reason in refused:
        err.print(f"Not imported: {name}: {reason}", style="red", soft_wrap=True)
    return not refused


def _import(
    settings: Settings, files: Sequence[Path]
) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """Run the import: ids of files, and the refused with their reasons."""
    from spotify_assets.defs import launch  # noqa: PLC0415 - Dagster takes seconds to import

    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as instance, progress(1) as begin:
        begin("import")
        outcome = launch.import_releases(instance, settings, files)
        launch.close(settings, [outcome])
        outcome.raise_for_failure()
        return launch.imported_releases(instance, outcome.run_id)


def _show(settings: Settings, file_ids: Sequence[str]) -> None:
    files = f"file_id IN [{', '.join(map(literal, file_ids))}]"
    with read_only(settings.database) as connection:
        rows = connection.execute(
            f"SELECT file_name, kind, {', '.join(COLUMNS)} "  # noqa: S608 - ours
            f"FROM monitoring.release_files WHERE {files} ORDER BY kind, file_name"
        ).fetchall()
        broken = connection.execute(
            "SELECT file_name, source_line, column_name, value, reason "  # noqa: S608 - ours
            f"FROM quarantine.release_rows WHERE {files} ORDER BY ALL"
        ).fetchall()
        unmatched = connection.execute(
            f"SELECT file_name, unmatched, nearest FROM monitoring.release_files "  # noqa: S608
            f"WHERE {files} AND unmatched > 0 ORDER BY ALL"
        ).fetchall()
    total = ["all", "", *(sum(row[n] for row in rows) for n in range(2, len(COLUMNS) + 2))]
    names = [name.replace("_", " ") for name in COLUMNS]
    show_table("Imported", ["file", "kind", *names], [*rows, total])
    if broken:
        columns = ["file", "line", "column", "value", "reason"]
        show_table("Set aside", columns, broken[:SHOWN])
    if len(broken) > SHOWN:
        err.print(f"… and {len(broken) - SHOWN} more, in quarantine.release_rows.")
    if unmatched:
        columns = ["file", "rows", "name and the nearest declared"]
        show_table("Of no release: declare it in releases.toml", columns, unmatched[:SHOWN])
    if len(unmatched) > SHOWN:
        err.print(f"… and {len(unmatched) - SHOWN} more, in monitoring.release_files.")
