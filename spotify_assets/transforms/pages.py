"""Raw files → the table `pages`: a row a response, with its artists, tracks and albums as lists.

Nearly all responses have the shape that they should have. So the files are read by that shape, in
one pass and strictly; only where one of them does not fit are they read as loose JSON instead, and
each misfit is looked for.
"""

import json

import duckdb

from spotify_assets.transforms.shapes import (
    ALBUM,
    CONTAINERS,
    ENDPOINTS,
    OBJECTS,
    VALUE,
    Container,
    Kind,
    duckdb_type,
    json_structure,
    mismatches,
)

# Larger than any response; DuckDB's own limit for a line is 16 MiB.
LONGEST_LINE_BYTES = 256 << 20
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


def read_pages(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `pages` and `shape_problems` from the table `sources` (file, source_file, genre, date).

    `pages`, a response a row: genre, date, source_file, source_line, endpoint, status, bytes,
    kinds, search_offset, search_limit, is_readable, raw_text, and artists, tracks, albums as lists.
    `shape_problems`: source_file, source_line, source_pointer, shape_problem.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE shape_problems "
        "(source_file VARCHAR, source_line INTEGER, source_pointer VARCHAR, shape_problem VARCHAR)"
    )
    try:
        connection.execute(_by_shape())
        loose = connection.sql("FROM pages WHERE NOT is_readable AND json_valid(raw_text) LIMIT 1")
        if loose.fetchone() is None:
            return
    except duckdb.InvalidInputException:
        pass
    connection.execute(_as_loose_json())
    _note_mismatches(connection)
    connection.execute(_pages_of_bodies())


def _by_shape() -> str:
    columns = {name: duckdb_type(shape) for name, shape in ENDPOINTS.items()}
    lists = {kind: _lists(kind, {name: f'r."{name}"' for name in ENDPOINTS}) for kind in OBJECTS}
    return _pages(lists, "r.text IS NULL AND r.base64 IS NULL", _lines(columns))


def _as_loose_json() -> str:
    body = " ".join(f"WHEN '{name}' THEN \"{name}\"" for name in ENDPOINTS)
    lines = _lines(dict.fromkeys(ENDPOINTS, VALUE))
    return f"""
        CREATE OR REPLACE TEMP TABLE bodies AS
        SELECT * EXCLUDE ({", ".join(f'"{name}"' for name in ENDPOINTS)}),
            coalesce(CASE endpoint {body} END,
                CASE WHEN json_valid(text) THEN CAST(text AS JSON) END) AS body
        FROM {lines}"""


def _pages_of_bodies() -> str:
    by_endpoint = {
        name: f"json_transform(r.body, '{json_structure(shape)}')"
        for name, shape in ENDPOINTS.items()
    }
    lists = {kind: _lists(kind, by_endpoint) for kind in OBJECTS}
    readable = "r.body IS NOT NULL OR (r.text IS NULL AND r.base64 IS NULL)"
    return _pages(lists, readable, "bodies")


def _lines(columns: dict[str, str]) -> str:
    named = ", ".join(f"\"{name}\": '{kind}'" for name, kind in {**HEAD, **columns}.items())
    return f"""read_json(getvariable('files'), format = 'newline_delimited', filename = 'file',
        maximum_object_size = {LONGEST_LINE_BYTES}, columns = {{{named}}})"""


def _pages(lists: dict[Kind, str], readable: str, lines: str) -> str:
    objects = ", ".join(
        f"CASE WHEN {readable} THEN {expression} END AS {kind}s"
        for kind, expression in lists.items()
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE pages AS
        SELECT s.genre, s.date, s.source_file, r.seq AS source_line, r.endpoint, r.status, r.bytes,
            r.params ->> '$.type' AS kinds,
            CAST(r.params ->> '$.offset' AS INTEGER) AS search_offset,
            CAST(r.params ->> '$.limit' AS INTEGER) AS search_limit,
            {readable} AS is_readable, coalesce(r.text, 'base64:' || r.base64, '') AS raw_text,
            {objects}
        FROM {lines} AS r JOIN sources AS s USING (file)"""


def _lists(kind: Kind, bodies: dict[str, str]) -> str:
    """The list of the objects of a kind, whatever the endpoint."""
    cases = [_case(c, bodies[c.endpoint]) for c in CONTAINERS if c.kind == kind]
    return f"CASE r.endpoint {' '.join(cases)} END"


def _case(container: Container, body: str) -> str:
    if container.is_single:
        objects = f"[{_only_fields(container.endpoint, body)}]"
    else:
        objects = ".".join([f"({body})", *container.list_path])
    if container.inner:
        objects = f"list_transform({objects}, lambda element: element.{container.inner})"
    return f"WHEN '{container.endpoint}' THEN CASE WHEN r.status = 200 THEN {objects} END"


def _only_fields(endpoint: str, body: str) -> str:
    """An album of its own has its tracks beside the fields that an album has everywhere."""
    if endpoint != "album":
        return body
    return "{" + ", ".join(f"'{name}': ({body}).{name}" for name in ALBUM) + "}"


def _note_mismatches(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `shape_problems`; a body that DuckDB alone takes for JSON is taken out of `bodies`."""
    rows = connection.sql(
        "SELECT file, source_file, seq, endpoint, CAST(body AS VARCHAR) "
        "FROM bodies JOIN sources USING (file) WHERE status = 200 AND body IS NOT NULL"
    ).fetchall()
    found: dict[tuple[str, int, str], list[str]] = {}
    unreadable: list[tuple[str, int]] = []
    for file, source_file, line, endpoint, body in rows:
        try:
            value = json.loads(body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            unreadable.append((file, line))
            continue
        for pointer, problem in mismatches(value, ENDPOINTS.get(endpoint, VALUE)):
            found.setdefault((source_file, line, pointer), []).append(problem)
    if found:
        connection.executemany(
            "INSERT INTO shape_problems VALUES (?, ?, ?, ?)",
            [(*place, "; ".join(problems)) for place, problems in found.items()],
        )
    if unreadable:
        connection.executemany(
            "UPDATE bodies SET body = NULL WHERE file = ? AND seq = ?", unreadable
        )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
