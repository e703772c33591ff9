"""What the command shows: tables and progress on a terminal, plain lines when piped."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

out, err = Console(), Console(stderr=True)
PROGRESS_LOG = "spotify_assets.progress"


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows; tab-separated where no person looks on."""
    if not out.is_terminal:
        # Not through rich, which makes spaces of tabs.
        lines = ["\t".join(_cell(value) for value in row) for row in [columns, *rows]]
        out.file.write("\n".join([title, *lines] if title else lines) + "\n")
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
    out.print(f"[bold]{title}[/bold]", highlight=False)
    width = max(len(name) for name in record)
    for name, value in record.items():
        out.print(f"  {name:<{width}}  {_cell(value)}", markup=False, soft_wrap=True)


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar over ``total`` steps; the call that it gives begins the next one.

    Within a step it shows what the log of `PROGRESS_LOG` says; warnings are lines of their own.
    """
    bar = Progress(
        TextColumn("{task.description}"),
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
        handler = _Handler(lambda said: bar.update(task, description=said))
        log.addHandler(handler)
        warnings = _Handler(lambda said: _warn(bar.console, said))
        warnings.setLevel(logging.WARNING)
        logging.getLogger("spotify_assets").addHandler(warnings)

        def begin(step: str) -> None:
            nonlocal begun
            bar.update(task, completed=begun, description=step)
            begun += 1
            if not err.is_terminal:
                err.print(f"{begun}/{total} {step}", markup=False, highlight=False)

        try:
            yield begin
            bar.update(task, completed=total, description="done")
        finally:
            log.removeHandler(handler)
            logging.getLogger("spotify_assets").removeHandler(warnings)


def _warn(console: Console, said: str) -> None:
    # Soft: where it is piped, a warning is one line.
    console.print(said, style="yellow", markup=False, soft_wrap=True)


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
