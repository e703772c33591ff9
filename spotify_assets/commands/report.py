"""``report``: the public report, made now."""

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out
from spotify_assets.pages.report.parts import PARTS


def report() -> None:
    """Make the public report of what is published; or take it away, where nothing is public.

    Runs of Dagster and commands that publish do so by themselves. What is public is a setting,
    SPOTIFY_PUBLIC_REPORT, and nothing at first.
    """
    settings = settings_or_stop()
    from spotify_assets.pages.report import placing  # noqa: PLC0415 - it imports polars

    place, parts = settings.public_place, settings.public_parts
    if parts:
        for where in placing.write(place, settings.database, parts):
            out.print(where, soft_wrap=True)
        return
    gone = placing.remove(place)
    if not gone:
        stop(
            "Nothing is public: SPOTIFY_PUBLIC_REPORT is empty. Set the parts that everybody may "
            f"see, some of {','.join(PARTS)}, then run it again.",
            USAGE,
        )
    for where in gone:
        out.print(f"Taken away: {where}", soft_wrap=True)
