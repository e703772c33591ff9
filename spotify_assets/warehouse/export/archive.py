"""The whole DuckDB file as a folder of Parquet with a manifest, and the way back.

Belongs here: writing the folder, and holding a restore to its manifest. Does not belong here: one
table or query as a file (``exporting``).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import duckdb
from pydantic import BaseModel, ValidationError

from spotify_assets.lake.errors import writing
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.export.exporting import copy
from spotify_assets.warehouse.export.placing import beside, disk_errors, refuse_existing
from spotify_assets.warehouse.inventory import (
    COMMENT_ON,
    Column,
    Entry,
    WrongRequest,
    columns,
    created,
    entries,
    rows_of,
    schema_of,
)
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import identifier, literal

MANIFEST, ANSWERS = "manifest.json", "macros.sql"


FORMAT = 1
"""Of the folder; another one cannot be restored by this version."""


class Table(BaseModel):
    """A table of an exported folder."""

    schema_name: str
    name: str
    comment: str
    rows: int
    bytes: int
    sha256: str
    columns: list[Column]

    @property
    def entry(self) -> Entry:
        """What it was in the DuckDB file, and is again."""
        return Entry(self.schema_name, self.name, "table", self.comment)


class Manifest(BaseModel):
    """What an exported folder holds, and what it was made from."""

    format: int
    made_at: dt.datetime
    package_version: str
    duckdb_version: str
    definition_hash: str | None
    """Of the contracts and queries that the DuckDB file was made by."""
    answers_sha256: str
    """Of the file with the macros and views."""
    tables: list[Table]


def export_all(database: Path, folder: Path) -> Manifest:
    """Write every table as Parquet, the macros and views as SQL, and a manifest.

    All of one state of the file. The folder appears by one rename, and never takes another's place.

    Args:
        database: The DuckDB file.
        folder: A new one, or one that is empty.

    Raises:
        WrongRequest: There is something in the folder already.
        WarehouseError: There is no warehouse, or its macros cannot be made again.
        LakeError: The folder cannot be written; nothing is left of it.
    """
    with writing(folder, "the export"):
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise WrongRequest(f"{folder} is not empty. Name a new folder: none is overwritten.")
        with beside(folder) as scratch:
            made = scratch / "export"
            made.mkdir()
            with read_only(database, scratch) as connection, disk_errors():
                manifest = _export_all(connection, made, scratch)
            text = manifest.model_dump_json(indent=2) + "\n"
            (made / MANIFEST).write_text(text, encoding="utf-8")
            made.replace(folder)
    return manifest


def _export_all(connection: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> Manifest:
    """Write all but the manifest, which it gives."""
    tables = [
        _export_table(connection, entry, folder)
        for entry in entries(connection)
        if entry.kind == "table"
    ]
    (folder / ANSWERS).write_text(_answers(connection, scratch), encoding="utf-8")
    return Manifest(
        format=FORMAT,
        made_at=dt.datetime.now(dt.UTC),
        package_version=version("spotify-assets"),
        duckdb_version=duckdb.__version__,
        definition_hash=_definition_hash(connection, tables),
        answers_sha256=_sha256(folder / ANSWERS),
        tables=tables,
    )


def _export_table(connection: duckdb.DuckDBPyConnection, entry: Entry, folder: Path) -> Table:
    target = _file(folder, entry)
    target.parent.mkdir(exist_ok=True)
    rows = copy(connection, rows_of(connection, entry), target)
    return Table(
        schema_name=entry.schema,
        name=entry.name,
        comment=entry.comment,
        rows=rows,
        bytes=target.stat().st_size,
        sha256=_sha256(target),
        columns=columns(connection, entry),
    )


def _file(folder: Path, entry: Entry) -> Path:
    # A name can hold anything; a file of a name that begins with a dot would be hidden, or above.
    schema, name = (
        quote(part, safe=" ").replace(".", "%2E") for part in (entry.schema, entry.name)
    )
    return folder / schema / f"{name}.parquet"


def _definition_hash(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> str | None:
    if "monitoring.definition" not in {table.entry.full_name for table in tables}:
        return None
    found = connection.execute("SELECT hash FROM monitoring.definition").fetchone()
    return None if found is None else str(found[0])


def _answers(connection: duckdb.DuckDBPyConnection, scratch: Path) -> str:
    """The statements that make all macros and views, with their comments, in order."""
    listed = {entry.full_name: entry for entry in entries(connection) if entry.kind != "table"}
    lines = ["-- Macros and views, in an order in which DuckDB takes them.", ""]
    # A schema may hold macros alone.
    schemas = dict.fromkeys(identifier(entry.schema) for entry in listed.values())
    lines += [f"CREATE SCHEMA IF NOT EXISTS {schema};" for schema in schemas]
    for statement in _in_order(schema_of(connection, scratch)):
        name = created(statement)
        if name is None:
            continue
        entry = listed[name]
        lines += ["", f"{statement};", *_comments(entry, columns(connection, entry))]
    return "\n".join([*lines, ""])


def _comments(entry: Entry, described: Iterable[Column]) -> Iterator[str]:
    if entry.comment:
        yield f"COMMENT ON {COMMENT_ON[entry.kind]} {entry.sql} IS {literal(entry.comment)};"
    for column in described:
        if column.comment:
            place = f"{entry.sql}.{identifier(column.name)}"
            yield f"COMMENT ON COLUMN {place} IS {literal(column.comment)};"


def _in_order(statements: Sequence[str]) -> list[str]:
    """The statements so that each finds what it uses; DuckDB exports them by their names.

    Raises:
        WarehouseError: Some cannot be made at all.
    """
    ordered: list[str] = []
    pending = list(statements)
    with duckdb.connect() as trial:
        while pending:
            refused: dict[str, duckdb.Error] = {}
            for statement in pending:
                try:
                    trial.execute(statement)
                except duckdb.Error as error:
                    refused[statement] = error
                else:
                    ordered.append(statement)
            if len(refused) == len(pending):
                why = "; ".join(f"{sql[:80]}…: {error}" for sql, error in refused.items())
                raise WarehouseError(
                    f"These macros or views cannot be made again: {why}. Nothing was exported. "
                    "Repair or drop them in the DuckDB file, then export again."
                )
            pending = list(refused)
    return ordered


def restore(folder: Path, target: Path, *, force: bool = False) -> Manifest:
    """Make a DuckDB file of an exported folder; it appears by one rename, whole.

    Args:
        folder: Of `export_all`. It can come from somebody else: while its SQL runs, DuckDB
            reaches no file outside it.
        target: The file.
        force: Replace what is there.

    Raises:
        WrongRequest: The file is there already, or is being written.
        WarehouseError: The folder is no export, or one of its files is missing or damaged; the
            message names it. No file is made.
        LakeError: The file cannot be written; nothing is left of it.
    """
    refuse_existing(target, force=force)
    wal = target.with_name(f"{target.name}.wal")
    if wal.exists():
        # DuckDB would take it for the new file's own.
        raise WrongRequest(
            f"{wal} holds what a program has not yet written to {target}. Close that program, or "
            "choose another name."
        )
    manifest = _manifest(folder)
    _verify(folder, manifest)
    with writing(target, "the restored warehouse"), beside(target) as scratch:
        made = scratch / "restored.duckdb"
        try:
            with disk_errors(), duckdb.connect(made) as connection:
                _restore(connection, folder.resolve(), manifest)
        except duckdb.Error as error:
            raise WarehouseError(
                f"{folder} cannot be restored: {error}. Nothing was made of it. Restore it with "
                f"spotify-assets {manifest.package_version}, which wrote it."
            ) from error
        made.replace(target)
    return manifest


def _restore(connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    connection.execute(f"SET allowed_directories = [{literal(f'{folder}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    connection.begin()
    for table in manifest.tables:
        entry, file = table.entry, _file(folder, table.entry)
        typed = ", ".join(f"{identifier(column.name)} {column.type}" for column in table.columns)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(entry.schema)}")
        connection.execute(f"CREATE TABLE {entry.sql} ({typed})")
        done = connection.execute(
            f"INSERT INTO {entry.sql} BY NAME "
            f"FROM read_parquet({literal(str(file))}, hive_partitioning = false)"
        )
        rows = int(done.fetchall()[0][0])
        if rows != table.rows:
            raise WarehouseError(_damaged(file, f"it holds {rows} rows, not {table.rows}"))
        for comment in _comments(entry, table.columns):
            connection.execute(comment)
    connection.execute((folder / ANSWERS).read_text(encoding="utf-8"))
    connection.commit()
    connection.execute("CHECKPOINT")


def _manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WarehouseError(
            f"{path} cannot be read: {error.strerror}. Name a folder that "
            "`spotify-assets export --all` made."
        ) from error
    except ValidationError as error:
        raise WarehouseError(_damaged(path, "it is no manifest")) from error
    if manifest.format != FORMAT:
        raise WarehouseError(
            f"{folder} is of format {manifest.format}; this version reads {FORMAT}. Restore it "
            f"with spotify-assets {manifest.package_version}, which wrote it."
        )
    return manifest


def _verify(folder: Path, manifest: Manifest) -> None:
    """Hold every file to the manifest.

    Raises:
        WarehouseError: One is missing, or is not as it was written.
    """
    told = {_file(folder, table.entry): table.sha256 for table in manifest.tables}
    for file, sha256 in {**told, folder / ANSWERS: manifest.answers_sha256}.items():
        try:
            is_same = _sha256(file) == sha256
        except OSError as error:
            raise WarehouseError(_damaged(file, error.strerror or str(error))) from error
        if not is_same:
            raise WarehouseError(_damaged(file, "its bytes are not those of the manifest"))


def _damaged(file: Path, why: str) -> str:
    return (
        f"{file} is missing or damaged: {why}. Nothing was restored. Take another copy of the "
        "folder, or export again."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
