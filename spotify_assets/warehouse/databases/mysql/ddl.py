"""Tables in the words of MySQL, with keys, indexes and comments.

What it makes is seen at once: MySQL has no transaction over statements that make tables.

Belongs here: statements. Does not belong here: which of them are run.
"""

import re
from collections.abc import Iterator

import polars as pl

from spotify_assets.schemas.contract import ID_PATTERN
from spotify_assets.warehouse.databases.relations import Relation
from spotify_assets.warehouse.tables import identifier, literal

KEY_CHARACTERS = 190
"""Of a text in a key: four of them and some numbers are what a key of InnoDB may hold."""
MAX_TABLE_COMMENT, MAX_COLUMN_COMMENT = 2048, 1024
TYPES: dict[pl.DataType, str] = {
    pl.String(): "longtext",
    pl.Date(): "date",
    pl.Int32(): "int",
    pl.Int64(): "bigint",
    pl.Boolean(): "tinyint(1)",
    pl.Datetime("us"): "datetime(6)",
    pl.Float64(): "double",
    pl.List(pl.String()): "json",
}
WIDER = {("int", "bigint"), ("int", "double")}


def table(relation: Relation) -> str:
    """The table for a statement; a schema is a database there."""
    return f"{identifier(relation.schema)}.{identifier(relation.name)}"


def listed(names: tuple[str, ...] | list[str], of: str = "") -> str:
    """Columns for a statement."""
    return ", ".join(of + identifier(name) for name in names)


def types(relation: Relation) -> dict[str, str]:
    """The type of each column: texts that keys and indexes are made of have a length."""
    fields = relation.contract.fields()
    texts = [fields[name][1] for name in relation.key if fields[name][0] == pl.String()]
    long = sum(field.str_matches != ID_PATTERN for field in texts)
    # A key of more texts has shorter ones.
    characters = min(KEY_CHARACTERS, KEY_CHARACTERS * 4 // max(long, 1))
    indexed = {*relation.key, *(name for columns in relation.indexes for name in columns)}
    return {
        name: (
            f"varchar({22 if field.str_matches == ID_PATTERN else characters})"
            if dtype == pl.String() and name in indexed
            else TYPES[dtype]
        )
        for name, (dtype, field) in fields.items()
    }


def column(relation: Relation, name: str) -> str:
    """A column as it is made."""
    about = next(one.description for one in relation.columns if one.name == name)
    must = " NOT NULL" if name in relation.key else ""
    comment = literal(about[:MAX_COLUMN_COMMENT])
    return f"{identifier(name)} {types(relation)[name]}{must} COMMENT {comment}"


def create_table(relation: Relation, collation: str) -> str:
    """The table with all that belongs to it.

    Args:
        relation: What it is.
        collation: One that compares texts byte by byte, spaces at the end too.
    """
    parts = [*(column(relation, one.name) for one in relation.columns), *_keys(relation)]
    return (
        f"CREATE TABLE {table(relation)} ({', '.join(parts)}) ENGINE=InnoDB "
        f"CHARACTER SET utf8mb4 COLLATE {collation} "
        f"COMMENT {literal(relation.comment[:MAX_TABLE_COMMENT])}"
    )


def _keys(relation: Relation) -> Iterator[str]:
    yield f"PRIMARY KEY ({listed(relation.key)})"
    if relation.unique:
        yield f"UNIQUE KEY ({listed([relation.unique])})"
    for columns in relation.indexes:
        yield f"KEY ({listed(columns)})"
    for key in relation.foreign_keys:
        target = f"{identifier(key.schema)}.{identifier(key.table)}"
        columns_of = listed(key.columns)
        yield f"FOREIGN KEY ({columns_of}) REFERENCES {target} ({columns_of})"


def in_words(expression: str) -> str:
    """An expression of `slices`, as MySQL has it."""
    expression = expression.replace("AS VARCHAR)", "AS CHAR)")
    return re.sub(r"date_trunc\('month', (\S+?)\)", r"DATE_FORMAT(\1, '%Y-%m-01')", expression)
