"""Where the listening history lies: a folder for each export file, another for each day of polls.

Belongs here: paths of the history and putting a finished folder into place. Does not belong here:
what is in the files, and the partitions of the catalog.
"""

import contextlib
import filecmp
import secrets
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from spotify_assets.lake import mirror
from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.files import write_parquet
from spotify_assets.lake.layout import ROWS_FILE, SCRATCH_SECONDS, Lake
from spotify_assets.lake.store import AlreadyThere
from spotify_assets.storage.disk import sync

STREAMING_HISTORY = "raw.streaming_history"
STREAMS = "processed.streams"
QUARANTINED_PLAYS = "quarantine.plays"
PLAYS_OF_POLLS = ("processed.plays", "processed.polls")
RELEASE_FILES = "raw.release_files"
STREAM_MODELS, STREAM_PREDICTIONS = "predictions.models", "predictions.streams_daily"
FACTS_FILE = "file.json"
KEY_FILE = ".pseudonyms.key"
TABLES = (
    *(STREAMING_HISTORY, STREAMS, QUARANTINED_PLAYS, *PLAYS_OF_POLLS, RELEASE_FILES),
    *(STREAM_MODELS, STREAM_PREDICTIONS),
)


def bring_up_to_date(lake: Lake) -> None:
    """Read from the store what this machine does not have of the history, or has otherwise.

    Of a lake in a folder there is nothing to do.

    Raises:
        LakeError: The store fails.
    """
    mirror.pull(lake, [table.replace(".", "/") for table in TABLES])


def file_folder(file_id: str) -> str:
    """The name of an export file's folder in each of its tables."""
    return f"file={file_id}"


def history_folder(lake: Lake, table: str, folder: str) -> Path:
    """The folder of ``layer.table`` named ``file=<id>`` or ``date=<d>``."""
    layer, _, name = table.partition(".")
    return lake.root / layer / name / folder


def history_file(lake: Lake, table: str, folder: str) -> Path:
    """The Parquet file in that folder."""
    return history_folder(lake, table, folder) / ROWS_FILE


def facts_file(lake: Lake, file_id: str) -> Path:
    """What is known of an export file, beside its raw rows."""
    return history_folder(lake, STREAMING_HISTORY, file_folder(file_id)) / FACTS_FILE


def held_files(lake: Lake) -> list[str]:
    """The ids of the export files of which anything is left, in order."""
    folders = (
        folder
        for table in (STREAMING_HISTORY, STREAMS, QUARANTINED_PLAYS)
        for folder in history_folder(lake, table, "").glob(file_folder("*"))
    )
    return sorted({folder.name.removeprefix(file_folder("")) for folder in folders})


def withdraw(lake: Lake, file_id: str) -> None:
    """Take a file out of all tables: without its typed rows it is not imported.

    Raises:
        LakeError: It cannot be deleted.
    """
    for table in (STREAMS, QUARANTINED_PLAYS):
        delete(lake, history_folder(lake, table, file_folder(file_id)), ROWS_FILE)


def erase(lake: Lake, file_id: str) -> None:
    """Delete the rest of a file that was withdrawn. By its facts it can be found to the last.

    Raises:
        LakeError: It cannot be deleted.
    """
    folder = history_folder(lake, STREAMING_HISTORY, file_folder(file_id))
    delete(lake, folder, ROWS_FILE, FACTS_FILE)


def delete(lake: Lake, folder: Path, *names: str) -> None:
    """Delete a folder and these files of it, in this order; what is gone already is well gone.

    Raises:
        LakeError: They cannot be deleted.
    """
    mirror.delete(lake, [folder / name for name in names])
    try:
        for name in names:
            (folder / name).unlink(missing_ok=True)
        if folder.exists():
            folder.rmdir()
            sync(folder.parent)
    except OSError as error:
        raise LakeError(
            f"{folder} cannot be deleted: {error.strerror or error}. Run the same command again."
        ) from error


def write_facts(lake: Lake, file_id: str, text: str) -> None:
    """Put other facts of an export file in the place of those that are there, at once.

    Raises:
        LakeError: The lake cannot be written.
    """
    target = facts_file(lake, file_id)
    with making(lake) as folder, writing(target, f"what is known of the file {file_id}"):
        made = folder / FACTS_FILE
        made.write_text(text, encoding="utf-8")
        sync(made)
        mirror.push(lake, [(made, target)], lambda: made.replace(target), keeps=True)


def secret(lake: Lake) -> str:
    """What makes pseudonyms of this lake, and of no other: made when it is first asked for.

    Raises:
        LakeError: The lake cannot be written.
    """
    path = history_folder(lake, STREAMING_HISTORY, KEY_FILE)
    with writing(path, "the key of pseudonyms"):
        if not path.exists():
            with making(lake) as folder:
                made = folder / KEY_FILE
                made.touch(mode=0o600)
                made.write_text(_agreed(lake, path, secrets.token_hex(32)), encoding="ascii")
                sync(made)
                path.parent.mkdir(parents=True, exist_ok=True)
                made.replace(path)
        return path.read_text(encoding="ascii")


def _agreed(lake: Lake, path: Path, made: str) -> str:
    """The secret that is on the store, made by whoever was first; else the one that was made."""
    if (store := lake.remote) is None:
        return made
    with contextlib.suppress(AlreadyThere):
        store.create(lake.relative(path), made.encode())
    return store.get(lake.relative(path)).decode()


def imported_files(lake: Lake) -> list[str]:
    """The ids of the export files that are imported, in order."""
    files = history_folder(lake, STREAMS, "").glob(f"{file_folder('*')}/{ROWS_FILE}")
    return sorted(file.parent.name.removeprefix(file_folder("")) for file in files)


@contextmanager
def making(lake: Lake) -> Iterator[Path]:
    """An empty folder on the lake's disk to make another in; afterwards it is gone.

    Raises:
        LakeError: The lake cannot be written.
    """
    # Not in the lake's scratch, which is swept of files only.
    importing = lake.root / ".importing"
    folder = importing / uuid.uuid4().hex
    with writing(folder, "a temporary folder"):
        folder.mkdir(parents=True)
    try:
        _sweep(importing)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place(lake: Lake, made: Path, target: Path) -> bool:
    """Put a finished folder into place by one rename; of a lake on a store, there first.

    Where the folder is there already, its files take the place of the old ones, each by a rename.

    Returns:
        Whether it was not there before.

    Raises:
        LakeError: The disk is full or the folder cannot be written.
    """
    # The facts say which reader made the rows: they come last.
    files = sorted(made.iterdir(), key=lambda file: (file.name == FACTS_FILE, file.name))
    targets = [(file, target / file.name) for file in files]
    return mirror.push(lake, targets, lambda: _placed(made, target, files), keeps=True)


def _placed(made: Path, target: Path, files: list[Path]) -> bool:
    with writing(target, "the rows of an export file"):
        # Whoever imports may delete the export then.
        for file in files:
            sync(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        is_new = not target.exists() and _renamed(made, target)
        if not is_new:
            for file in files:
                file.replace(target / file.name)
        sync(target.parent)
    return is_new


def write_rows(
    lake: Lake, target: Path, what: str, frame: pl.DataFrame, *, keeps: bool = True
) -> None:
    """Make ``frame`` the rows of a Parquet file, by one rename.

    Where the bytes are the same as before, nothing is touched, so that a repeated run publishes
    nothing.

    Args:
        lake: Where it lies.
        target: The file.
        what: It is, for messages.
        frame: The rows.
        keeps: Whether what was known on earlier days is kept.

    Raises:
        LakeError: The disk is full or the folder cannot be written; the old rows are still there.
    """
    mirror.pull(lake, [lake.relative(target.parent)])
    with writing(target, what), lake.temporary(".parquet") as temporary:
        write_parquet(frame, temporary)
        if not (target.exists() and filecmp.cmp(temporary, target, shallow=False)):
            target.parent.mkdir(parents=True, exist_ok=True)
            placed = [(temporary, target)]
            mirror.push(lake, placed, lambda: temporary.replace(target), keeps=keeps)


def _renamed(made: Path, target: Path) -> bool:
    try:
        made.rename(target)
    except OSError:
        # Another process was faster, or it is the disk.
        if target.exists():
            return False
        raise
    return True


def _sweep(importing: Path) -> None:
    """Remove what killed imports left half made; an import under way is done sooner."""
    oldest = time.time() - SCRATCH_SECONDS
    for leftover in importing.iterdir():
        # Another import may end just now.
        with contextlib.suppress(FileNotFoundError):
            if leftover.stat().st_mtime < oldest:
                shutil.rmtree(leftover, ignore_errors=True)
