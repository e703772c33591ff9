"""Where comments lie: batches as they came, and the tables that are made of them.

``raw/comments/date=<d>/batch=<id>.jsonl.zst`` is a batch: a line that says what it is, then a line
a comment. It is there as a whole or not at all, and changes only where somebody is forgotten.
``processed/<table>/date=<d>/`` is made of the batches that were received on a day (UTC).

Belongs here: paths, durable writing, reading. Does not belong here: what a comment may hold
(``sources.comments``), labels and decisions (``comment_labels``, ``comment_decisions``), and what
follows from it all (``transforms.comments``).
"""

import contextlib
import datetime as dt
import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from spotify_assets.lake import mirror
from spotify_assets.lake.errors import DamagedFile, writing
from spotify_assets.lake.files import read_rows
from spotify_assets.lake.history import write_rows
from spotify_assets.lake.layout import DAY_FOLDER, ROWS_FILE, Lake
from spotify_assets.storage.disk import sync

log = logging.getLogger(__name__)
COMMENTS, DECISIONS, TOPICS = "raw.comments", "raw.comment_decisions", "raw.comment_topics"
RECEIVED, BATCHES = "processed.received_comments", "processed.comment_batches"
TEXT_LABELS, QUARANTINED = "processed.text_labels", "quarantine.comments"
EVALUATIONS, CONFUSION = "processed.comment_evaluations", "processed.comment_confusion"
OF_A_DAY = (RECEIVED, BATCHES, QUARANTINED)
"""Tables of which a day has one file, made of its batches."""
TABLES = (COMMENTS, DECISIONS, TOPICS, *OF_A_DAY, TEXT_LABELS, EVALUATIONS, CONFUSION)
ENDING, VOCABULARY = ".jsonl.zst", "topics.toml"
BATCH_ID = re.compile("[0-9a-f]{24}")
REMEDY = "Restore it from a backup, or delete it and send its comments again."
REMAKE = "Delete it: `spotify-assets label` makes it again."
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """Comments that came together."""

    batch_id: str
    received_at: dt.datetime
    """UTC."""
    came_by: str
    """``api``, ``csv``, ``json`` or ``ndjson``."""
    source: str
    """Where comments are from that do not say it themselves."""
    lines: Sequence[Json]
    """A dictionary each: ``row``, and what it holds or why it cannot be read."""
    file_name: str | None = None
    left_out: Sequence[str] = field(default=())
    """Names of columns that are not kept."""

    def head(self) -> dict[str, Any]:
        """What is said of the batch as a whole."""
        return {
            "batch_id": self.batch_id,
            "received_at": self.received_at.isoformat(),
            "came_by": self.came_by,
            "source": self.source,
            "file_name": self.file_name,
            "left_out": list(self.left_out),
            "received": len(self.lines),
        }


def new_id(now: dt.datetime) -> str:
    """An id of 24 hexadecimal digits; those of a later millisecond sort after it."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(6)}"


def folder(lake: Lake, table: str, date: dt.date | None = None) -> Path:
    """The folder of a table, or of one of its days."""
    layer, _, name = table.partition(".")
    found = lake.root / layer / name
    return found if date is None else found / f"{DAY_FOLDER}{date}"


def day_file(lake: Lake, table: str, date: dt.date) -> Path:
    """The file of a table of `OF_A_DAY`."""
    return folder(lake, table, date) / ROWS_FILE


def write_batch(lake: Lake, batch: Batch) -> Path:
    """Put a batch on the disk; when this returns, a power cut does not take it away.

    Raises:
        LakeError: It cannot be written: nothing of it is there.
    """
    path = folder(lake, COMMENTS, batch.received_at.date()) / f"batch={batch.batch_id}{ENDING}"
    # Escaped, every text is one line, and what no encoding can hold is kept as it came.
    lines = [json.dumps(line, separators=(",", ":")) for line in (batch.head(), *batch.lines)]
    packed = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(
        "".join(f"{line}\n" for line in lines).encode("ascii")
    )
    with writing(path, "a batch of comments"):
        put(lake, path, packed)
    return path


def put(lake: Lake, path: Path, data: bytes) -> None:
    """Have a file of these bytes on the disk, and on the store where there is one.

    Raises:
        OSError: It cannot be written: nothing of it is there.
        LakeError: The store fails.
    """
    with lake.temporary(ENDING) as temporary:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        place(lake, temporary, path)


def place(lake: Lake, made: Path, target: Path) -> None:
    """Put a file that is on the disk into its place, and on the store where there is one."""
    is_new = not target.parent.is_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    mirror.push(lake, [(made, target)], lambda: made.replace(target))
    _SYNCED.sync(target.parent)
    if is_new:
        sync(target.parent.parent)


class _Synced:
    """Folders on the disk: of many who wait for one, one has it done for all.

    Requests that come at the same time each put a file into the same folder.
    """

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._begun: dict[Path, float] = {}

    def sync(self, folder: Path) -> None:
        """Have on the disk what a folder lists now.

        Raises:
            OSError: The disk fails.
        """
        since = time.monotonic()
        with self._alone:
            # What began after that, and is over, has it.
            if self._begun.get(folder, 0) <= since:
                begins = time.monotonic()
                sync(folder)
                self._begun = {folder: begins}


_SYNCED = _Synced()


def bring_up_to_date(lake: Lake) -> None:
    """Read from the store what this machine does not have of the comments, or has otherwise.

    Of a lake in a folder there is nothing to do.

    Raises:
        LakeError: The store fails.
    """
    mirror.pull(lake, [table.replace(".", "/") for table in TABLES])


def read_batch(path: Path) -> Batch:
    """A batch as it was written.

    Raises:
        DamagedFile: It is not.
        FileNotFoundError: It is not there.
    """
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as reader:
            head, *lines = map(json.loads, reader.read().splitlines())
        received_at = dt.datetime.fromisoformat(head["received_at"])
        batch = Batch(
            head["batch_id"],
            received_at,
            head["came_by"],
            head["source"],
            lines,
            head["file_name"],
            head["left_out"],
        )
        is_whole = head["received"] == len(lines)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, zstandard.ZstdError) as error:
        raise DamagedFile(path, "written", REMEDY) from error
    if not is_whole:
        raise DamagedFile(path, "written", REMEDY)
    return batch


def rewrite_batch(lake: Lake, path: Path, without: Collection[int]) -> None:
    """Take rows out of a batch for good; of one that has no others nothing is left.

    Raises:
        LakeError: It cannot be written.
    """
    batch = read_batch(path)
    lines = [line for line in batch.lines if line["row"] not in without]
    if lines:
        write_batch(lake, replace(batch, lines=lines))
        return
    with writing(path, "less of a batch"):
        mirror.delete(lake, [path])
        path.unlink(missing_ok=True)
        sync(path.parent)


def find_batch(lake: Lake, batch_id: str) -> Path | None:
    """The file of a batch; ``None`` where there is none of that id."""
    if not BATCH_ID.fullmatch(batch_id):
        return None
    return next(folder(lake, COMMENTS).glob(f"{DAY_FOLDER}*/batch={batch_id}{ENDING}"), None)


def received_days(lake: Lake) -> list[dt.date]:
    """The days (UTC) on which batches were received, in order."""
    return _days(folder(lake, COMMENTS))


def batch_files(lake: Lake, date: dt.date) -> list[Path]:
    """The batches of a day, in the order of their ids."""
    return sorted(folder(lake, COMMENTS, date).glob(f"batch=*{ENDING}"))


def _days(table: Path) -> list[dt.date]:
    found = []
    for path in sorted(table.glob(f"{DAY_FOLDER}????-??-??")):
        with contextlib.suppress(ValueError):
            found.append(dt.date.fromisoformat(path.name.removeprefix(DAY_FOLDER)))
    return found


def waiting(lake: Lake) -> list[dt.date]:
    """The days of which a batch is not in the tables yet, or a text has not been labelled."""
    return [date for date in received_days(lake) if done(lake, date) != _listed(lake, date)]


def _listed(lake: Lake, date: dt.date) -> str:
    """Which batches a day has, and how long each is: less where somebody was forgotten."""
    return "\n".join(f"{one.name} {one.stat().st_size}" for one in batch_files(lake, date))


def done(lake: Lake, date: dt.date) -> str:
    """The batches of a day of which every text is labelled or set aside, as `_listed` has them."""
    path = folder(lake, TEXT_LABELS, date) / "done.txt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@contextlib.contextmanager
def finishing(lake: Lake, date: dt.date) -> Iterator[list[Path]]:
    """The batches of a day to be taken the whole way; noted as done where the body ends well."""
    files, seen = batch_files(lake, date), _listed(lake, date)
    yield files
    path = folder(lake, TEXT_LABELS, date) / "done.txt"
    with writing(path, "which batches are labelled"), lake.temporary(".txt") as temporary:
        temporary.write_text(seen, encoding="utf-8")
        place(lake, temporary, path)


def write_day(lake: Lake, date: dt.date, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write the tables of a day; what is the same as before is not touched.

    Raises:
        LakeError: The lake cannot be written.
    """
    for table, frame in tables.items():
        write_rows(lake, day_file(lake, table, date), f"{table} of {date}", frame, keeps=False)


def read_day(lake: Lake, table: str, date: dt.date) -> pl.DataFrame:
    """The rows of a table of a day.

    Raises:
        DamagedFile: Its file cannot be read.
        FileNotFoundError: It is not there.
    """
    return read_rows(day_file(lake, table, date), REMAKE)


def write_evaluation(
    lake: Lake, name: str, evaluations: pl.DataFrame, confusion: pl.DataFrame
) -> None:
    """Keep how good a version of a labeller is on a golden set, in the place of what was kept.

    Args:
        lake: Where.
        name: Of the version and the golden set; letters, digits, ``-`` and ``_``.
        evaluations: As `comments.evaluations`.
        confusion: As `comments.confusion`.

    Raises:
        LakeError: It cannot be written.
    """
    for table, frame in ((EVALUATIONS, evaluations), (CONFUSION, confusion)):
        file = folder(lake, table) / f"{name}.parquet"
        write_rows(lake, file, f"{table} of {name}", frame, keeps=False)


def files(lake: Lake) -> list[Path]:
    """What the tables of comments are made from, in order."""
    found = [path for table in OF_A_DAY for path in folder(lake, table).glob(f"*/{ROWS_FILE}")]
    others = ((TEXT_LABELS, "*/*.parquet"), (DECISIONS, "*/*.jsonl"), (TOPICS, VOCABULARY))
    for table, names in (*others, (EVALUATIONS, "*.parquet"), (CONFUSION, "*.parquet")):
        found += folder(lake, table).glob(names)
    return sorted(found)
