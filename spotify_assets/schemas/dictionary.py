"""The data dictionary ``docs/tables.md``, made from the contracts; a test holds the file to them.

Belongs here: how a table, its examples and the diagram of all tables are written down. Does not
belong here: what a table is (its contract), and the example queries (``examples``).
"""

from collections.abc import Mapping

from spotify_assets.schemas import LAKE_ONLY, WAREHOUSE, Contract, examples
from spotify_assets.schemas.catalog.processed import Extracts
from spotify_assets.schemas.catalog.star import DimDate, DimGenre
from spotify_assets.schemas.listening import Imports

HEAD = """# Tables

Made from the contracts by `make docs`; do not edit.

The warehouse is `data/spotify.duckdb`. Every table that has `genre` and `date` keeps one set of rows
for each genre-day: what was known on that day. A fact has the key of the version of a dimension that
held on its day; joined on it, each fact finds one row (on the id, one for each version):

```sql
SELECT f.date, f.rank, t.name
FROM star.fact_track_daily AS f
JOIN star.dim_track AS t USING (track_key)
WHERE f.genre = 'sertanejo'
ORDER BY f.date DESC, f.rank
LIMIT 10
```

`star.track_daily` and `star.artist_daily` are joined already: a row for each fact. The examples ask of the latest day that is there; paste them into DuckDB or into
`spotify-assets query`. More, across tables: [answers.sql](answers.sql); some of them with
plots: [analysis.py](analysis.py). How the tables of releases come about: [releases.md](releases.md). How every value of the catalog comes about, from the raw files
on: [catalog.md](catalog.md). `spotify-assets explain TABLE KEY…` walks from a row of any
table that was read off a response or an export back to it.
"""
DIAGRAM_HEAD = """## How the tables hang together

Each table with its key (PK) and the columns by which it finds another (FK). A line ends in one
row (`||`), in one or none (`o|`), in many or none (`o{`), or in the versions of one thing (`|{`).
Tables that find no other, and are found by none, are left out.
"""
IMPLIED: tuple[type[Contract], ...] = (Extracts, DimGenre, Imports)
"""Tables whose key stands in the keys of others, as the same column; the first that fits."""


def markdown() -> str:
    """The diagram, then all tables, schema by schema."""
    by_layer: dict[str, list[str]] = {}
    for contract in _contracts():
        by_layer.setdefault(contract.table().partition(".")[0], []).append(_table(contract))
    layers = [f"## {layer}\n\n" + "\n".join(tables) for layer, tables in by_layer.items()]
    return "\n".join([HEAD, DIAGRAM_HEAD, diagram(), *layers])


def diagram() -> str:
    """A Mermaid diagram of the tables and of what finds what."""
    joined = {contract: joins(contract) for contract in _contracts()}
    found = {target for targets in joined.values() for target in targets.values()}
    shown = [one for one in joined if joined[one] or one.table() in found]
    entities = [_entity(contract, joined[contract]) for contract in shown]
    lines = [_line(one, columns, to) for one in shown for columns, to in joined[one].items()]
    return "\n".join(["```mermaid", "erDiagram", *entities, *lines, "```", ""])


def joins(contract: type[Contract]) -> Mapping[tuple[str, ...], str]:
    """Columns of a table → the table in which they are found.

    The contract's references; and, where they say nothing of it, the genre-day, genre or export
    file that the key names.
    """
    found = dict(contract.references())
    said = {column for columns in found for column in columns}
    implied = next((one for one in IMPLIED if one is not contract and _names(contract, one)), None)
    if implied and not said.intersection(implied.key()):
        found[implied.key()] = implied.table()
    if contract is Extracts:
        found[DimDate.key()] = DimDate.table()
    return found


def _names(contract: type[Contract], target: type[Contract]) -> bool:
    """Whether the key of a table holds that of another, column for column with the same meaning."""
    meanings = {column.name: column.description for column in contract.columns()}
    wanted = {column.name: column.description for column in target.columns()}
    key = target.key()
    return set(key) <= set(contract.key()) and all(meanings[one] == wanted[one] for one in key)


def _entity(contract: type[Contract], joined: Mapping[tuple[str, ...], str]) -> str:
    finding = {name for columns in joined for name in columns}
    marks = {
        column.name: ", ".join(
            mark
            for mark, those in (("PK", contract.key()), ("FK", finding))
            if column.name in those
        )
        for column in contract.columns()
    }
    types = {column.name: str(column.dtype).partition("(")[0] for column in contract.columns()}
    rows = [f"        {types[name]} {name} {mark}" for name, mark in marks.items() if mark]
    return "\n".join([f'    "{contract.table()}" {{', *rows, "    }"])


def _line(contract: type[Contract], columns: tuple[str, ...], target: str) -> str:
    is_nullable = any(c.nullable for c in contract.columns() if c.name in columns)
    found = _by_name()[target]
    is_one = set(found.key()) <= set(columns) or columns == (found.surrogate(),)
    many = "|o" if set(contract.key()) <= set(columns) else "}o"
    end = ("o" if is_nullable else "|") + ("|" if is_one else "{")
    return f'    "{contract.table()}" {many}--{end} "{target}" : "{", ".join(columns)}"'


def _contracts() -> list[type[Contract]]:
    return [*WAREHOUSE.values(), *LAKE_ONLY]


def _by_name() -> dict[str, type[Contract]]:
    return {contract.table(): contract for contract in _contracts()}


def _table(contract: type[Contract]) -> str:
    lines = [
        f"### {contract.table()}",
        "",
        contract.description(),
        *(["", "The warehouse does not hold it."] if contract in LAKE_ONLY else []),
        "",
        f"- Grain: {contract.grain()}",
        f"- Key: {', '.join(f'`{name}`' for name in contract.key())}"
        + (f"; `{contract.surrogate()}` by itself" if contract.surrogate() else ""),
    ]
    for columns, target in contract.references().items():
        named = ", ".join(f"`{name}`" for name in columns)
        lines.append(f"- {named} {'are' if len(columns) > 1 else 'is'} found in `{target}`")
    lines += ["", "| column | type | null | rule | what it is |", "| --- | --- | --- | --- | --- |"]
    for column in contract.columns():
        null = "yes" if column.nullable else ""
        rule = column.rule.replace("|", "\\|")
        lines.append(
            f"| `{column.name}` | {column.dtype} | {null} | {rule} | {column.description} |"
        )
    for question, query in examples.of(contract).items():
        lines += ["", "```sql", f"-- {question}", query, "```"]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(markdown(), end="")
