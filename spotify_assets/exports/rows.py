"""The rows of one export file: as they came, then typed.

Belongs here: which keys are kept, and how DuckDB reads them; ``rows.sql`` says what they mean.
Does not belong here: where the file comes from and where the rows go.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import parquet

from spotify_assets.exports.elements import LONGEST_ELEMENT, Element

SQL = resources.files("spotify_assets.exports").joinpath("rows.sql").read_text()
KEPT = (
    *("ts", "endTime", "ms_played", "msPlayed"),
    *("spotify_track_uri", "master_metadata_track_name", "master_metadata_album_artist_name"),
    *("master_metadata_album_album_name", "trackName", "artistName"),
    *("spotify_episode_uri", "episode_name", "episode_show_name", "episodeName", "podcastName"),
    *("audiobook_uri", "audiobook_title", "audiobook_chapter_uri", "audiobook_chapter_title"),
    *("reason_start", "reason_end", "shuffle", "skipped", "offline", "offline_timestamp"),
    *("incognito_mode", "platform", "conn_country"),
)
"""The only keys whose values are ever written: whatever Spotify adds may be personal."""

# What is in a list or an object, where a value should be, may be personal too.
ROWS = """
CREATE TEMP VIEW rows AS
SELECT position, problem, CASE
    WHEN left(COLUMNS(* EXCLUDE (position, problem)), 1) IN ('{', '[') THEN 'null'
    ELSE CAST(COLUMNS(* EXCLUDE (position, problem)) AS VARCHAR)
END
FROM elements
"""
ELEMENTS_OF_LIST = """
CREATE TEMP VIEW elements AS
SELECT row_number() OVER () AS position, CAST(NULL AS VARCHAR) AS problem, * FROM list
"""
ELEMENTS_ONE_BY_ONE = """
CREATE TEMP VIEW elements AS
SELECT
    position,
    CASE WHEN text IS NULL OR NOT json_valid(text) THEN coalesce(problem, 'is no valid JSON') END
        AS problem,
    unnest(json_transform(
        CASE WHEN json_valid(text) THEN text ELSE '{}' END, getvariable('shape')
    ))
FROM pieces
"""
LARGEST_LIST = 32 << 20
"""Spotify's files have 12.5 MB."""
PIECES = pa.schema([("position", pa.int64()), ("text", pa.string()), ("problem", pa.string())])
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
    return hashlib.sha256(SQL.encode()).hexdigest()[:8]


def receive_list(chunks: Iterable[bytes], target: Path) -> bool:
    """Write the rows of a file as they came: ``position``, ``problem``, and `KEPT` as JSON.

    DuckDB reads it through a pipe, so that an export is never on the disk unpacked, and holds it
    whole: of `LARGEST_LIST` at most.

    Returns:
        Whether it is a sound JSON list of objects; otherwise ``target`` is not to be used.

    Raises:
        OSError: The disk is full.
    """
    try:
        with _pipe(chunks) as path, _database() as connection:
            connection.read_json(
                path,
                columns=dict.fromkeys(KEPT, "JSON"),
                format="array",
                maximum_object_size=LONGEST_ELEMENT,
            ).create_view("list")
            connection.execute(ELEMENTS_OF_LIST + ";" + ROWS)
            _copy(connection, "FROM rows", target)
    except (duckdb.InvalidInputException, duckdb.OutOfMemoryException):
        # Its text quotes what is in the file.
        return False
    return True


def receive_elements(elements: Iterable[Element], target: Path) -> None:
    """Write the same for elements that were found one by one, in bounded memory.

    Raises:
        OSError: The disk is full.
    """
    with _database() as connection:
        connection.execute("SET VARIABLE shape = ?", [json.dumps(dict.fromkeys(KEPT, "JSON"))])
        connection.register("pieces", PIECES.empty_table())
        connection.execute(ELEMENTS_ONE_BY_ONE + ";" + ROWS)
        schema = connection.sql("FROM rows").to_arrow_table().schema
        with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
            for portion in _portions(elements):
                connection.register("pieces", portion)
                writer.write_table(connection.sql("FROM rows").to_arrow_table())


def write_typed(received: Path, origin: Origin, streams: Path, quarantined: Path) -> None:
    """Write the rows of `Streams` and of `QuarantinedPlays` that received rows make.

    Raises:
        OSError: The disk is full.
    """
    with _database() as connection:
        for name, value in vars(origin).items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        connection.read_parquet(str(received)).create_view("received")
        connection.execute(SQL)
        readable = _copy(connection, "FROM streams", streams)
        unreadable = connection.view("received").count("*").fetchall()[0][0] - readable
        # Where there is none, no row is asked for its reason.
        _copy(connection, f"FROM quarantined LIMIT {unreadable:d}", quarantined)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write the rows of a query; how many there are."""
    copy = f"COPY ({query}) TO ? (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP:d})"
    ((rows,),) = connection.execute(copy, [str(target)]).fetchall()
    return int(rows)


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    # Never a temporary file: it would hold what is personal.
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": "128MB",
        "temp_directory": "",
    }
    connection = duckdb.connect(config=config)
    try:
        yield connection
    except duckdb.IOException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


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
