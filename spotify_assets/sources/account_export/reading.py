"""An export file → its folders in the lake, whole or not at all.

Belongs here: identity, order of the steps, the account of a file. Does not belong here: what the
rows mean.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from spotify_assets.lake import Lake, history
from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.sources.account_export import facts, forms
from spotify_assets.sources.account_export.elements import (
    MAX_ELEMENT,
    closes,
    elements,
    wrapper,
)
from spotify_assets.sources.account_export.errors import ExportError
from spotify_assets.sources.account_export.packages import ExportFile, Found, Refused
from spotify_assets.sources.account_export.rows import (
    ASKED,
    KEPT,
    LARGEST_LIST,
    TRACK_KEY,
    Database,
    Origin,
    account,
    account_of,
    code_version,
    open_database,
    reader_version,
    receive_elements,
    receive_list,
    typed_version,
    write_typed,
)

ID_DIGITS = 16
AT_ONCE = 2
"""DuckDB reads a file in one thread; memory grows with each."""
IS_TRACK_KEY = re.compile(rb'"%s"\s{0,20}:' % TRACK_KEY.encode())
MAX_KEY = 64
MAX_END = 1_000


@dataclass(frozen=True)
class ImportedFile:
    """The account of an export file: ``received`` = ``readable`` + ``unreadable``."""

    file_id: str
    """First 16 hexadecimal digits of the SHA-256 of its bytes."""
    file_name: str
    package: str
    is_video: bool
    already: bool
    """It was in the lake before; nothing was touched."""
    received: int
    readable: int
    unreadable: int
    reasons: Mapping[str, int]
    """Why rows are unreadable, and how many; without the values."""
    first_at: dt.datetime | None
    """When the first play ended (UTC, without a zone)."""
    last_at: dt.datetime | None
    ends_early: bool
    """The file has no end of its list: rows after it are missing."""


def read_all(
    files: Iterable[ExportFile], lake: Lake, now: dt.datetime
) -> Iterator[ImportedFile | Refused]:
    """Import files, two at a time; the results come in the order of the files.

    A file that cannot be read is `Refused`, and the others go on.

    Raises:
        LakeError: The lake cannot be written; what was imported before is whole.
    """
    history.bring_up_to_date(lake)
    pool = ThreadPoolExecutor(AT_ONCE, "import")
    with open_database() as database:
        read_one = partial(_read_or_refuse, lake=lake, now=now, database=database)
        try:
            yield from pool.map(read_one, files)
        finally:
            pool.shutdown(cancel_futures=True)


def _read_or_refuse(
    file: ExportFile, lake: Lake, now: dt.datetime, database: Database
) -> ImportedFile | Refused:
    try:
        return _read(file, lake, now, database)
    except ExportError as error:
        return Refused(str(file), str(error))


def read(file: ExportFile, lake: Lake, now: dt.datetime) -> ImportedFile:
    """Import a file, unless its bytes are in the lake already.

    First come the raw rows, then what is made of them, `Streams` last: a file counts as imported
    from there on. Each folder appears by one rename, so an import that was killed is done again.

    Args:
        file: What `find` found.
        lake: Where the rows go.
        now: With a zone. No play is later than a day after it.

    Raises:
        ExportError: The file is damaged or gone, or changes while it is read.
        LakeError: The lake cannot be written.
    """
    with open_database() as database:
        return _read(file, lake, now, database)


def _read(file: ExportFile, lake: Lake, now: dt.datetime, database: Database) -> ImportedFile:
    seen = _look_through(file)
    there = facts.there(lake, seen.file_id)
    streams = history.history_file(lake, history.STREAMS, seen.folder)
    was_typed = streams.exists()
    is_current = there.get("reader_version") == reader_version()
    if not is_current:
        _receive(file, seen, there, lake, now, database)
    with database.noting:
        facts.note_origin(file, seen.file_id, lake)
    is_new = False
    if not is_current or not _is_typed(lake, seen.file_id):
        # What another thread was faster with was there already.
        is_new = _process(lake, seen.file_id, database) or was_typed
    return _account(lake, seen.file_id, database, already=not is_new)


@dataclass(frozen=True)
class Imported:
    """What an import came to.

    Attributes:
        file_ids: The export files, those too that had been imported before.
        new: Those that had not.
        refused: What could not be read, with the reason.
        warnings: What the listener should know.
    """

    file_ids: list[str]
    new: list[str]
    refused: list[tuple[str, str]]
    warnings: list[str]


def imported_before(found: Found, lake: Lake) -> Imported | None:
    """What an import of these files would come to, where the lake has all that they say.

    Their bytes are read, and no row. ``None`` where an import would change or refuse anything.

    Raises:
        ExportError: A file is damaged, gone, or cannot be read.
    """
    if found.refused:
        return None
    history.bring_up_to_date(lake)
    ids = []
    for file in found.files:
        digest = hashlib.sha256()
        for chunk in file.chunks():
            digest.update(chunk)
        file_id = digest.hexdigest()[:ID_DIGITS]
        known = facts.there(lake, file_id)
        if known.get("reader_version") != reader_version() or not _is_typed(lake, file_id):
            return None
        # Of a file that ends early an import says how much is there.
        if known["ends_early"] or facts.with_origin(file, lake, known) != known:
            return None
        ids.append(file_id)
    return Imported(ids, [], [], found.warnings)


def renew(lake: Lake) -> list[Refused]:
    """Make the typed rows of those files again that an older version of us made.

    Returns:
        The files whose rows cannot be made, with the reason: they stay as they are.
    """
    outdated = [one for one in history.imported_files(lake) if not _is_typed(lake, one)]
    if not outdated:
        return []
    with open_database() as database:
        tried = [_renewed(lake, one, database) for one in outdated]
    return [one for one in tried if one]


def _renewed(lake: Lake, file_id: str, database: Database) -> Refused | None:
    try:
        facts.complete(lake, file_id)
        _process(lake, file_id, database)
    except (LakeError, duckdb.Error, pa.ArrowInvalid) as error:
        return Refused(file_id, f"its rows cannot be typed again: {error}")
    return None


def _is_typed(lake: Lake, file_id: str) -> bool:
    """Whether a file has typed rows that this version made."""
    folder = history.file_folder(file_id)
    streams = history.history_file(lake, history.STREAMS, folder)
    quarantined = history.history_file(lake, history.QUARANTINED_PLAYS, folder)
    try:
        return quarantined.exists() and typed_version(streams) == code_version()
    except OSError:
        return False


def process(lake: Lake, file_id: str) -> bool:
    """Make the typed rows of a file from its raw rows in the lake, again if they are there.

    Returns:
        Whether they were not there before.

    Raises:
        LakeError: The lake cannot be written; the rows that were there are unchanged.
    """
    with open_database() as database:
        return _process(lake, file_id, database)


def _process(lake: Lake, file_id: str, database: Database) -> bool:
    folder = history.file_folder(file_id)
    known = facts.read(lake, file_id)
    received = history.history_file(lake, history.STREAMING_HISTORY, folder)
    origin = Origin(
        file_id,
        known["package"],
        known["is_video"],
        lake.relative(received),
        _naive(dt.datetime.fromisoformat(known["imported_at"])),
    )
    with history.making(lake) as streams, history.making(lake) as quarantined:
        with writing(streams, f"the rows of the file {file_id}"):
            targets = streams / ROWS_FILE, quarantined / ROWS_FILE
            write_typed(database, received, origin, *targets)
        history.place(
            lake, quarantined, history.history_folder(lake, history.QUARANTINED_PLAYS, folder)
        )
        return history.place(lake, streams, history.history_folder(lake, history.STREAMS, folder))


@dataclass(frozen=True)
class _Seen:
    """What the bytes of a file tell without reading them as JSON."""

    sha256: str
    size: int
    first: bytes
    end: bytes
    """Its last bytes that are not blank."""
    is_wrapped: bool
    """Its list lies in an object."""
    is_spelled: bool
    """Its first rows have the keys in the capitals that Spotify writes."""
    has_long_element: bool
    """For the length of the longest element that is read, none begins."""
    track_keys: int
    """How often `TRACK_KEY` is a key."""
    chunks: tuple[bytes, ...]
    """All of its bytes; none, where they are more than `LARGEST_LIST`."""

    @property
    def file_id(self) -> str:
        return self.sha256[:ID_DIGITS]

    @property
    def folder(self) -> str:
        return history.file_folder(self.file_id)

    @property
    def ends_early(self) -> bool:
        if self.is_wrapped:
            return not closes(self.end.decode(errors="replace"))
        # One object a line, or one after the other, has no other end.
        return not self.end.endswith(b"}" if self.first == b"{" else b"]")

    @property
    def is_list(self) -> bool:
        """It may be a sound list; DuckDB would not see that it is cut after a comma."""
        is_whole = self.first == b"[" and not self.ends_early and self.is_spelled
        return is_whole and bool(self.chunks) and not self.has_long_element


def _look_through(file: ExportFile) -> _Seen:
    digest, sizes = hashlib.sha256(), [0]
    first = end = before = b""
    head = ""
    without_row = longest = track_keys = 0
    chunks: list[bytes] = []
    size = 0
    for chunk in forms.utf_8(_noted(file.chunks(), digest, sizes)):
        size += len(chunk)
        head = head or chunk.decode(errors="replace")
        first = first or chunk.lstrip(forms.BLANK)[:1]
        end = (end + chunk).rstrip(forms.BLANK)[-MAX_END:] if chunk.strip() else end
        without_row = 0 if b"{" in chunk else without_row + len(chunk)
        longest = max(longest, without_row)
        track_keys += _track_keys(before, chunk)
        before = chunk
        if size <= LARGEST_LIST:
            chunks.append(chunk)
        else:
            chunks.clear()
    return _Seen(
        digest.hexdigest(),
        sizes[0],
        first,
        end,
        is_wrapped=wrapper(head, ASKED) > 0,
        is_spelled=_is_spelled(file.keys),
        has_long_element=longest > MAX_ELEMENT // 2,
        track_keys=track_keys,
        chunks=tuple(chunks),
    )


def _noted(chunks: Iterable[bytes], digest: "hashlib._Hash", sizes: list[int]) -> Iterator[bytes]:
    """The bytes as they lie on the disk, by which a file is known."""
    for chunk in chunks:
        digest.update(chunk)
        sizes[0] += len(chunk)
        yield chunk


def _is_spelled(keys: Iterable[str]) -> bool:
    """Whether keys have the capitals that DuckDB looks for."""
    spelled = {key.lower(): key for key in ASKED}
    return all(spelled.get(key.lower(), key) == key for key in keys)


def _track_keys(before: bytes, chunk: bytes) -> int:
    """How often the key of a track's URI ends in a chunk; in a text, its quotes are escaped."""
    seam = before[-MAX_KEY:]
    return sum(match.end() > len(seam) for match in IS_TRACK_KEY.finditer(seam + chunk))


def _receive(
    file: ExportFile,
    seen: _Seen,
    there: Mapping[str, Any],
    lake: Lake,
    now: dt.datetime,
    database: Database,
) -> None:
    """Write the raw rows and the facts of a file, in the place of what an older reader wrote."""
    secret = history.secret(lake)
    with history.making(lake) as made:
        rows = made / ROWS_FILE
        with writing(made, f"the rows of {file.file_name}"):
            records = _receive_rows(file, seen, rows, database, secret)
            known = {
                "file_name": file.file_name,
                "package": file.package,
                "media": file.media,
                "part": file.part,
                "is_video": file.is_video,
                "account": account_of(database, rows),
                "downloads": [],
                "shows": [],
                "bytes": seen.size,
                "sha256": seen.sha256,
                "imported_at": now.isoformat(),
                "records": records,
                "ends_early": seen.ends_early,
                "dropped_keys": sorted(file.keys - set(KEPT)),
                "reader_version": reader_version(),
            }
            # The file that was imported first stands for a play: it keeps its place.
            known |= {key: there[key] for key in facts.KEPT_FOR_EVER if key in there}
            (made / history.FACTS_FILE).write_text(facts.text(known), encoding="utf-8")
        history.place(
            lake, made, history.history_folder(lake, history.STREAMING_HISTORY, seen.folder)
        )


def _receive_rows(
    file: ExportFile, seen: _Seen, target: Path, database: Database, secret: str
) -> int:
    if seen.is_list:
        has_key = seen.track_keys > 0
        content = _content(file, seen)
        records = receive_list(database, content, target, secret, has_track_key=has_key)
        if records is not None and seen.track_keys in (0, records):
            return records
    return receive_elements(database, elements(_content(file, seen), ASKED), target, secret)


def _content(file: ExportFile, seen: _Seen) -> Iterable[bytes]:
    return seen.chunks or _again(file, seen)


def _again(file: ExportFile, seen: _Seen) -> Iterator[bytes]:
    """The text of a file once more, its bytes held to what they were."""
    digest = hashlib.sha256()
    yield from forms.utf_8(_noted(file.chunks(), digest, [0]))
    if digest.hexdigest() != seen.sha256:
        raise ExportError(f"{file} changed while it was read: import it again.")


def _account(lake: Lake, file_id: str, database: Database, *, already: bool) -> ImportedFile:
    known = facts.read(lake, file_id)
    folder = history.file_folder(file_id)
    typed = account(
        database,
        history.history_file(lake, history.STREAMS, folder),
        history.history_file(lake, history.QUARANTINED_PLAYS, folder),
    )
    return ImportedFile(
        file_id,
        known["file_name"],
        known["package"],
        known["is_video"],
        already,
        known["records"],
        typed.readable,
        sum(typed.reasons.values()),
        typed.reasons,
        typed.first_at,
        typed.last_at,
        known["ends_early"],
    )


def _naive(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
