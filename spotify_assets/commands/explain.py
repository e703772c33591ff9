"""``explain``: from a row back to where it came from.

Belongs here: printing the walk. Does not belong here: the walk (`operations.explain`).
"""

import json
import sys
from typing import Annotated, Any

import typer

from spotify_assets.commands.exit_codes import FAILED, settings_or_stop, stop
from spotify_assets.commands.terminal import out, show_json, show_record, write
from spotify_assets.lake.exchanges import Exchange
from spotify_assets.operations import explain as explaining
from spotify_assets.operations.explain import Explanation, Exported


def explain(
    table: Annotated[str, typer.Argument(help="Table, e.g. rankings.top_tracks.")],
    key: Annotated[list[str], typer.Argument(help="Its key, e.g. rock 2026-11-20 1.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="Print the response as it came, byte for byte.")
    ] = False,
) -> None:
    """Walk from a row back to the response or the row of an export, and print it."""
    settings = settings_or_stop(secrets=False)
    try:
        found = explaining.explain(settings.lake, settings.database, table, key)
    except OSError as error:
        stop(str(error), FAILED)
    if whole:
        if out.is_terminal:
            write(found.whole.decode(errors="replace"))
        else:
            sys.stdout.buffer.write(found.whole)
        return
    show_record(found.table, found.row)
    if found.origin != found.table:
        show_record(f"made from {found.origin}", found.origin_row)
    place = {"file": found.source_file, "line": found.source_line}
    if isinstance(found.source, Exchange):
        show_record("read from the response to", _asked(found, found.source) | place)
    else:
        show_record("read from the export", _imported(found, found.source) | place)
    show_json(found.shown)


def _asked(found: Explanation, exchange: Exchange) -> dict[str, Any]:
    """What was asked, when, by whom, and how it was answered."""
    request, response = exchange.request, exchange.response
    return {
        "request": f"GET {request.path} {json.dumps(dict(request.params), ensure_ascii=False)}",
        "status": response.status,
        "requested at": response.requested_at.isoformat(),
        "asked by run": found.run_id or "unknown",
        "code version": found.code_version or "not kept",
    }


def _imported(found: Explanation, exported: Exported) -> dict[str, Any]:
    """Of which file the row is, and when that was imported."""
    return {
        "export file": exported.facts["file_name"],
        "imported at": exported.facts["imported_at"],
        "code version": found.code_version or "not kept",
    }
