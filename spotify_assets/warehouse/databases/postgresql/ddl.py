"""Tables, keys, indexes and comments in the words of PostgreSQL.

Belongs here: one statement for each thing. Does not belong here: which of them are run.
"""

from collections.abc import Iterable

import polars as pl

from spotify_assets.warehouse.databases.relations import ForeignKey, Relation
from spotify_assets.warehouse.tables import identifier, literal

TYPES: dict[pl.DataType, str] = {
    pl.String(): "text",
    pl.Date(): "date",
    pl.Int32(): "integer",
    pl.Int64(): "bigint",
    pl.Boolean(): "boolean",
    pl.Datetime("us"): "timestamp without time zone",
    pl.Float64(): "double precision",
    pl.List(pl.String()): "text[]",
}
"""As `format_type` of its catalog writes them."""
WIDER = {
    ("integer", "bigint"),
    ("integer", "double precision"),
    ("date", "timestamp without time zone"),
    ("character varying", "text"),
}
"""Changes of a type that lose nothing."""


def quoted(schema: str, name: str) -> str:
    """``"schema"."name"``."""
    return f"{identifier(schema)}.{identifier(name)}"


def table(relation: Relation) -> str:
    """The table for a statement."""
    return quoted(relation.schema, relation.name)


def listed(names: Iterable[str]) -> str:
    """Columns for a statement."""
    return ", ".join(identifier(name) for name in names)


def create_table(relation: Relation) -> str:
    """The table without its keys: rows are loaded faster before there are any."""
    columns = ", ".join(
        f"{identifier(column.name)} {TYPES[column.dtype]}"
        f"{' NOT NULL' if column.name in relation.key else ''}"
        for column in relation.columns
    )
    return f"CREATE TABLE {table(relation)} ({columns})"


def keys(relation: Relation) -> dict[str, str]:
    """By its name, each primary and unique key."""
    on = f"ALTER TABLE {table(relation)} ADD CONSTRAINT"
    made = {f"{relation.name}_pkey": f"PRIMARY KEY ({listed(relation.key)})"}
    if relation.unique:
        made[f"{relation.name}_{relation.unique}_key"] = f"UNIQUE ({listed([relation.unique])})"
    return {name: f"{on} {identifier(name)} {what}" for name, what in made.items()}


def indexes(relation: Relation) -> dict[str, str]:
    """By its name, each index beside those of the keys."""
    return {
        name: f"CREATE INDEX {identifier(name)} ON {table(relation)} ({listed(columns)})"
        for columns in relation.indexes
        for name in [f"{relation.name}_{'_'.join(columns)}_idx"]
    }


def foreign_keys(relation: Relation) -> dict[str, str]:
    """By its name, each foreign key.

    Deferred: a publication changes tables in any order, and they are whole when it ends.
    """
    return {
        name: f"ALTER TABLE {table(relation)} ADD CONSTRAINT {identifier(name)} FOREIGN KEY "
        f"({listed(key.columns)}) REFERENCES {quoted(key.schema, key.table)} "
        f"({listed(key.columns)}) DEFERRABLE INITIALLY DEFERRED"
        for key in relation.foreign_keys
        for name in [foreign_key_name(relation, key)]
    }


def foreign_key_name(relation: Relation, key: ForeignKey) -> str:
    """The name of the constraint."""
    return f"{relation.name}_{'_'.join(key.columns)}_fkey"


def comments(relation: Relation) -> list[str]:
    """What the table and each of its columns is."""
    name = table(relation)
    return [
        f"COMMENT ON TABLE {name} IS {literal(relation.comment)}",
        *(
            f"COMMENT ON COLUMN {name}.{identifier(column.name)} IS {literal(column.description)}"
            for column in relation.columns
        ),
    ]
