"""Rows, queries and lineage as Markdown, for the metadata of a materialization.

Belongs here: how they are written. Does not belong here: which are shown, and any reading.
"""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from spotify_assets.text.visible import visible

MAX_ROWS = 10
MAX_CELL = 60


def table(rows: pl.DataFrame) -> str:
    """The first rows as a table: at most `MAX_ROWS`, no cell longer than `MAX_CELL`."""
    names = " | ".join(inline(name) for name in rows.columns)
    lines = [f"| {names} |", "|" + " --- |" * rows.width]
    lines += [
        f"| {' | '.join(_cell(value) for value in row)} |" for row in rows.head(MAX_ROWS).rows()
    ]
    return "\n".join(lines)


def lineage(origins: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """For each column, of which tables' columns it is made, as a list."""
    return "\n".join(
        f"- `{column}`: {', '.join(f'`{table}.{name}`' for table, name in found) or 'no column'}"
        for column, found in origins.items()
    )


def block(text: str, language: str = "") -> str:
    """A text as a block of code that nothing in it ends."""
    shown = visible(text)
    longest = max((len(ticks) for ticks in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def inline(text: str) -> str:
    """A text on one line, shown as it is: names hold what Markdown takes for its own, or links."""
    one_line = visible(re.sub(r"\s", " ", text))
    return re.sub(r"([!-+./:-@\[-`{-~])", r"\\\1", one_line)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return inline(text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…")
