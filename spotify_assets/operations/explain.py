"""From a row back to what it was read from.

Row of the warehouse → row of ``processed`` → raw file and line → request and response, and the run
that asked; or, of a play that an export tells of, the export's row as it came.

Belongs here: finding the way back. Does not belong here: showing it, which is ``commands.query``.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import zstandard

from spotify_assets.lake import Lake, release_files
from spotify_assets.lake.comments import find_batch, read_batch
from spotify_assets.lake.exchanges import Exchange
from spotify_assets.lake.history import (
    FACTS_FILE,
    STREAMS,
    bring_up_to_date,
    file_folder,
    history_file,
)
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.lake.polls import PolledDay, day_of
from spotify_assets.lake.raw import read_exchanges
from spotify_assets.lake.release_files import RELEASE_FILES
from spotify_assets.schemas import RELEASES, WAREHOUSE, Contract, Stage
from spotify_assets.schemas.listening import DimItem, FactPlay, Plays, Polls, QuarantinedPlays
from spotify_assets.sources.account_export.rows import typed_version
from spotify_assets.sources.release_files.cells import decoded
from spotify_assets.sources.release_files.importing import newest_declared
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets.transforms.releases import UNKNOWN, declared_by
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import quoted

Row = dict[str, Any]
ORIGINS = {
    "track_id": "processed.tracks",
    "artist_id": "processed.artists",
    "album_id": "processed.albums",
}
"""For each id, the table whose rows name the raw line that describes it."""
DAYS = ("last_date", "valid_from", "date")
"""Columns that tell on which day the row was seen, the most telling first."""

RESTORE = "Restore it from a backup."
REPORT = """
SELECT *
FROM processed.plays
WHERE source_file = ? AND source_line * 100 + source_item = ?
"""
LAST_REPORT = "SELECT * FROM processed.plays WHERE track_id = ? ORDER BY reported_at DESC LIMIT 1"
CATALOGD = "SELECT * FROM star.dim_track WHERE track_id = ? AND is_current"
# Account data is asked last: it says of what has an id no more than its names.
LAST_EXPORTED = """
SELECT *
FROM star.fact_play
WHERE item_key = ? AND source <> 'api'
ORDER BY source = 'account', ended_at DESC, source_file, source_line
LIMIT 1
"""
# The call is entered just before it is sent; a minute is more than the ledger ever waits for.
ASKED_BY = """
SELECT run_id
FROM monitoring.requests
WHERE
    path = ?
    AND params = ?
    AND requested_at BETWEEN ?::TIMESTAMP - INTERVAL 1 MINUTE AND ?::TIMESTAMP
ORDER BY requested_at DESC
LIMIT 1
"""
SUMMED_BY = {
    **{name: name for name in ("campaign", "date", "result_indicator", "store", "country")},
    **{"sales_month": "month", "release_id": "release_id"},
}
"""Of a row that adds up lines of a download, the columns by which they are found in it."""
OURS = ("position", "has_track_key", "account")
"""What the raw rows of an export have beside the keys of its file."""
MADE_BY = "SELECT code_version FROM processed.extracts WHERE genre = ? AND date = ?"


class CannotExplain(ProjectError):
    """No one response or row of an export is behind the row, or it cannot be read."""


class UnknownKey(CannotExplain):
    """There is no such table or row; the message says what there is."""

    kind = FailureKind.USAGE


@dataclass(frozen=True)
class Exported:
    """A row of an export file."""

    raw: Row
    """As it came, without the keys that it has not."""
    facts: Mapping[str, Any]
    """What is known of the file, e.g. its name and when it was imported."""


@dataclass(frozen=True)
class Explanation:
    """The way back."""

    table: str
    row: Row
    origin: str
    """The table of ``processed`` or ``quarantine`` that the row was made from."""
    origin_row: Row
    source_file: Path
    source_line: int
    source: Exchange | Exported
    run_id: str | None
    """The Dagster run that asked the API; ``None`` where the ledger does not know."""
    code_version: str | None
    """Of the rules by which the response or the export was read; ``None`` where none is kept."""

    @property
    def whole(self) -> bytes:
        """All that came: the body of the response, or the row of the export as JSON."""
        if isinstance(self.source, Exported):
            return json.dumps(self.source.raw, ensure_ascii=False).encode() + b"\n"
        return self.source.response.body

    @property
    def shown(self) -> Any:
        """What was read, with the other objects of the list that holds this one left out."""
        if isinstance(self.source, Exported):
            return self.source.raw
        body = self.source.response.json()
        if body is None:
            return self.source.response.body.decode(errors="replace")
        if "source_item" in self.origin_row:
            return body["items"][self.origin_row["source_item"] - 1]
        ids = [self.origin_row[name] for name in (*ORIGINS, "id") if self.origin_row.get(name)]
        return _only(body, ids[0]) if ids else body


def explain(lake: Lake, database: Path, table: str, key: Sequence[str]) -> Explanation:
    """Find what a row was read from.

    Args:
        lake: Where the raw responses and exports lie.
        database: The warehouse.
        table: ``layer.table``.
        key: The values of the table's key, in its order.

    Raises:
        UnknownKey: There is no such table or row.
        CannotExplain: See there.
        WarehouseError: There is no warehouse.
        LakeError: A day of polls is damaged.
        OSError: The disk fails.
    """
    contract = WAREHOUSE.get(table)
    if contract is None:
        raise UnknownKey(f"There is no table {table}. There are: {', '.join(WAREHOUSE)}.")
    bring_up_to_date(lake)
    with read_only(database) as connection:
        if len(key) != len(contract.key()):
            said = f"{table} needs {len(contract.key())} values, not {len(key)}."
            raise UnknownKey(f"{said} {_keys(connection, contract)}")
        row = _one(connection, contract, dict(zip(contract.key(), key, strict=True)))
        if row is None:
            said = f"{table} has no row {shlex.join(key)}."
            raise UnknownKey(f"{said} {_keys(connection, contract)}")
        if contract in RELEASES:
            return _downloaded(lake, contract, row)
        if contract.stage() is Stage.COMMENTS:
            return _commented(connection, lake, contract, row)
        origin, origin_row = _origin(connection, lake, contract, row)
        if origin == STREAMS:
            return _exported(lake, table, row, origin_row)
        exchange = _exchange(lake, origin, origin_row)
        return Explanation(
            table,
            row,
            origin,
            origin_row,
            lake.root / origin_row["source_file"],
            exchange.line,
            exchange,
            _run_id(connection, exchange),
            _code_version(connection, origin_row),
        )


def _keys(connection: duckdb.DuckDBPyConnection, contract: type[Contract]) -> str:
    """What the key is made of, with two of those that are there."""
    columns = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in contract.key())
    found = connection.execute(f"SELECT {columns} FROM {quoted(contract)} LIMIT 2")  # noqa: S608
    examples = [shlex.join(one) for one in found.fetchall()]
    made_of = f"Its key is made of {' '.join(contract.key()).upper()}"
    return f"{made_of}, e.g. {' or '.join(examples)}." if examples else f"{made_of}; it is empty."


def _origin(
    connection: duckdb.DuckDBPyConnection, lake: Lake, contract: type[Contract], row: Row
) -> tuple[str, Row]:
    if contract is FactPlay:
        return _told(connection, lake, row)
    if contract is DimItem:
        return _described(connection, lake, row)
    if contract is QuarantinedPlays:
        return contract.table(), _set_aside(row)
    if "source_line" in row:
        return contract.table(), row
    name = f"{row['kind']}_id" if "kind" in row else _id_column(row)
    if name is None:
        raise CannotExplain(
            f"A row of {contract.table()} is made from all that was collected; no one response "
            "is behind it."
        )
    wanted = {name: row.get(name, row.get("id"))}
    wanted |= {"genre": row["genre"]} if "genre" in row else {}
    day = next((row[column] for column in DAYS if row.get(column)), None)
    wanted |= {"date": day} if day else {}
    # An inferred member has no row of its own; the credit or the track that names it has.
    for origin in (ORIGINS[name], "processed.track_artists", "processed.tracks"):
        columns = WAREHOUSE[origin].polars_schema().names()
        if name in columns and (found := _one(connection, WAREHOUSE[origin], wanted)):
            return origin, found
    raise CannotExplain(f"Nothing in processed describes {wanted}.")


def _commented(
    connection: duckdb.DuckDBPyConnection, lake: Lake, contract: type[Contract], row: Row
) -> Explanation:
    """The way back to the row of a batch of comments."""
    origin = row
    if "batch_row" not in row:
        if "comment_id" not in row:
            raise CannotExplain(
                f"A row of {contract.table()} is made from many comments; no one row of a batch is "
                "behind it."
            )
        wanted = {"comment_id": row["comment_id"]}
        origin = _one(connection, WAREHOUSE["comments.comments"], wanted) or row
    path = find_batch(lake, origin["batch_id"])
    if path is None:
        raise CannotExplain(f"The batch {origin['batch_id']} is not there: moved, or deleted.")
    batch = read_batch(path)
    lines = [dict(line) for line in batch.lines if line["row"] == origin["batch_row"]]
    if not lines:
        raise CannotExplain(f"{path} has no row {origin['batch_row']}: it was forgotten.")
    facts = {"file_name": batch.file_name or "a request to the API"}
    facts["imported_at"] = batch.received_at.isoformat()
    place, source = origin["batch_row"], Exported(lines[0], facts)
    table = "comments.comments" if "comment_id" in origin else contract.table()
    return Explanation(contract.table(), row, table, origin, path, place, source, None, None)


def _set_aside(row: Row) -> Row:
    """An item of a poll that could not be read; of an export nothing is kept to be shown."""
    if row["source"] != "api":
        raise CannotExplain(
            f"The row at {row['source_pointer']} of {row['source_file']} could not be read: "
            f"{row['reason']} What it held is not kept, because it may be personal: look it up in "
            "your export."
        )
    line, _, _ = row["source_pointer"].partition("/")
    return {**row, "source_line": int(line)}


def _told(connection: duckdb.DuckDBPyConnection, lake: Lake, play: Row) -> tuple[str, Row]:
    """The row of the source that speaks for a play."""
    file, line = play["source_file"], play["source_line"]
    if play["source"] != "api":
        streams = history_file(lake, STREAMS, Path(file).parent.name)
        return STREAMS, _row_at(streams, line)
    reported = _first(connection, REPORT, file, line)
    if reported is None:
        raise CannotExplain(f"processed.plays has no play {line} of {file}.")
    return Plays.table(), reported


def _described(connection: duckdb.DuckDBPyConnection, lake: Lake, item: Row) -> tuple[str, Row]:
    """The row that gives a played thing its names."""
    if item["known_from"] == "catalog":
        track = _first(connection, CATALOGD, item["track_id"])
        if track is not None:
            return _origin(connection, lake, WAREHOUSE["star.dim_track"], track)
    if item["known_from"] == "api":
        report = _first(connection, LAST_REPORT, item["track_id"])
        if report is not None:
            return Plays.table(), report
    play = _first(connection, LAST_EXPORTED, item["item_key"])
    if play is None:
        raise CannotExplain(f"No play of {item['item']} is left: nothing says what it is called.")
    return _told(connection, lake, play)


def _exported(lake: Lake, table: str, row: Row, stream: Row) -> Explanation:
    """The way back to a row of an export file."""
    streams = history_file(lake, STREAMS, file_folder(stream["file_id"]))
    path = history_file(lake, "raw.streaming_history", streams.parent.name)
    came = _row_at(path, stream["position"])
    raw = {name: value for name, value in came.items() if value is not None and name not in OURS}
    with _reading(path.with_name(FACTS_FILE)):
        facts = json.loads(path.with_name(FACTS_FILE).read_text(encoding="utf-8"))
    source = Exported(raw, facts)
    with _reading(streams):
        version = typed_version(streams)
    return Explanation(table, row, STREAMS, stream, path, stream["position"], source, None, version)


def _downloaded(lake: Lake, contract: type[Contract], row: Row) -> Explanation:
    """The way back to the lines of a download of a team."""
    if "file_id" not in row or "downloaded_at" in row:
        raise CannotExplain(
            f"A row of {contract.table()} is of no one file or line. What releases.toml declares "
            "is shown by `spotify-assets releases list`."
        )
    folder = release_files.file_folder(lake, row["file_id"])
    body = folder / release_files.BODY_FILE
    with _reading(body):
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        text = decoded(zstandard.ZstdDecompressor().decompress(body.read_bytes()))
        lines = [row["source_line"]] if "source_line" in row else _summed(lake, folder, facts, row)
        told = text.split("\n")
        raw = {f"line {line}": told[line - 1] for line in (1, *lines)}
    file = f"{RELEASE_FILES} of {facts['source']}"
    origin = {"kind": facts["kind"], "title or id in its name": facts["about"]}
    origin |= {"saved at": facts["downloaded_at"], "lines": len(lines)}
    version = facts["reader"]
    source = Exported(raw, facts)
    return Explanation(contract.table(), row, file, origin, body, lines[0], source, None, version)


def _summed(lake: Lake, folder: Path, facts: Row, row: Row) -> list[int]:
    """The lines of a file that a row adds up, or that it says otherwise than an earlier file."""
    rows = pl.read_parquet(folder / ROWS_FILE)
    if newest := newest_declared(lake):
        rows = declared_by(newest).match(facts, rows).rows
    for ours, theirs in SUMMED_BY.items():
        if row.get(ours) is not None and theirs in rows.columns:
            is_it = pl.col(theirs).cast(pl.String).fill_null(UNKNOWN) == str(row[ours])
            rows = rows.filter(is_it)
    if rows.is_empty():
        raise CannotExplain(f"{folder} has no line of it: it is damaged. {RESTORE}")
    return rows["source_line"].to_list()


def _exchange(lake: Lake, origin: str, row: Row) -> Exchange:
    path, line = lake.path(row["source_file"]), row["source_line"]
    is_poll = origin in (Plays.table(), Polls.table(), QuarantinedPlays.table())
    with _reading(path):
        # A day of polls may not be sealed yet.
        exchanges = PolledDay(lake, day_of(path.parent)).read() if is_poll else _sealed(lake, path)
        found = next((one for one in exchanges if one.line == line), None)
    if found is None:
        raise CannotExplain(f"{path} has no line {line}: it is damaged. {RESTORE}")
    return found


def _sealed(lake: Lake, path: Path) -> Iterator[Exchange]:
    if lake.url:
        # What was read from the store before may be of a day that was purged since.
        path.unlink(missing_ok=True)
        lake.fetched([lake.relative(path)])
    return read_exchanges(path)


def _run_id(connection: duckdb.DuckDBPyConnection, exchange: Exchange) -> str | None:
    params = json.dumps(dict(exchange.request.params), ensure_ascii=False)
    # Without the zone, as all times of the tables.
    sent_at = exchange.response.requested_at.replace(tzinfo=None)
    call = _first(connection, ASKED_BY, exchange.request.path, params, sent_at, sent_at)
    return call["run_id"] if call else None


def _code_version(connection: duckdb.DuckDBPyConnection, row: Row) -> str | None:
    if "genre" not in row:
        return None
    collection = _first(connection, MADE_BY, row["genre"], row["date"])
    return collection["code_version"] if collection else None


def _id_column(row: Row) -> str | None:
    # A credit is explained by its track, a track by itself and not by its album.
    return next((name for name in ORIGINS if row.get(name)), None)


def _one(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], values: Mapping[str, Any]
) -> Row | None:
    """The first row with these values, in the order of the key."""
    where = " AND ".join(f'CAST("{name}" AS VARCHAR) = ?' for name in values)
    order = ", ".join(f'"{name}"' for name in contract.key())
    return _first(
        connection,
        f"SELECT * FROM {quoted(contract)} WHERE {where} ORDER BY {order} LIMIT 1",  # noqa: S608
        *(str(value) for value in values.values()),
    )


def _first(connection: duckdb.DuckDBPyConnection, sql: str, *values: Any) -> Row | None:
    """The first row of a query."""
    cursor = connection.execute(sql, list(values))
    names = [column[0] for column in cursor.description or []]
    found = cursor.fetchone()
    return None if found is None else dict(zip(names, found, strict=True))


def _row_at(path: Path, position: int) -> Row:
    """The row of a Parquet file of an export that has this position."""
    with _reading(path):
        rows = pl.scan_parquet(path, hive_partitioning=False)
        found = rows.filter(pl.col("position") == position).collect().to_dicts()
    if not found:
        raise CannotExplain(f"{path} has no row {position}: it is damaged. {RESTORE}")
    return found[0]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Where the file that the body reads cannot be read, say so."""
    try:
        yield
    except FileNotFoundError as error:
        raise CannotExplain(f"{path} is not there: moved, or deleted. {RESTORE}") from error
    except (pl.exceptions.PolarsError, zstandard.ZstdError, ValueError) as error:
        raise CannotExplain(f"{path} is damaged: {error}. {RESTORE}") from error


def _only(value: Any, wanted: str) -> Any:
    """``value`` without the elements of lists that do not hold ``wanted``, beside one that does."""
    if isinstance(value, dict):
        return {key: _only(inner, wanted) for key, inner in value.items()}
    if isinstance(value, list):
        holds = [wanted in json.dumps(element) for element in value]
        if any(holds) and not all(holds):
            kept = [_only(v, wanted) for v, is_it in zip(value, holds, strict=True) if is_it]
            return [*kept, f"… and {len(value) - len(kept)} more"]
        return [_only(element, wanted) for element in value]
    return value
