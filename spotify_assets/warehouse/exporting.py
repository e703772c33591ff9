"""What the DuckDB file holds, written out of it and made into a DuckDB file again.

Belongs here: listing what is there by the file's own catalogue, one result as a file, the whole as
a folder of Parquet with a manifest, and the way back. Does not belong here: what is shown of it.
"""

import datetime as dt
import difflib
import hashlib
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import duckdb
import xlsxwriter
from pydantic import BaseModel, ValidationError
from xlsxwriter.exceptions import XlsxFileError

from spotify_assets.lake.errors import writing
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.tables import literal

Kind = Literal["table", "view", "macro", "table macro"]
COMMENT_ON: dict[Kind, str] = {
    "table": "TABLE",
    "view": "VIEW",
    "table macro": "MACRO TABLE",
    "macro": "MACRO",
}
COPY_OPTIONS = {
    ".csv": "FORMAT csv, HEADER",
    ".json": "FORMAT json, ARRAY",
    ".ndjson": "FORMAT json",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}
XLSX = ".xlsx"
XLSX_ROWS = 1_048_575
"""Rows of a sheet of Excel below its header."""
XLSX_DIGITS = 15
"""Excel keeps so many digits of a number, and makes zeros of the rest."""
BATCH_ROWS = 10_000
MANIFEST, ANSWERS = "manifest.json", "macros.sql"
FORMAT = 1
"""Of the folder; another one cannot be restored by this version."""
NESTED = ("list", "array", "struct", "map", "union")
IDENTIFIER = r'(?:"(?:[^"]|"")+"|\w+)'
CREATED = re.compile(rf"CREATE (?:MACRO|VIEW) (?:({IDENTIFIER})\.)?({IDENTIFIER})")


class WrongRequest(Exception):
    """What was asked for cannot be: an unknown name, a wrong query, an ending of no format."""


@dataclass(frozen=True)
class Entry:
    """A table, view or macro of the file."""

    schema: str
    name: str
    kind: Kind
    comment: str
    """Empty where there is none."""

    @property
    def full_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The same, for a statement."""
        return f"{identifier(self.schema)}.{identifier(self.name)}"


@dataclass(frozen=True)
class Written:
    """A file that was written."""

    path: Path
    rows: int
    bytes: int


class Column(BaseModel):
    """A column, as the catalogue of the file has it."""

    name: str
    type: str
    comment: str | None


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


def identifier(name: str) -> str:
    """A name for a statement, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'


# What is there


def entries(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    """All tables, views and macros of the file, by kind and name."""
    found = connection.execute(
        """
        SELECT schema_name, table_name, 'table' AS kind, coalesce(comment, '') AS comment
        FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
        UNION ALL
        SELECT schema_name, view_name, 'view', coalesce(comment, '')
        FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
        UNION ALL
        SELECT DISTINCT
            schema_name, function_name, replace(function_type, '_', ' '), coalesce(comment, '')
        FROM duckdb_functions() WHERE database_name = current_database() AND NOT internal
        """
    ).fetchall()
    kinds = list(COMMENT_ON)
    listed = (Entry(*row) for row in found)
    return sorted(listed, key=lambda entry: (kinds.index(entry.kind), entry.full_name))


def find(listed: Sequence[Entry], name: str) -> Entry:
    """The entry of that name, with its schema or, where it is the only one, without.

    Raises:
        WrongRequest: There is none, or several; the message names those that may be meant.
    """
    for meant in (
        [entry for entry in listed if entry.full_name == name],
        [entry for entry in listed if entry.name == name],
    ):
        if len(meant) == 1:
            return meant[0]
        if meant:
            names = ", ".join(f"{entry.full_name} ({entry.kind})" for entry in meant)
            raise WrongRequest(f"{name} can be {names}. Say which, with its schema.")
    known = {word for entry in listed for word in (entry.full_name, entry.name)}
    near = dict.fromkeys(
        entry.full_name
        for word in difflib.get_close_matches(name, sorted(known))
        for entry in listed
        if word in (entry.full_name, entry.name)
    )
    guess = f" Did you mean {', '.join(near)}?" if near else ""
    raise WrongRequest(f"There is no {name}.{guess} `spotify-assets tables` lists what there is.")


def columns(connection: duckdb.DuckDBPyConnection, entry: Entry) -> list[Column]:
    """The columns of a table or view, in order."""
    rows = connection.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = ? "
        "AND table_name = ? AND database_name = current_database() ORDER BY column_index",
        [entry.schema, entry.name],
    ).fetchall()
    return [Column(name=name, type=type_, comment=comment) for name, type_, comment in rows]


def definition(connection: duckdb.DuckDBPyConnection, entry: Entry) -> str:
    """The statement that makes a macro or view."""
    return next(sql for sql in _schema(connection) if _created(sql) == entry.full_name)


def signature(definition: str) -> str:
    """The parameters of a macro as its definition has them, e.g. ``from_date, n := 50``."""
    return definition.partition("(")[2].partition(") AS ")[0]


def rows_of(connection: duckdb.DuckDBPyConnection, entry: Entry) -> str:
    """The query for all rows of a table or view; by its key where a contract names one."""
    contract = WAREHOUSE.get(entry.full_name)
    key = contract.key() if contract and entry.kind == "table" else ()
    # A file of another version may lack some.
    held = {column.name for column in columns(connection, entry)}
    order = ", ".join(identifier(name) for name in key) if held.issuperset(key) else ""
    return f"FROM {entry.sql}" + (f" ORDER BY {order}" if order else "")


def _schema(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The statements that make what the file holds, but for its rows and comments.

    Only DuckDB's own export tells the defaults of a macro's parameters.
    """
    (held,) = connection.execute("SELECT current_database()").fetchall()[0]
    with tempfile.TemporaryDirectory() as folder:
        # Not in memory: a connection that reads only has no other databases there.
        shape, exported = Path(folder, "shape.duckdb"), Path(folder, "exported")
        connection.execute(f"ATTACH {literal(str(shape))} AS shape (READ_WRITE)")
        try:
            connection.execute(f"COPY FROM DATABASE {identifier(held)} TO shape (SCHEMA)")
            connection.execute(f"EXPORT DATABASE shape TO {literal(str(exported))}")
        finally:
            connection.execute("DETACH shape")
        text = (exported / "schema.sql").read_text(encoding="utf-8")
    return [statement.query.strip("; \n") for statement in duckdb.extract_statements(text)]


def _created(statement: str) -> str | None:
    """Name and schema of the macro or view that a statement makes, if it makes one."""
    made = CREATED.match(statement)
    if made is None:
        return None
    return ".".join(_unquoted(part) for part in (made[1] or "main", made[2]))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


# One result as a file


def query_of(connection: duckdb.DuckDBPyConnection, what: str) -> str:
    """The query that ``what`` stands for: the name of a table or view, or a query itself.

    Raises:
        WrongRequest: It is neither.
    """
    if re.fullmatch(r"[\w.]+", what):
        entry = find(entries(connection), what)
        if "macro" in entry.kind:
            call = f'"FROM {entry.full_name}(…)"' if entry.kind == "table macro" else "a query"
            raise WrongRequest(
                f"{what} is a macro: write {call} with its parameters. "
                f"`spotify-assets describe {what}` shows them."
            )
        return rows_of(connection, entry)
    try:
        statements = connection.extract_statements(what)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise WrongRequest("That is not one query: write one, or the name of a table or view.")
        query = statements[0].query.strip().rstrip(";")
        connection.sql(query)
    except duckdb.Error as error:
        raise _not_taken(error) from error
    return str(query)


def export(
    connection: duckdb.DuckDBPyConnection, query: str, target: Path, *, force: bool = False
) -> Written:
    """Write what a query gives; the file appears by one rename.

    Args:
        connection: To the file that is asked.
        query: Of `query_of`. Its order is kept.
        target: Its ending is the format. Lists are JSON in CSV and Excel, where a field is one
            value. In Excel, times with a zone are in UTC, and numbers of more than 15 digits and
            days before 1900 are texts.
        force: Replace what is there.

    Raises:
        WrongRequest: The ending is of no format, the file is there, or DuckDB does not take the
            query.
        WarehouseError: There are more rows, or longer texts, than Excel takes.
        LakeError: The file cannot be written; nothing is left of it.
    """
    form = target.suffix.lower()
    if form not in (*COPY_OPTIONS, XLSX):
        endings = ", ".join((*COPY_OPTIONS, XLSX))
        raise WrongRequest(f"{target} has an ending of no format. There are: {endings}.")
    _refuse_existing(target, force=force)
    try:
        with writing(target, "the export"), _beside(target) as scratch, _disk_errors():
            temporary = scratch / f"export{form}"
            if form == XLSX:
                rows = _write_xlsx(connection, query, temporary)
            else:
                rows = _copy(connection, query, temporary)
            temporary.replace(target)
    except duckdb.Error as error:
        raise _not_taken(error) from error
    return Written(target, rows, target.stat().st_size)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Let DuckDB write the rows; how many."""
    if target.suffix == ".csv":
        query = _projected(connection, query, lambda kind, it: _json(it) if kind in NESTED else it)
    options = COPY_OPTIONS[target.suffix]
    # A line of its own: the query may end with a comment.
    done = connection.execute(f"COPY (FROM ({query}\n)) TO {literal(str(target))} ({options})")
    return int(done.fetchall()[0][0])


def _write_xlsx(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write the rows as the one sheet of an Excel file; how many."""
    names = connection.sql(query).columns
    rows = _projected(connection, query, _for_excel)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE exported AS FROM ({rows}\n) LIMIT {XLSX_ROWS + 1}"
    )
    count = int(connection.execute("SELECT count(*) FROM exported").fetchall()[0][0])
    if count > XLSX_ROWS:
        raise WarehouseError(
            f"A sheet of Excel takes {XLSX_ROWS:,} rows, and here are more. Nothing was written. "
            "Narrow the query, or write .csv or .parquet."
        )
    options = {"constant_memory": True, "tmpdir": str(target.parent)}
    workbook = xlsxwriter.Workbook(target, options)
    workbook.use_zip64()
    sheet = workbook.add_worksheet("export")
    sheet.freeze_panes(1, 0)
    # So wide that a time is shown and not ####.
    sheet.set_column(0, len(names) - 1, 20)
    header = workbook.add_format({"bold": True})
    for place, name in enumerate(names):
        sheet.write_string(0, place, name, header)
    put = _putter(sheet, workbook)
    held = connection.execute("FROM exported")
    batches = iter(lambda: held.fetchmany(BATCH_ROWS), [])
    for number, row in enumerate((row for batch in batches for row in batch), start=1):
        for place, value in enumerate(row):
            if put(number, place, value) != 0:
                raise WarehouseError(
                    f"Excel does not take row {number}, column {names[place]}: texts have at most "
                    "32,767 characters. Nothing was written. Write .csv or .parquet."
                )
    workbook.close()
    return count


def _putter(sheet: Any, workbook: Any) -> Callable[[int, int, Any], int]:
    """What writes a value into a cell; not 0 where Excel does not take it."""
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def put(row: int, column: int, value: Any) -> int:
        match value:
            case None:
                done = 0
            case bool():
                done = sheet.write_boolean(row, column, value)
            case int() | float() | Decimal() if _is_kept(value):
                done = sheet.write_number(row, column, value)
            case dt.date() if value.year >= 1900:  # noqa: PLR2004 - where Excel's days begin
                of_type = moment if isinstance(value, dt.datetime) else day
                done = sheet.write_datetime(row, column, value, of_type)
            case _:
                # Never as a formula or link, whatever it begins with.
                done = sheet.write_string(row, column, str(value))
        return int(done)

    return put


def _is_kept(number: float | Decimal) -> bool:
    """Whether Excel keeps all digits."""
    if isinstance(number, float):
        return math.isfinite(number)
    return len(Decimal(number).as_tuple().digits) <= XLSX_DIGITS


def _for_excel(kind: str, it: str) -> str:
    if kind in NESTED:
        return _json(it)
    if kind == "timestamp with time zone":
        return f"timezone('UTC', {it})"
    if kind.startswith("timestamp"):
        return f"{it}::TIMESTAMP"
    is_number = kind in ("float", "double", "decimal") or kind.endswith(("int", "integer"))
    return it if is_number or kind in ("boolean", "date") else f"{it}::VARCHAR"


def _json(it: str) -> str:
    return f"to_json({it})::VARCHAR"


def _projected(
    connection: duckdb.DuckDBPyConnection, query: str, expression: Callable[[str, str], str]
) -> str:
    """The query with an expression for each column: of its type, and what stands for it.

    By position, because two columns may have the same name.
    """
    result = connection.sql(query)
    names = [identifier(name) for name in _distinct(result.columns)]
    chosen = ", ".join(
        f"{expression(kind.id, f'#{place}')} AS {name}"
        for place, (name, kind) in enumerate(zip(names, result.types, strict=True), start=1)
    )
    return f"SELECT {chosen} FROM ({query}\n)"


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """The names, a repeated one with its number; to DuckDB, capitals are no difference."""
    seen: set[str] = set()
    for name in names:
        number, free = 0, name
        while free.casefold() in seen:
            number += 1
            free = f"{name}_{number}"
        seen.add(free.casefold())
        yield free


def _not_taken(error: duckdb.Error) -> WrongRequest:
    return WrongRequest(f"DuckDB does not take that query: {error}")


# The whole as a folder


def export_all(connection: duckdb.DuckDBPyConnection, folder: Path) -> Manifest:
    """Write every table as Parquet, the macros and views as SQL, and a manifest.

    All of one state of the file. The folder appears by one rename, and never takes another's place.

    Raises:
        WrongRequest: There is something in the folder already.
        LakeError: The folder cannot be written; nothing is left of it.
    """
    with writing(folder, "the export"):
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise WrongRequest(f"{folder} is not empty. Name a new folder: none is overwritten.")
        with _beside(folder) as scratch, _disk_errors():
            made = scratch / "export"
            made.mkdir()
            tables = [
                _export_table(connection, entry, made)
                for entry in entries(connection)
                if entry.kind == "table"
            ]
            (made / ANSWERS).write_text(_answers(connection), encoding="utf-8")
            manifest = Manifest(
                format=FORMAT,
                made_at=dt.datetime.now(dt.UTC),
                package_version=version("spotify-assets"),
                duckdb_version=duckdb.__version__,
                definition_hash=_definition_hash(connection, tables),
                answers_sha256=_sha256(made / ANSWERS),
                tables=tables,
            )
            text = manifest.model_dump_json(indent=2) + "\n"
            (made / MANIFEST).write_text(text, encoding="utf-8")
            made.replace(folder)
    return manifest


def _export_table(connection: duckdb.DuckDBPyConnection, entry: Entry, folder: Path) -> Table:
    target = _file(folder, entry)
    target.parent.mkdir(exist_ok=True)
    rows = _copy(connection, rows_of(connection, entry), target)
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


def _answers(connection: duckdb.DuckDBPyConnection) -> str:
    """The statements that make all macros and views, with their comments, in order."""
    listed = {entry.full_name: entry for entry in entries(connection) if entry.kind != "table"}
    lines = ["-- Macros and views, in an order in which DuckDB takes them."]
    for statement in _in_order(_schema(connection)):
        name = _created(statement)
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
                    f"These macros or views cannot be made anew: {why}. Nothing was exported. "
                    "Repair or drop them in the DuckDB file, then export again."
                )
            pending = list(refused)
    return ordered


# And back


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
    _refuse_existing(target, force=force)
    wal = target.with_name(f"{target.name}.wal")
    if wal.exists():
        # DuckDB would take it for the new file's own.
        raise WrongRequest(
            f"{wal} holds what a program has not yet written to {target}. Close that program, or "
            "choose another name."
        )
    manifest = _manifest(folder)
    _verify(folder, manifest)
    with writing(target, "the restored warehouse"), _beside(target) as scratch:
        made = scratch / "restored.duckdb"
        try:
            with _disk_errors(), duckdb.connect(made) as connection:
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


# Files


def _refuse_existing(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise WrongRequest(f"{target} is there already. --force replaces it.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk, which goes with all that is in it."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        yield Path(scratch)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """A full disk is an ``OSError``, whoever finds it."""
    try:
        yield
    except (
        duckdb.IOException,
        duckdb.FatalException,
        # What a commit makes of a full disk.
        duckdb.TransactionException,
        XlsxFileError,
    ) as error:
        raise OSError(str(error)) from error
