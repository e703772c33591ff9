"""A data folder of an earlier version, which knew no log, is taken over as it lies.

There a table of a day was ``…/date=<d>/rows.parquet``, or in ``…/month=<m>/rows.parquet``, which
says its days itself; which of them held was found by looking. One commit a genre says it from now
on. Nothing is moved, and no rows are read. Killed at any point, the next look goes on.

Belongs here: that one commit, and keeping earlier versions out afterwards. Does not belong here:
what a log is (``log``).
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.log import Change, Day, Draft, Log, Origin, State, TableFile
from spotify_assets.storage.disk import sync
from spotify_assets.storage.renamed import current

FORM_FILE = "lake.json"
"""Is there once the whole lake is as this version writes it."""
FORM = {"form": 2, "says": "The commits in commits/ say which files hold which days."}
OTHER_FORM = ", in a form that this version of spotify-assets does not know: use a later version"
"""What an earlier version reads behind the source of the lake, and says when it refuses it."""
UNDER_WAY = ".under_way"
"""A folder of marks to earlier versions. Where it is a file, they cannot write tables."""
ROWS_FILE = "rows.parquet"
DAYS = "spotify_assets.days"
"""Key of the Parquet metadata by which a merged month says its days."""
IMPORTED = "imported-"
"""How the hash begins of a day that an earlier version wrote: size and time of its file follow."""


def import_folder(root: Path, log: Log) -> None:
    """Take over what an earlier version wrote, if it did.

    Raises:
        LakeError: A file of a month does not say its days, or the folder cannot be written.
    """
    if (root / FORM_FILE).exists():
        return
    folders: dict[str, list[Path]] = defaultdict(list)
    for folder in root.glob("[!.]*/*/genre=*"):
        is_raw = folder.parent.parent.name == "raw"
        if not is_raw and next(folder.glob(f"*/{ROWS_FILE}"), None):
            folders[unquote(folder.name.removeprefix("genre="))].append(folder)
    if not folders:
        return
    marks = {(mark.parent.name, mark.name) for mark in (root / UNDER_WAY).glob("genre=*/date=*")}
    for genre, of_genre in sorted(folders.items()):
        broken_off = {
            dt.date.fromisoformat(date.removeprefix("date="))
            for name, date in marks
            if unquote(name.removeprefix("genre=")) == genre
        }
        found = _days(root, of_genre)
        days = {date: _day(tables, date in broken_off) for date, tables in found.items()}

        def change(state: State, days: Change = days) -> Change:
            # One that was imported before a kill, or by another process just now, stays.
            return {} if state.seq else days

        log.commit(genre, change, Origin("import", source=source_of(root / "source.txt")))
    keep_earlier_versions_out(root)


def source_of(stamp: Path) -> str:
    """For what a lake is claimed; nothing where no run has claimed it yet."""
    return stamp.read_text(encoding="utf-8").partition(",")[0].strip() if stamp.exists() else ""


def keep_earlier_versions_out(root: Path) -> None:
    """Say that the lake is as this version writes it, so that no earlier one writes to it.

    Raises:
        LakeError: The folder cannot be written.
    """
    with writing(root, "the form of the lake"):
        source = root / "source.txt"
        if source.exists() and OTHER_FORM not in (held := source.read_text(encoding="utf-8")):
            _replace(source, f"{held.strip()}{OTHER_FORM}\n")
        marks = root / UNDER_WAY
        if marks.is_dir():
            for mark in [*marks.glob("*/*"), *marks.glob("*")]:
                mark.rmdir() if mark.is_dir() else mark.unlink()
            marks.rmdir()
        _replace(marks, "The log in commits/ says what is under way.\n")
        _replace(root / FORM_FILE, f"{json.dumps(FORM)}\n")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.writing")
    temporary.write_text(text, encoding="utf-8")
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


def _day(tables: dict[str, TableFile], is_broken_off: bool) -> Day:
    """Of a day that a run was rewriting the tables do not fit together: it must be made again."""
    if is_broken_off:
        return Day(draft=Draft(dt.datetime.now(dt.UTC), tables, frozenset(tables)))
    return Day(tables)


def _days(root: Path, folders: list[Path]) -> dict[dt.date, dict[str, TableFile]]:
    found: dict[dt.date, dict[str, TableFile]] = defaultdict(dict)
    for folder in folders:
        table = current(f"{folder.parent.parent.name}.{folder.parent.name}")
        # A day lies in its own file or in that of its month; if in both, its own counts.
        for file in folder.glob(f"month=*/{ROWS_FILE}"):
            for date, (size, modified_ns) in _days_of_month(file):
                found[date][table] = _file(root, file, size, modified_ns)
        for file in folder.glob(f"date=*/{ROWS_FILE}"):
            stat = file.stat()
            try:
                date = dt.date.fromisoformat(file.parent.name.removeprefix("date="))
            except ValueError as error:
                raise LakeError(
                    f"{file.parent} has no day in its name ({error}). Rename it to "
                    "date=YYYY-MM-DD or move it out of the lake, then run again."
                ) from error
            found[date][table] = _file(root, file, stat.st_size, stat.st_mtime_ns)
    return found


def _file(root: Path, file: Path, size: int, modified_ns: int) -> TableFile:
    key = file.relative_to(root).as_posix()
    return TableFile(key, f"{IMPORTED}{size}-{modified_ns}", None, size)


def _days_of_month(file: Path) -> Iterator[tuple[dt.date, tuple[int, int]]]:
    import polars as pl  # noqa: PLC0415 - who has no such lake need not wait for it

    try:
        held = json.loads(pl.read_parquet_metadata(file)[DAYS])
        for day, (size, modified_ns) in held.items():
            yield dt.date.fromisoformat(day), (size, modified_ns)
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError, TypeError) as error:
        raise LakeError(
            f"{file} does not say which days it holds ({error}): it is damaged. Restore it from a "
            "backup. Or delete it, run again, and `spotify-assets backfill --genre G --date "
            "FIRST..LAST` makes the days of its month again from the raw responses."
        ) from error
