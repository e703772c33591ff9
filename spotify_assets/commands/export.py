"""``export`` and ``restore``: take the data elsewhere, and make a warehouse of it there."""

from pathlib import Path
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out
from spotify_assets.warehouse.export import archive, exporting
from spotify_assets.warehouse.export.archive import Manifest

Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]

Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        help="In CSV, do not put an apostrophe before texts that a spreadsheet would compute.",
    ),
]


def export(
    what: Annotated[
        str | None, typer.Argument(help="Table, view, or a query in DuckDB's SQL.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="File: .csv, .json (an array), .ndjson, .parquet or .xlsx."),
    ] = None,
    every: Annotated[
        Path | None,
        typer.Option("--all", metavar="DIR", help="Write all tables into this new folder."),
    ] = None,
    force: Force = False,
    exact: Exact = False,
) -> None:
    """Write a table, a view or what a query gives into a file; or, with --all, everything.

    An export is for taking the tables elsewhere. To back up, or to go on on another machine, copy
    the whole data folder: it holds the lake, which everything else is made from.

    In CSV, texts that a spreadsheet would compute as formulas (they begin with = + - @) get an
    apostrophe before them, unless you say --exact; numbers stay numbers. All other formats are
    exact.
    """
    settings = settings_or_stop(writes_elsewhere=True, secrets=False)
    is_one = what is not None and to is not None and every is None
    is_all = what is None and to is None and every is not None and not force
    if not is_one and not is_all:
        stop("Say what and where: WHAT --to FILE, or --all DIR with a new folder.", USAGE)
    if what is not None and to is not None:
        written = exporting.export(
            settings.database, what, to.expanduser(), force=force, exact=exact
        )
        _say(f"{written.rows} rows, {written.bytes} bytes: {written.path}")
    elif every is not None:
        _say(f"{_sum(archive.export_all(settings.database, every.expanduser()))}: {every}")
        _say(f"To go on on another machine, copy {settings.data_dir} as a whole instead.")


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `export --all` made.")],
    to: Annotated[Path, typer.Option("--to", help="The DuckDB file to make.")],
    force: Force = False,
) -> None:
    """Make a DuckDB file of an exported folder: all tables, macros and views.

    It can be asked like the warehouse. To go on collecting, the lake is needed: copy the whole data
    folder instead.
    """
    manifest = archive.restore(folder.expanduser(), to.expanduser(), force=force)
    _say(f"{_sum(manifest)}, as they were at {manifest.made_at:%Y-%m-%d %H:%M} UTC: {to}")


def _sum(manifest: Manifest) -> str:
    rows, size = (sum(getattr(t, what) for t in manifest.tables) for what in ("rows", "bytes"))
    return f"{len(manifest.tables)} tables, {rows} rows, {size} bytes"


def _say(text: str) -> None:
    out.print(text, soft_wrap=True)
