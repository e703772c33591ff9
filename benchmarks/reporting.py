"""What is printed: tables, verdicts on targets, and on the standard error what goes on."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Spread

GIB = 1 << 30
SHOWN_VERSIONS = ("duckdb", "polars", "pandera", "ibis-framework", "dagster")
# Where no person looks on, the console takes 80 columns, which would fold the tables.
out = Console(width=None if Console().is_terminal else 130)
err = Console(stderr=True)


def say(text: str) -> None:
    """Tell what goes on."""
    err.print(text, style="dim", markup=False, highlight=False)


def table(title: str, first: str, *columns: str) -> Table:
    """An empty table; the first column holds names, the others numbers."""
    made = Table(title=title, title_justify="left", caption_justify="left", caption_style="")
    made.add_column(first)
    for column in columns:
        made.add_column(column, justify="right")
    return made


def seconds(spread: Spread) -> str:
    """``median (min–max)``."""
    return f"{spread.median:.2f} ({spread.least:.2f}–{spread.most:.2f})"


def gib(size: float) -> str:
    """Bytes as GiB."""
    return f"{size / GIB:.2f} GiB"


def verdict(what: str, shown: str, target: str, *, is_met: bool) -> str:
    """One line that holds a measurement against its target."""
    outcome = "[green]met[/green]" if is_met else "[red]missed[/red]"
    return f"{what}: {shown} (target {target}: {outcome})"


def caption(shown: Table, lines: Sequence[str]) -> Table:
    """The table with lines below it."""
    shown.caption = "\n".join(lines)
    return shown


def machine() -> str:
    """What it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = ", ".join(f"{name} {version(name)}" for name in SHOWN_VERSIONS)
    return (
        f"{os.cpu_count()} CPUs ({platform.machine()}), {gib(memory)}, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}; "
        f"load before: {os.getloadavg()[0]:.1f}"
    )
