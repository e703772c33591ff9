"""``forget``: take an import back."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import (
    USAGE,
    answering,
    settings_or_stop,
    stop,
    stopping,
)
from spotify_assets.commands.terminal import out, progress, show_table
from spotify_assets.settings import Settings
from spotify_assets.sources.account_export.choosing import Held, choose
from spotify_assets.sources.account_export.errors import ExportError


def forget(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|IMPORT…",
            help="A zip, folder or file that was imported; else a file's name, id or SHA-256, the "
            "id of a download, or the time of an import, as in monitoring.imports and "
            "monitoring.release_files. With --comments the id of a comment or batch, a file's "
            "name, or an author's name or pseudonym.",
        ),
    ],
    comments: Annotated[
        bool, typer.Option("--comments", help="Comments of listeners are meant, no exports.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take imports back: their rows leave the lake and the warehouse, for good.

    With --comments: comments, with their labels and what was decided about them. What other files
    and the API tell of the same plays stays. Copies that you exported are yours.
    """
    settings = settings_or_stop()
    with stopping("Stopped. The same command goes on from here."):
        if comments:
            _comments(settings, wanted, dry_run=dry_run, yes=yes)
            return
        exports, downloads = _meant(settings, wanted)
        _show([*exports, *downloads])
        if dry_run or not (yes or _agreed()):
            out.print("Nothing was deleted.")
            return
        _forget(settings, *([one.file_id for one in some] for some in (exports, downloads)))
    count = len(exports) + len(downloads)
    out.print(f"Forgot {count} file(s). {settings.database} was made without them.")


def _show(chosen: Sequence[Held]) -> None:
    show_table(
        "To forget",
        ["file", "id", "package", "rows", "imported at (UTC)"],
        [[one.file_name, one.file_id, one.package, one.records, one.imported_at] for one in chosen],
    )


def _comments(settings: Settings, wanted: list[str], *, dry_run: bool, yes: bool) -> None:
    """The same of comments."""
    from spotify_assets.sources.comments.choosing import choose as choose_comments  # noqa: PLC0415

    chosen = [one for name in wanted for one in choose_comments(settings.lake, name)]
    show_table(
        "To forget",
        ["batch", "file", "received on", "rows"],
        [[one.batch_id, one.file_name or "", one.day, len(one.rows)] for one in chosen],
    )
    if dry_run or not (yes or _agreed()):
        out.print("Nothing was deleted.")
        return
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415
    from spotify_assets.defs.monitoring import forgetting  # noqa: PLC0415

    launch.prepare_home(settings.dagster_home)
    with progress(2) as begin:
        forgetting.forget_comments(settings, chosen, begin)
    rows = sum(len(one.rows) for one in chosen)
    out.print(f"Forgot {rows} row(s). {settings.database} was made without them.")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        stop("Nobody is there to be asked: say --yes. Nothing was deleted.", USAGE)
    with answering():
        return typer.confirm("Delete this for good?")


def _meant(settings: Settings, wanted: Sequence[str]) -> tuple[list[Held], list[Held]]:
    """The export files, and the downloads of a team; each name means some of either."""
    from spotify_assets.sources.release_files import choosing  # noqa: PLC0415 - slow to import

    exports: dict[str, Held] = {}
    downloads: dict[str, Held] = {}
    for name in wanted:
        found = choosing.choose(settings.lake, name)
        downloads |= {one.file_id: one for one in found}
        try:
            exports |= {one.file_id: one for one in choose(settings.lake, name)}
        except ExportError:
            if not found:
                raise
    return list(exports.values()), list(downloads.values())


def _forget(settings: Settings, file_ids: list[str], downloads: list[str]) -> None:
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415
    from spotify_assets.defs.monitoring import forgetting  # noqa: PLC0415

    launch.prepare_home(settings.dagster_home)
    with progress(2) as begin:
        forgetting.forget(settings, file_ids, downloads, begin)
