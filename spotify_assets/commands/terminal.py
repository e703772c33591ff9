"""What the command shows: tables and progress on a terminal, plain lines when piped.

Names are other people's text. Whatever is shown goes through `out`, `err` or `write`, which show it
as it is: nothing in it is markup, and what a terminal would obey is made visible.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from spotify_assets.text.visible import visible

PROGRESS_LOG = "spotify_assets.progress"


class _Console(Console):
    """A console for outside text: it reads no markup and no emoji codes."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """As rich does of each text that is printed, also in tables; but visible."""
        return super().render_str(visible(text), **how)


out, err = _Console(), _Console(stderr=True)


def write(text: str) -> None:
    """Write what a program reads to the standard output: exact and UTF-8; visible on a terminal."""
    if out.is_terminal:
        out.file.write(visible(text))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows; tab-separated where no person looks on."""
    if not out.is_terminal:
        # Not through rich, which makes spaces of tabs.
        lines = ["\t".join(_cell(value) for value in row) for row in [columns, *rows]]
        out.file.write(visible("\n".join([title, *lines] if title else lines)) + "\n")
        return
    table = Table(title=title or None, title_justify="left")
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numbers = listed and all(isinstance(row[index], int | float) for row in listed)
        table.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in listed:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


def show_record(title: str, record: Mapping[str, Any]) -> None:
    """Print one row, a line a column."""
    out.print(title, style="bold")
    width = max(len(name) for name in record)
    for name, value in record.items():
        out.print(f"  {name:<{width}}  {_cell(value)}", soft_wrap=True)


def show_json(value: Any) -> None:
    """Print a value as JSON, which it stays with what is made visible in it."""
    text = visible(json.dumps(value, indent=2, ensure_ascii=False))
    out.print(JSONHighlighter()(text), soft_wrap=True)


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar over ``total`` steps; the call that it gives begins the next one.

    Within a step it shows what the log of `PROGRESS_LOG` says; warnings are lines of their own.
    """
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
    )
    begun = 0
    log = logging.getLogger(PROGRESS_LOG)
    log.setLevel(logging.INFO)
    log.propagate = False
    with bar:
        task = bar.add_task("", total=total)
        handler = _Handler(lambda said: bar.update(task, description=visible(said)))
        log.addHandler(handler)
        warnings = _Handler(lambda said: _warn(bar.console, said))
        warnings.setLevel(logging.WARNING)
        logging.getLogger("spotify_assets").addHandler(warnings)

        def begin(step: str) -> None:
            nonlocal begun
            bar.update(task, completed=begun, description=visible(step))
            begun += 1
            if not err.is_terminal:
                err.print(f"{begun}/{total} {step}")

        try:
            yield begin
            bar.update(task, completed=total, description="done")
        finally:
            log.removeHandler(handler)
            logging.getLogger("spotify_assets").removeHandler(warnings)


def _warn(console: Console, said: str) -> None:
    # Soft: where it is piped, a warning is one line.
    console.print(said, style="yellow", soft_wrap=True)


class _Handler(logging.Handler):
    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        self._show(record.getMessage())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(element) for element in value)
    return str(value).replace("\t", " ").replace("\n", " ")
