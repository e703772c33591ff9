"""The data dictionary ``docs/tables.md``, made from the contracts; a test holds the file to them."""

from spotify_assets.schemas import LAKE_ONLY, WAREHOUSE, Contract

HEAD = """# Tables

Made from the contracts by `make docs`; do not edit.

The warehouse is `data/spotify.duckdb`. Every table that has `genre` and `date` keeps one set of rows
for each genre-day: what was known on that day. A fact joins a dimension that has versions on its id
and on the day:

```sql
SELECT f.date, f.rank, t.name
FROM star.fact_track_daily AS f
JOIN star.dim_track AS t
    ON t.track_id = f.track_id
    AND f.date >= t.valid_from AND (t.valid_to IS NULL OR f.date < t.valid_to)
WHERE f.genre = 'sertanejo'
ORDER BY f.date DESC, f.rank
LIMIT 10
```
"""


def markdown() -> str:
    """All tables, schema by schema."""
    by_layer: dict[str, list[str]] = {}
    for contract in (*WAREHOUSE.values(), *LAKE_ONLY):
        by_layer.setdefault(contract.table().partition(".")[0], []).append(_table(contract))
    layers = [f"## {layer}\n\n" + "\n".join(tables) for layer, tables in by_layer.items()]
    return "\n".join([HEAD, *layers])


def _table(contract: type[Contract]) -> str:
    lines = [
        f"### {contract.table()}",
        "",
        contract.description(),
        *(["", "The warehouse does not hold it."] if contract in LAKE_ONLY else []),
        "",
        f"- Grain: {contract.grain()}",
        f"- Key: {', '.join(f'`{name}`' for name in contract.key())}",
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
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(markdown(), end="")
