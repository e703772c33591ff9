"""Where comments lie: batches as they came, labels of texts, decisions of persons.

``raw/comments/date=<d>/batch=<id>.jsonl.zst`` is a batch: a line that says what it is, then a line
a comment. It is there as a whole or not at all, and changes only where somebody is forgotten.
``processed/<table>/date=<d>/`` is made of the batches that were received on a day (UTC).
``raw/comment_decisions/date=<d>/<writer>.jsonl`` grows by a line a decision, which is on the disk
before anybody is told; every writer has files of its own.

Belongs here: paths, durable writing, reading. Does not belong here: what a comment may hold
(``sources.comments``), and what follows from it (``transforms.comments``).
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
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from spotify_assets.lake import mirror
from spotify_assets.lake.errors import DamagedFile, writing
from spotify_assets.lake.files import read_rows, write_parquet
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
ENDING = ".jsonl.zst"
BATCH_ID = re.compile("[0-9a-f]{24}")
MAX_LABEL_FILES = 20
"""Files of labels of a day, above which they are merged."""
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
        _put(lake, path, packed)
    return path


def _put(lake: Lake, path: Path, packed: bytes) -> None:
    with lake.temporary(ENDING) as temporary:
        with temporary.open("wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        _place(lake, temporary, path)


def _place(lake: Lake, made: Path, target: Path) -> None:
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


def forget_labels(lake: Lake, kept: Collection[str]) -> None:
    """Delete the labels of all texts but these.

    Args:
        lake: Where they lie.
        kept: Ids of texts.

    Raises:
        LakeError: They cannot be written.
    """
    for path in label_files(lake):
        rows = read_rows(path, REMAKE)
        left = rows.filter(pl.col("text_id").is_in(list(kept)))
        if left.height == rows.height:
            continue
        if left.height:
            add_labels(lake, dt.date.fromisoformat(path.parent.name.removeprefix(DAY_FOLDER)), left)
        mirror.delete(lake, [path])
        path.unlink()


def forget_decisions(lake: Lake, comment_ids: Collection[str]) -> None:
    """Delete what was decided about comments.

    Raises:
        LakeError: It cannot be written.
    """
    for path in decision_files(lake):
        told = decisions([path])
        left = [one for one in told if one["comment_id"] not in comment_ids]
        if len(left) == len(told):
            continue
        with writing(path, "fewer decisions"):
            if left:
                _put(lake, path, b"".join(json.dumps(one).encode("ascii") + b"\n" for one in left))
            else:
                mirror.delete(lake, [path])
                path.unlink()


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
        _place(lake, temporary, path)


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


def label_files(lake: Lake, date: dt.date | None = None) -> list[Path]:
    """The files that hold labels: of a day, or of all."""
    day = "*" if date is None else str(date)
    return sorted(folder(lake, TEXT_LABELS).glob(f"{DAY_FOLDER}{day}/*.parquet"))


def known_labels(lake: Lake, version: str) -> set[str]:
    """The keys of labels of a version, whatever their day.

    Raises:
        DamagedFile: A file of labels cannot be read.
    """
    known: set[str] = set()
    for path in label_files(lake):
        # Another run may merge files meanwhile: what they hold is in the merged one.
        with contextlib.suppress(FileNotFoundError):
            rows = read_rows(path, REMAKE)
            known.update(rows.filter(pl.col("version") == version)["label_key"])
    return known


def add_labels(lake: Lake, date: dt.date, labels: pl.DataFrame) -> None:
    """Add labels of texts; on the disk when this returns.

    Raises:
        LakeError: They cannot be written.
    """
    path = folder(lake, TEXT_LABELS, date) / f"{uuid.uuid4().hex}.parquet"
    with writing(path, "labels of comments"), lake.temporary(".parquet") as temporary:
        write_parquet(labels, temporary)
        sync(temporary)
        _place(lake, temporary, path)


def merge_labels(lake: Lake, date: dt.date) -> None:
    """Make one file of many; killed in between, labels are there twice, and count once.

    Raises:
        LakeError: They cannot be written.
    """
    files = label_files(lake, date)
    if len(files) > MAX_LABEL_FILES:
        merged = pl.concat([read_rows(file, REMAKE) for file in files])
        add_labels(lake, date, merged.sort("labelled_at").unique("label_key", keep="first"))
        mirror.delete(lake, files)
        for file in files:
            file.unlink()


class DecisionLog:
    """Where one writer, a process or a session of it, notes what persons decide."""

    def __init__(self, lake: Lake) -> None:
        """Nothing is written yet."""
        self._lake = lake
        self._name = f"{uuid.uuid4().hex}.jsonl"

    def add(self, decision: Json, now: dt.datetime) -> str:
        """Note a decision; on the disk when this returns.

        Args:
            decision: `comment_id`, `category`, `topics`, `curator`, and what the label was.
            now: When that is (UTC).

        Returns:
            Its id.

        Raises:
            LakeError: It cannot be written: it does not count.
        """
        decision_id = new_id(now)
        noted = {"decision_id": decision_id, **decision, "decided_at": now.isoformat()}
        line = json.dumps(noted).encode("ascii") + b"\n"
        days = folder(self._lake, DECISIONS, now.date())
        with writing(days, "a decision"):
            if self._lake.remote:
                # Nothing can be added to an object: each is one.
                _put(self._lake, days / f"{decision_id}.jsonl", line)
            else:
                self._append(days / self._name, line)
        return decision_id

    @staticmethod
    def _append(path: Path, line: bytes) -> None:
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync(path.parent)
            sync(path.parent.parent)


def decision_files(lake: Lake) -> list[Path]:
    """The files that hold decisions."""
    return sorted(folder(lake, DECISIONS).glob(f"{DAY_FOLDER}*/*.jsonl"))


def decisions(files: Iterable[Path]) -> list[dict[str, Any]]:
    """All decisions of these files, in the order in which they were taken.

    A line that a kill cut was told to nobody, and is none.

    Raises:
        DamagedFile: A line is not as it was written.
    """
    found = []
    for path in files:
        for line in path.read_bytes().split(b"\n")[:-1]:
            try:
                found.append(dict(json.loads(line)))
            except ValueError as error:
                raise DamagedFile(path, "written", "Restore it from a backup.") from error
    return sorted(found, key=lambda one: str(one["decision_id"]))


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
    found += label_files(lake) + decision_files(lake)
    found += [
        one for name in (EVALUATIONS, CONFUSION) for one in folder(lake, name).glob("*.parquet")
    ]
    found += [one for one in (vocabulary_file(lake),) if one.exists()]
    return sorted(found)


def vocabulary_file(lake: Lake) -> Path:
    """The topics that persons accepted or refused."""
    return folder(lake, TOPICS) / "topics.toml"


def write_vocabulary(lake: Lake, text: str) -> None:
    """Put another list of topics in the place of the one that is there.

    Raises:
        LakeError: It cannot be written.
    """
    path = vocabulary_file(lake)
    with writing(path, "the topics"), lake.temporary(".toml") as temporary:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        _place(lake, temporary, path)
