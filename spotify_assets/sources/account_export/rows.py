"""The rows of one export file: as they came, then typed.

Belongs here: which keys are kept, and how DuckDB reads them; ``rows.sql`` says what they mean.
Does not belong here: where the file comes from and where the rows go.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import duckdb
import pyarrow as pa
from pyarrow import parquet

from spotify_assets.sources.account_export.elements import MAX_ELEMENT, Element

SQL = (
    resources.files("spotify_assets.sources.account_export")
    .joinpath("rows.sql")
    .read_text(encoding="utf-8")
)
KEPT = (
    *("ts", "endTime", "ms_played", "msPlayed"),
    *("spotify_track_uri", "master_metadata_track_name", "master_metadata_album_artist_name"),
    *("master_metadata_album_album_name", "trackName", "artistName"),
    *("spotify_episode_uri", "episode_name", "episode_show_name", "episodeName", "podcastName"),
    *("audiobook_uri", "audiobook_title", "audiobook_chapter_uri", "audiobook_chapter_title"),
    *("audiobookName", "chapterName", "authorName"),
    *("reason_start", "reason_end", "shuffle", "skipped", "offline", "offline_timestamp"),
    *("incognito_mode", "platform", "conn_country"),
)
"""The only keys whose values are ever written: whatever Spotify adds may be personal."""
WHO = "username"
"""The key that names the account: of its value a pseudonym is written, never itself."""
ASKED = (*KEPT, WHO)
TRACK_KEY = "spotify_track_uri"
"""Files of 2020 lack it; where it is there and null, what was played is no track of Spotify's."""
RAW = """
-- What raw rows have; those of an older reader lack columns.
CREATE TABLE raw_rows (position BIGINT, problem VARCHAR, has_track_key BOOLEAN, {});
-- The same for the same account in this lake, and for nobody else.
CREATE MACRO pseudonym(t) AS left(sha256(getvariable('secret') || nullif(t, '')), 16);
""".format(", ".join(f'"{key}" VARCHAR' for key in (*KEPT, "account")))
READER = 2
"""Raise it when the same bytes give other raw rows, for a reason that no query here shows."""

# What is in a list or an object, where a value should be, may be personal: it is taken for
# nothing. A text cannot be told from a list that it spells.
SOUND = """
WITH sound AS (
    SELECT CASE
        WHEN ascii(COLUMNS(*)) IN (ascii('['), ascii('{')) AND json_valid(COLUMNS(*))
        THEN error('may be a list or an object')
        ELSE COLUMNS(*)
    END
    FROM list
)

SELECT
    row_number() OVER () AS position,
    CAST(NULL AS VARCHAR) AS problem,
    CAST(getvariable('has_track_key') AS BOOLEAN) AS has_track_key,
    * EXCLUDE (username),
    pseudonym(username) AS account
FROM sound
"""
ONE_BY_ONE = """
WITH checked AS (
    SELECT
        position,
        coalesce(json_valid(text), false) AS is_valid,
        CASE WHEN NOT is_valid THEN coalesce(problem, 'is no valid JSON') END AS problem,
        CASE WHEN is_valid THEN text ELSE '{}' END AS text
    FROM pieces
),

elements AS (
    SELECT
        position,
        problem,
        json_exists(text, getvariable('track_key')) AS has_track_key,
        unnest(json_transform(text, getvariable('shape')))
    FROM checked
),

texts AS (
    SELECT position, problem, has_track_key, CASE
        WHEN left(COLUMNS(* EXCLUDE (position, problem, has_track_key)), 1) IN ('[', '{') THEN NULL
        -- Not `->>`, which writes large numbers in other words than a reader of texts.
        ELSE json_transform(
            COLUMNS(* EXCLUDE (position, problem, has_track_key)), '"VARCHAR"'
        )
    END
    FROM elements
)

SELECT * EXCLUDE (username), pseudonym(username) AS account FROM texts
"""
STREAMS, QUARANTINED = "FROM streams($received)", "FROM quarantined($received)"
ENDS = """
SELECT count(*), min(ended_at), max(ended_at) FROM read_parquet(?, hive_partitioning = false)
"""
URIS = """
SELECT count(coalesce(spotify_track_uri, spotify_episode_uri))
FROM read_parquet(?, hive_partitioning = false)
"""
WHOSE = "SELECT mode(account) FROM read_parquet(?, hive_partitioning = false)"
REASONS = """
SELECT split_part(reason, ', got ', 1) AS reason, count(*) AS rows
FROM read_parquet(?, hive_partitioning = false)
GROUP BY ALL
ORDER BY rows DESC, reason
"""
VERSION = b"code_version"
MEMORY = "128MB"
LARGEST_LIST = 32 << 20
"""Spotify's files have 12.5 MB."""
PIECES = pa.schema([("position", pa.int64()), ("text", pa.string()), ("problem", pa.string())])
NOTHING_QUARANTINED = pa.schema(
    [(name, pa.string()) for name in ("source", "source_file", "source_pointer", "reason")]
)
ROW_GROUP = 20_480
"""DuckDB holds a row group in memory, untyped, until it is written."""
PORTION_CHARACTERS = 2 << 20


@dataclass(frozen=True)
class Origin:
    """What the rows of a file have in common."""

    file_id: str
    package: str
    is_video: bool
    source_file: str
    imported_at: dt.datetime
    """UTC, without a zone."""


def code_version() -> str:
    """The same for the same typed rows from the same raw rows: `rows.sql` says all of it."""
    return _short(SQL, RAW)


def reader_version() -> str:
    """The same for the same raw rows from the same bytes."""
    return _short(str(READER), RAW, SOUND, ONE_BY_ONE)


def _short(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Database:
    """DuckDB in memory that knows `rows.sql`, for many files and several threads."""

    connection: duckdb.DuckDBPyConnection
    receiving: Lock
    """One file is received at a time: a list that is read as a whole takes some 90 MB."""
    noting: Lock
    """What is known of a file is added to by one at a time: the same file may come twice."""


@contextmanager
def open_database() -> Iterator[Database]:
    """Such a database; opening one costs as much as a tenth of a file."""
    # Never a temporary file: it would hold what is personal.
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "temp_directory": "",
        # The buffer that a list is read into; else the process keeps one for each thread.
        "allocator_bulk_deallocation_flush_threshold": "32MB",
    }
    with duckdb.connect(config=config) as connection:
        connection.execute(RAW)
        connection.execute(SQL)
        yield Database(connection, Lock(), Lock())


def receive_list(
    database: Database, chunks: Iterable[bytes], target: Path, secret: str, *, has_track_key: bool
) -> int | None:
    """Write the rows of a file as they came: ``position``, ``problem``, and `KEPT` as text.

    Whether a value was quoted is lost; a list or an object is null. DuckDB reads the file through
    a pipe, so that an export is never on the disk unpacked, and holds it whole: of `LARGEST_LIST`
    at most.

    Args:
        database: Of `open_database`.
        chunks: The bytes of the file.
        target: The Parquet file.
        secret: Makes the pseudonym of an account.
        has_track_key: Whether the rows have the key `TRACK_KEY`; DuckDB does not tell.

    Returns:
        How many rows; ``None`` if it is no sound JSON list of objects, or a value in it may be a
        list: then ``target`` is not to be used.

    Raises:
        OSError: The disk is full.
    """
    known = {"secret": secret, "has_track_key": has_track_key}
    try:
        with (
            database.receiving,
            _pipe(chunks) as path,
            _session(database, known) as connection,
        ):
            connection.read_json(
                path,
                columns=dict.fromkeys(ASKED, "VARCHAR"),
                format="array",
                maximum_object_size=MAX_ELEMENT,
            ).create_view("list")
            return _copy(connection, SOUND, target)
    except (duckdb.InvalidInputException, duckdb.OutOfMemoryException):
        # Its text quotes what is in the file.
        return None


def receive_elements(
    database: Database, elements: Iterable[Element], target: Path, secret: str
) -> int:
    """Write the same for elements that were found one by one, in bounded memory.

    Returns:
        How many rows.

    Raises:
        OSError: The disk is full.
    """
    received = 0
    known = {
        "secret": secret,
        "track_key": f"$.{TRACK_KEY}",
        "shape": json.dumps(dict.fromkeys(ASKED, "JSON")),
    }
    with database.receiving, _session(database, known) as connection:
        connection.register("pieces", PIECES.empty_table())
        schema = connection.sql(ONE_BY_ONE).to_arrow_table().schema
        with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
            for portion in _portions(elements):
                connection.register("pieces", portion)
                writer.write_table(connection.sql(ONE_BY_ONE).to_arrow_table())
                received += portion.num_rows
    return received


def write_typed(
    database: Database,
    received: Path,
    origin: Origin,
    streams: Path,
    quarantined: Path,
) -> None:
    """Write the rows of `Streams` and of `QuarantinedPlays` that received rows make.

    Raises:
        OSError: The disk is full.
    """
    known = {**vars(origin), "had_track_key": _had_track_key(database, received)}
    with _session(database, known) as connection:
        readable = _copy(connection, STREAMS, streams, received=str(received))
        if readable < parquet.read_metadata(received).num_rows:
            _copy(connection, QUARANTINED, quarantined, received=str(received))
        else:
            parquet.write_table(NOTHING_QUARANTINED.empty_table(), quarantined, compression="zstd")


def typed_version(streams: Path) -> str | None:
    """The `code_version` that made the typed rows; ``None`` if it was before versions were kept.

    Raises:
        OSError: The file is damaged or gone.
    """
    try:
        told = parquet.read_metadata(streams).metadata or {}
    except pa.ArrowInvalid as error:
        raise OSError(f"{streams} is damaged") from error
    return told.get(VERSION, b"").decode() or None


def account_of(database: Database, received: Path) -> str | None:
    """The pseudonym that most raw rows have; ``None`` if no row names an account."""
    with _session(database) as connection:
        ((account,),) = connection.execute(WHOSE, [str(received)]).fetchall()
    return None if account is None else str(account)


def _had_track_key(database: Database, received: Path) -> bool:
    """What an older reader did not note: without a single URI, the file did not have the key."""
    if "has_track_key" in parquet.read_schema(received).names:
        return True
    with _session(database) as connection:
        ((uris,),) = connection.execute(URIS, [str(received)]).fetchall()
    return bool(uris)


class Account(NamedTuple):
    """What the typed rows of a file tell: how many are readable, from when to when, and why not."""

    readable: int
    first_at: dt.datetime | None
    last_at: dt.datetime | None
    reasons: Mapping[str, int]


def account(database: Database, streams: Path, quarantined: Path) -> Account:
    """The account of what `write_typed` has written; the reasons without the values."""
    with _session(database) as connection:
        ((readable, first_at, last_at),) = connection.execute(ENDS, [str(streams)]).fetchall()
        reasons = connection.execute(REASONS, [str(quarantined)]).fetchall()
    return Account(readable, first_at, last_at, dict(reasons))


def _copy(
    connection: duckdb.DuckDBPyConnection, query: str, target: Path, **parameters: str
) -> int:
    """Write the rows of a query; how many there are."""
    copy = f"""
        COPY ({query}) TO $target
        (
            FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP:d},
            KV_METADATA {{{VERSION.decode()}: '{code_version()}'}}
        )
    """
    ((rows,),) = connection.execute(copy, {**parameters, "target": str(target)}).fetchall()
    return int(rows)


@contextmanager
def _session(
    database: Database, known: Mapping[str, object] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with database.connection.cursor() as connection:
            for name, value in (known or {}).items():
                connection.execute(f"SET VARIABLE {name} = ?", [value])
            yield connection
    except duckdb.IOException as error:
        raise OSError(str(error)) from error


@contextmanager
def _pipe(chunks: Iterable[bytes]) -> Iterator[str]:
    """The name under which ``chunks`` can be read, once."""
    read_end, write_end = os.pipe()
    with ThreadPoolExecutor(1, "export") as pool:
        fed = pool.submit(_feed, chunks, write_end)
        try:
            yield f"/dev/fd/{read_end}"
        finally:
            os.close(read_end)
        fed.result()


def _feed(chunks: Iterable[bytes], write_end: int) -> None:
    # The reader may have had enough.
    with suppress(BrokenPipeError), open(write_end, "wb") as pipe:
        for chunk in chunks:
            pipe.write(chunk)


def _portions(elements: Iterable[Element]) -> Iterator[pa.Table]:
    positions: list[int] = []
    portion: list[Element] = []
    characters = 0
    for position, element in enumerate(elements, start=1):
        positions.append(position)
        portion.append(element)
        characters += len(element.text or "")
        if len(portion) == ROW_GROUP or characters > PORTION_CHARACTERS:
            yield _table(positions, portion)
            positions, portion, characters = [], [], 0
    if portion:
        yield _table(positions, portion)


def _table(positions: list[int], portion: list[Element]) -> pa.Table:
    texts = [element.text for element in portion]
    problems = [element.problem for element in portion]
    return pa.table([positions, texts, problems], schema=PIECES)
