"""Names of earlier versions: files and commits of the lake keep those that they were written under.

Belongs here: old names, and what they are called now. ``CHANGELOG.md`` tells analysts the same.
"""

from collections.abc import Mapping

TABLES: Mapping[str, str] = {
    "processed.collections": "processed.extracts",
    "processed.intake": "processed.reconciliation",
}
"""What a table was called → what it is called, as ``layer.table``."""
COLUMNS: Mapping[str, Mapping[str, str]] = {"processed.reconciliation": {"repeated": "duplicate"}}
"""Of a table, by its name of now: what a column was called → what it is called."""


def current(table: str) -> str:
    """What a table is called now."""
    return TABLES.get(table, table)


def former(table: str) -> str:
    """The first name of a table."""
    return next((old for old, new in TABLES.items() if new == table), table)


def former_columns(table: str) -> dict[str, str]:
    """What a column of a table is called → what it was called."""
    return {new: old for old, new in COLUMNS.get(table, {}).items()}
