"""``publish``: the warehouse, as the lake is."""

import typer

from spotify_assets.commands.exit_codes import FAILED, settings_or_stop, stopping
from spotify_assets.commands.terminal import err, out, progress


def publish() -> None:
    """Make the warehouse of what the lake holds: what changed, all at once.

    Runs do so by themselves. It is for a machine that only reads: of a lake on a store it needs
    SPOTIFY_LAKE_URL, and no credentials of Spotify.
    """
    settings = settings_or_stop()
    with stopping("Stopped. The warehouse is as it was; the same command goes on."):
        with progress(1) as begin:
            # Only now: Dagster takes seconds to import.
            from spotify_assets.defs.publication import publish_now  # noqa: PLC0415

            begin("publish")
            published = publish_now(settings)
            if settings.public_parts:
                from spotify_assets.pages.report import placing  # noqa: PLC0415 - as above

                placing.write(settings.public_place, settings.database, settings.public_parts)
        out.print(
            f"{published.path}: {len(published.loaded)} genre-day(s) loaded, "
            f"{sum(published.rows.values())} rows in {len(published.rows)} tables.",
            soft_wrap=True,
        )
    for day in published.waiting:
        err.print(f"{day} is being made by a run, or was left half made: it stays as it was.")
    if published.damaged.height:
        # Which, and what to do, the log has said.
        raise typer.Exit(FAILED)
