"""``publish-to``: the tables in a database of the user's own.

Belongs here: options, and what is shown. Does not belong here: how it is done
(``warehouse.databases``).
"""

from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import FAILED, USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out, show_table, write
from spotify_assets.warehouse.databases import targets
from spotify_assets.warehouse.databases.targets import Target

UNSET = (
    "Which database? Set SPOTIFY_PUBLISH_URL, such as postgresql://USER:PASSWORD@HOST/DATABASE, "
    "in .env: docs/databases.md."
)


def publish_to(
    verify: Annotated[
        bool, typer.Option("--verify", help="Change nothing; compare every row, both ways.")
    ] = False,
    full_refresh: Annotated[
        bool,
        typer.Option("--full-refresh", help="Compare every row, and mend what was edited by hand."),
    ] = False,
    print_ddl: Annotated[
        bool,
        typer.Option(
            "--print-ddl", "--dry-run", help="Print the statements that are still to be run there."
        ),
    ] = False,
) -> None:
    """Make the tables of your own database equal to the warehouse: what changed, all at once.

    Its readers see the old state or the new one. SPOTIFY_PUBLISH_URL names the database.
    """
    if verify + full_refresh + print_ddl > 1:
        stop("Say one of --verify, --full-refresh and --print-ddl, or none.", USAGE)
    settings = settings_or_stop()
    if settings.publish_url is None:
        stop(UNSET, USAGE)
    target = targets.of(settings.publish_url, settings.layers, settings.time_zone)
    if print_ddl:
        write(target.statements())
    elif verify:
        _show_differences(target, target.verify(settings.database))
    else:
        sent = target.publish(settings.database, full_refresh=full_refresh)
        out.print(f"{target.name}: {sent}", soft_wrap=True)


def _show_differences(target: Target, found: list[targets.Difference]) -> None:
    if not found:
        out.print(f"{target.name}: every row is as in the DuckDB file.", soft_wrap=True)
        return
    columns = ["table", "slice", "missing", "extra", "for example"]
    show_table("", columns, [(d.table, d.slice, d.missing, d.extra, d.example) for d in found])
    missing, extra = sum(d.missing for d in found), sum(d.extra for d in found)
    stop(
        f"{target.name}: {missing} rows of the DuckDB file are missing, {extra} are there that it "
        "has not; an edited row is both. `publish-to` brings what is new; `publish-to "
        "--full-refresh` mends the rest.",
        FAILED,
    )
