"""BigQuery, Snowflake and Redshift: the statements that bring the tables there, printed.

They load the Parquet files of ``spotify-assets export --all`` from a bucket beside the tables, and
merge them in one transaction, in the way that each service documents. No service is connected to:
the script is run with its own client, which has its own sign-in.

Belongs here: the words of the three. Does not belong here: what a table is.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import polars as pl
from pydantic import SecretStr

from spotify_assets.schemas import Column
from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.relations import Relation, relations
from spotify_assets.warehouse.databases.targets import Difference, Sent
from spotify_assets.warehouse.tables import literal

HEAD = """-- The tables in {name}, made and filled. Not run by spotify-assets.
-- 1. spotify-assets export --all FOLDER
-- 2. Copy FOLDER to {files}
-- 3. Run this script with the client of the service. It can be run again at any time.
"""

STAGED = "_staged"
LIST, MOMENT = pl.List(pl.String()), pl.Datetime("us")
TYPES: dict[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Date(): "DATE",
    pl.Int32(): "INTEGER",
    pl.Int64(): "BIGINT",
    pl.Boolean(): "BOOLEAN",
    pl.Float64(): "DOUBLE PRECISION",
}


@dataclass(frozen=True)
class CloudWarehouse(ABC):
    """One of the three: each says what is special to it."""

    url: SecretStr
    layers: Layers
    time_zone: str

    scheme: ClassVar[str]
    example: ClassVar[str]
    types: ClassVar[dict[pl.DataType, str]]
    quote: ClassVar[str] = '"'
    """Around a name."""
    has_alias: ClassVar[bool] = True
    """Whether the table that is merged into can have another name."""
    beside: ClassVar[str] = "TABLE"
    """What a loaded file is."""
    begin: ClassVar[str] = "BEGIN"
    commit: ClassVar[str] = "COMMIT"

    @property
    def name(self) -> str:
        """The service and what its URL names there."""
        return f"{self.scheme}://{urlsplit(self.url.get_secret_value()).netloc}"

    def publish(self, path: Path, *, full_refresh: bool = False) -> Sent:  # noqa: ARG002
        """Refused."""
        raise self._not_connected()

    def verify(self, path: Path) -> list[Difference]:  # noqa: ARG002
        """Refused."""
        raise self._not_connected()

    def _not_connected(self) -> TargetError:
        said = "`publish-to --dry-run` prints the script for its own client: docs/databases.md."
        return TargetError(f"{self.name} is not connected to: {said}", FailureKind.USAGE)

    @cached_property
    def tables(self) -> dict[tuple[str, str], Relation]:
        """Each by schema and name."""
        return {(one.schema, one.name): one for one in relations(self.layers)}

    def statements(self) -> str:
        """The whole script."""
        tables = list(self.tables.values())
        schemas = dict.fromkeys(one.schema for one in tables)
        parts = [
            *(f"CREATE SCHEMA IF NOT EXISTS {self.identifier(one)}" for one in schemas),
            *(sql for one in sorted(tables, key=_references) for sql in self.create(one)),
            *(sql for one in tables for sql in self.stage(one)),
            self.begin,
            *(sql for one in tables for sql in self.merge(one)),
            self.commit,
            *(f"DROP {self.beside} IF EXISTS {self.table(one, STAGED)}" for one in tables),
        ]
        return HEAD.format(name=self.name, files=self.files) + ";\n".join([*parts, ""])

    @property
    def files(self) -> str:
        """Where the exported folder lies for the service."""
        return self._given("files").rstrip("/")

    def _given(self, parameter: str) -> str:
        found = parse_qs(urlsplit(self.url.get_secret_value()).query).get(parameter)
        if not found or "'" in found[0]:
            said = f"SPOTIFY_PUBLISH_URL lacks {parameter}: write {self.example}"
            raise TargetError(said, FailureKind.USAGE)
        return found[0]

    def file(self, relation: Relation) -> str:
        """The Parquet file of a table."""
        return f"{self.files}/{relation.source.replace('.', '/')}.parquet"

    def identifier(self, name: str) -> str:
        """A name for a statement."""
        return f"{self.quote}{name}{self.quote}"

    def table(self, relation: Relation, ending: str = "") -> str:
        """A table for a statement, or with an ending the one that it is loaded into."""
        return f"{self.identifier(relation.schema)}.{self.identifier(relation.name + ending)}"

    def listed(self, names: Iterable[str], of: str = "") -> str:
        """Columns for a statement."""
        return ", ".join(of + self.identifier(name) for name in names)

    @abstractmethod
    def create(self, relation: Relation) -> Iterator[str]:
        """The table, with its comments; keys are told to the service, and enforced by none."""

    @abstractmethod
    def stage(self, relation: Relation) -> Iterator[str]:
        """Load its file beside it."""

    def merge(self, relation: Relation) -> Iterator[str]:
        """Make it equal to what was loaded: first without rows that were not."""
        q, table = self.identifier, self.table(relation)
        same = " AND ".join(f"s.{q(key)} = {table}.{q(key)}" for key in relation.key)
        loaded = f"SELECT 1 FROM {self.table(relation, STAGED)} AS s WHERE {same}"
        yield f"DELETE FROM {table} WHERE NOT EXISTS ({loaded})"
        yield self.upsert(relation)

    def upsert(self, relation: Relation) -> str:
        """Rows that were loaded, by their keys."""
        q, names = self.identifier, [column.name for column in relation.columns]
        target, alias = ("t", " AS t") if self.has_alias else (self.table(relation), "")
        same = " AND ".join(f"{target}.{q(key)} = s.{q(key)}" for key in relation.key)
        others = [name for name in names if name not in relation.key] or names[:1]
        changed = ", ".join(f"{q(name)} = s.{q(name)}" for name in others)
        return (
            f"MERGE INTO {self.table(relation)}{alias} USING {self.table(relation, STAGED)} AS s "
            f"ON {same} WHEN MATCHED THEN UPDATE SET {changed} WHEN NOT MATCHED THEN "
            f"INSERT ({self.listed(names)}) VALUES ({self.listed(names, 's.')})"
        )

    def keys(self, relation: Relation, note: str = "") -> str:
        """The primary key, and foreign keys to primary keys."""
        keys = [f"PRIMARY KEY ({self.listed(relation.key)}){note}"]
        for key in relation.foreign_keys:
            if self.tables[key.schema, key.table].key == key.columns:
                target = f"{self.identifier(key.schema)}.{self.identifier(key.table)}"
                columns = self.listed(key.columns)
                keys.append(f"FOREIGN KEY ({columns}) REFERENCES {target} ({columns}){note}")
        return ", ".join(keys)


def _references(relation: Relation) -> int:
    return len(relation.foreign_keys)  # so sorted, a table comes after those that it refers to


class BigQuery(CloudWarehouse):
    """Its script."""

    scheme = "bigquery"
    example = "bigquery://PROJECT?files=gs://BUCKET/FOLDER"
    quote = "`"
    beside = "EXTERNAL TABLE"
    begin = "BEGIN TRANSACTION"
    commit = "COMMIT TRANSACTION"
    types = TYPES | {
        pl.String(): "STRING",
        pl.Int32(): "INT64",
        pl.Int64(): "INT64",
        pl.Boolean(): "BOOL",
        pl.Float64(): "FLOAT64",
        MOMENT: "DATETIME",
        LIST: "ARRAY<STRING>",
    }

    def create(self, relation: Relation) -> Iterator[str]:
        """Partitioned by day, clustered by genre; descriptions as options."""

        def column(one: Column) -> str:
            must = " NOT NULL" if one.name in relation.key else ""
            about = f"OPTIONS (description = {_escaped(one.description)})"
            return f"{self.identifier(one.name)} {self.types[one.dtype]}{must} {about}"

        columns = ", ".join(map(column, relation.columns))
        by_day = " PARTITION BY `date`" if "date" in relation.key else ""
        by_genre = " CLUSTER BY `genre`" if "genre" in relation.key else ""
        yield (
            f"CREATE TABLE IF NOT EXISTS {self.table(relation)} "
            f"({columns}, {self.keys(relation, ' NOT ENFORCED')}){by_day}{by_genre} "
            f"OPTIONS (description = {_escaped(relation.comment)})"
        )

    def stage(self, relation: Relation) -> Iterator[str]:
        """Nothing is loaded before it is merged: the file is a table of its own."""
        q, types = self.identifier, self.types
        columns = ", ".join(f"{q(one.name)} {types[one.dtype]}" for one in relation.columns)
        yield (
            f"CREATE OR REPLACE EXTERNAL TABLE {self.table(relation, STAGED)} ({columns}) OPTIONS ("
            f"format = 'PARQUET', enable_list_inference = true, uris = ['{self.file(relation)}'])"
        )

    def merge(self, relation: Relation) -> Iterator[str]:
        """Its MERGE deletes, too."""
        yield f"{self.upsert(relation)} WHEN NOT MATCHED BY SOURCE THEN DELETE"


class Snowflake(CloudWarehouse):
    """Its script."""

    scheme = "snowflake"
    example = "snowflake://DATABASE?files=@STAGE/FOLDER"
    types = TYPES | {MOMENT: "TIMESTAMP_NTZ", LIST: "ARRAY"}

    def identifier(self, name: str) -> str:
        """In capitals: who asks without quotes finds it."""
        return super().identifier(name.upper())

    def create(self, relation: Relation) -> Iterator[str]:
        """With comments in place."""
        q, types = self.identifier, self.types
        columns = ", ".join(
            f"{q(one.name)} {types[one.dtype]} COMMENT {_escaped(one.description)}"
            for one in relation.columns
        )
        yield (
            f"CREATE TABLE IF NOT EXISTS {self.table(relation)} ({columns}, {self.keys(relation)}) "
            f"COMMENT = {_escaped(relation.comment)}"
        )

    def stage(self, relation: Relation) -> Iterator[str]:
        """Before the transaction, which a CREATE would end."""
        staged = self.table(relation, STAGED)
        yield f"CREATE OR REPLACE TEMPORARY TABLE {staged} LIKE {self.table(relation)}"
        yield (
            f"COPY INTO {staged} FROM '{self.file(relation)}' "
            "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) "
            "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
        )


class Redshift(CloudWarehouse):
    """Its script."""

    scheme = "redshift"
    example = "redshift://DATABASE?files=s3://BUCKET/FOLDER&role=ARN"
    has_alias = False
    types = TYPES | {
        pl.String(): "VARCHAR(65535)",
        MOMENT: "TIMESTAMP",
        LIST: "SUPER",
    }

    def create(self, relation: Relation) -> Iterator[str]:
        """Sorted by its key's day; comments by statements of their own."""
        columns = ", ".join(
            f"{self.identifier(one.name)} {self.types[one.dtype]}"
            f"{' NOT NULL' if one.name in relation.key else ''}"
            for one in relation.columns
        )
        by_day, table = ' SORTKEY ("date")' if "date" in relation.key else "", self.table(relation)
        yield f"CREATE TABLE IF NOT EXISTS {table} ({columns}, {self.keys(relation)}){by_day}"
        yield f"COMMENT ON TABLE {table} IS {literal(relation.comment)}"
        for one in relation.columns:
            name = f"{table}.{self.identifier(one.name)}"
            yield f"COMMENT ON COLUMN {name} IS {literal(one.description)}"

    def stage(self, relation: Relation) -> Iterator[str]:
        """By column order, which the export keeps."""
        staged, columns = self.table(relation, STAGED), relation.columns
        lists = " SERIALIZETOJSON" if any(one.dtype == LIST for one in columns) else ""
        # A script that broke off left it there.
        yield f"DROP TABLE IF EXISTS {staged}"
        yield f"CREATE TABLE {staged} (LIKE {self.table(relation)})"
        yield (
            f"COPY {staged} FROM '{self.file(relation)}' "
            f"IAM_ROLE '{self._given('role')}' FORMAT AS PARQUET{lists}"
        )


def _escaped(text: str) -> str:
    """A literal where a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
