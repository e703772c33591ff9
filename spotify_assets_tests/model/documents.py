"""tables.md: the columns, the types and the key of each table."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES_PAGE = Path(__file__).parents[2] / "docs" / "tables.md"
TYPES = {
    "String": "VARCHAR",
    "Date": "DATE",
    "Boolean": "BOOLEAN",
    "Int32": "INTEGER",
    "Int64": "BIGINT",
    "Float64": "DOUBLE",
    "List(String)": "VARCHAR[]",
    "Datetime(time_unit='us', time_zone=None)": "TIMESTAMP",
}
"""What a type of the document is in DuckDB."""


@dataclass(frozen=True)
class Described:
    """A table, as the document has it."""

    key: tuple[str, ...]
    types: dict[str, str]
    """By column, in order, as DuckDB names them."""


@cache
def described() -> dict[str, Described]:
    """All tables of the document, as `layer.table`."""
    _, *sections = re.split(r"^### ", TABLES_PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for section in sections:
        name = section.partition("\n")[0].strip()
        key = re.search(r"^- Key: ([^;\n]*)", section, flags=re.MULTILINE)
        columns = re.findall(r"^\| `(\w+)` \| (.*?) \|", section, flags=re.MULTILINE)
        if key:
            types = {column: TYPES[of] for column, of in columns}
            found[name] = Described(tuple(re.findall(r"`(\w+)`", key[1])), types)
    return found
