"""Raw files → the table `pages`: a row a response, with its artists, tracks and albums as lists.

Nearly all responses have the shape that they should have. So the files are read by that shape, in
one pass and strictly; only where one of them does not fit are they read by ``json_reader`` instead,
the reader that the client judges answers by, and each misfit is looked for.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import zstandard

from spotify_assets.text import json_reader
from spotify_assets.transforms.catalog.shapes import (
    ALBUM,
    CONTAINERS,
    ENDPOINTS,
    OBJECTS,
    PAGING,
    VALUE,
    Container,
    Kind,
    duckdb_type,
    json_structure,
    mismatches,
)

# Larger than any response; DuckDB's own limit for a line is 16 MiB.
MAX_LINE_BYTES = 256 << 20
HEAD = {
    "seq": "INTEGER",
    "endpoint": "VARCHAR",
    "params": "JSON",
    "status": "INTEGER",
    "bytes": "BIGINT",
    "text": "VARCHAR",
    "base64": "VARCHAR",
}
"""The columns of a raw line beside the body, which stands under the name of its endpoint."""
NUMBERS = {"INTEGER": pl.Int32(), "BIGINT": pl.Int64()}
HEAD_TYPES = {name: NUMBERS.get(kind, pl.String()) for name, kind in HEAD.items()}
OK = 200


def read_pages(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `pages` and `shape_problems` from the table `sources` (file, source_file, genre, date).

    `pages`, a response a row: genre, date, source_file, source_line, endpoint, params, status,
    bytes, kinds, search_offset, search_limit, is_readable, raw_text, artists, tracks, albums as
    lists, and of a search artist_page, track_page, album_page: offset, limit, total, next.
    `shape_problems`: source_file, source_line, source_pointer, shape_problem.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE shape_problems "
        "(source_file VARCHAR, source_line INTEGER, source_pointer VARCHAR, shape_problem VARCHAR)"
    )
    try:
        connection.execute(_by_shape())
        if not _is_anything_unread(connection):
            return
    except duckdb.InvalidInputException:
        pass
    _read_loosely(connection)
    connection.execute(_pages_of_bodies())


def _is_anything_unread(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a response that DuckDB did not read is JSON to our reader."""
    texts = connection.sql(
        "SELECT raw_text FROM pages WHERE NOT is_readable AND status = 200 "
        "AND NOT starts_with(raw_text, 'base64:')"
    )
    return any(_is_json(text) for (text,) in texts.fetchall())


def _is_json(text: str) -> bool:
    try:
        json_reader.read(text)
    except ValueError:
        return False
    return True


def _by_shape() -> str:
    columns = {name: duckdb_type(shape) for name, shape in ENDPOINTS.items()}
    bodies = {name: f'r."{name}"' for name in ENDPOINTS}
    return _pages(bodies, "r.text IS NULL AND r.base64 IS NULL", _lines(columns))


def _pages_of_bodies() -> str:
    by_endpoint = {
        name: f"json_transform(r.body, '{json_structure(shape)}')"
        for name, shape in ENDPOINTS.items()
    }
    return _pages(by_endpoint, "r.body IS NOT NULL", "bodies")


def _lines(columns: dict[str, str]) -> str:
    named = ", ".join(f"\"{name}\": '{kind}'" for name, kind in {**HEAD, **columns}.items())
    return f"""read_json(getvariable('files'), format = 'newline_delimited', filename = 'file',
        maximum_object_size = {MAX_LINE_BYTES}, columns = {{{named}}})"""


def _pages(bodies: dict[str, str], readable: str, lines: str) -> str:
    objects = ", ".join(
        f"CASE WHEN {readable} THEN {_lists(kind, bodies)} END AS {kind}s" for kind in OBJECTS
    )
    of_search = f"r.endpoint = 'search' AND r.status = 200 AND {readable}"
    search = bodies["search"]
    paging = ", ".join(
        f"CASE WHEN {of_search} THEN {_paging(f'({search}).{kind}s')} END AS {kind}_page"
        for kind in OBJECTS
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE pages AS
        SELECT s.genre, s.date, s.source_file, r.seq AS source_line, r.endpoint,
            CAST(r.params AS VARCHAR) AS params, r.status, r.bytes, r.params ->> '$.type' AS kinds,
            CAST(r.params ->> '$.offset' AS INTEGER) AS search_offset,
            CAST(r.params ->> '$.limit' AS INTEGER) AS search_limit,
            {readable} AS is_readable, coalesce(r.text, 'base64:' || r.base64, '') AS raw_text,
            {objects}, {paging}
        FROM {lines} AS r JOIN sources AS s USING (file)"""


def _lists(kind: Kind, bodies: dict[str, str]) -> str:
    """The list of the objects of a kind, whatever the endpoint."""
    cases = [_case(c, bodies[c.endpoint]) for c in CONTAINERS if c.kind == kind]
    return f"CASE r.endpoint {' '.join(cases)} END"


def _paging(page: str) -> str:
    return "{" + ", ".join(f"'{name}': {page}.\"{name}\"" for name in PAGING) + "}"


def _is_as_asked(container: Container, body: str) -> str:
    """Whether a page of a search is of the positions that were asked for, where it says so."""
    if container.endpoint != "search":
        return ""
    page = ".".join([f"({body})", *container.list_path[:-1]])
    return "".join(
        f" AND coalesce(json_type({page}.\"{name}\") NOT IN ('UBIGINT', 'BIGINT', 'DOUBLE') OR "
        f"TRY_CAST({page}.\"{name}\" AS DOUBLE) = CAST(r.params ->> '$.{name}' AS DOUBLE), true)"
        for name in ("offset", "limit")
    )


def _case(container: Container, body: str) -> str:
    if container.is_single:
        objects = f"[{_only_fields(container.endpoint, body)}]"
    else:
        objects = ".".join([f"({body})", *container.list_path])
    if container.inner:
        inner = ", ".join(f"element.{name}" for name in container.inner)
        objects = f"list_transform({objects}, lambda element: coalesce({inner}))"
    is_answer = f"r.status = 200{_is_as_asked(container, body)}"
    return f"WHEN '{container.endpoint}' THEN CASE WHEN {is_answer} THEN {objects} END"


def _only_fields(endpoint: str, body: str) -> str:
    """An album of its own has its tracks beside the fields that an album has everywhere."""
    if endpoint != "album":
        return body
    return "{" + ", ".join(f"'{name}': ({body}).{name}" for name in ALBUM) + "}"


def _read_loosely(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `bodies`, a response a row, by our own reader, and fill `shape_problems`."""
    heads: list[dict[str, Any]] = []
    problems: list[tuple[str, int, str, str]] = []
    sources = connection.sql("SELECT file, source_file FROM sources").fetchall()
    for file, source_file in sources:
        for record in _records(Path(file)):
            is_read, body = _body(record)
            heads.append(
                {
                    "file": file,
                    **{name: record.get(name) for name in HEAD},
                    "params": json_reader.write(record["params"]),
                    "body": json_reader.write(body) if is_read else None,
                }
            )
            if not is_read or record["status"] != OK:
                continue
            found: dict[str, list[str]] = {}
            for pointer, problem in mismatches(body, ENDPOINTS.get(record["endpoint"], VALUE)):
                found.setdefault(pointer, []).append(problem)
            problems += (
                (source_file, record["seq"], pointer, "; ".join(said))
                for pointer, said in found.items()
            )
    schema = {"file": pl.String, **HEAD_TYPES, "body": pl.String}
    connection.register("heads", pl.DataFrame(heads, schema=schema).to_arrow())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE bodies AS SELECT * REPLACE (CAST(params AS JSON) AS params, "
        "CAST(body AS JSON) AS body) FROM heads"
    )
    connection.unregister("heads")
    if problems:
        connection.executemany("INSERT INTO shape_problems VALUES (?, ?, ?, ?)", problems)


def _records(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a raw file; a body that stands in one is a level deeper than by itself."""
    with (
        file.open("rb") as compressed,
        zstandard.ZstdDecompressor().stream_reader(compressed) as stream,
    ):
        for line in io.TextIOWrapper(stream, encoding="utf-8", newline="\n"):
            yield json_reader.read(line, max_depth=json_reader.MAX_DEPTH + 1)


def _body(record: dict[str, Any]) -> tuple[bool, Any]:
    """Whether the body of a line is JSON, and its value."""
    if record["endpoint"] in record:
        return True, record[record["endpoint"]]
    try:
        return "text" in record, json_reader.read(record.get("text", "null"))
    except ValueError:
        return False, None
