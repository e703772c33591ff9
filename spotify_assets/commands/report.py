"""``report``: the public report, made now; and the weekly mail, shown or sent now."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out, write
from spotify_assets.pages.report.parts import PARTS
from spotify_assets.settings import Settings

if TYPE_CHECKING:
    from spotify_assets.operations.alerts import Letter


def report(
    show: Annotated[bool, typer.Option("--show", help="Print the weekly mail as text.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print the weekly mail as HTML.")] = False,
    send: Annotated[
        bool, typer.Option("--send", help="Send the mail to SPOTIFY_REPORT_TO now.")
    ] = False,
) -> None:
    """Make the public report of what is published; or show or send the weekly mail of it.

    Runs of Dagster and commands that publish make the page by themselves. What is public is a
    setting, SPOTIFY_PUBLIC_REPORT, and nothing at first: then a page that is there is taken away.
    """
    settings = settings_or_stop(secrets=send)
    if show + html + send > 1:
        stop("Write one of --show, --html and --send.", USAGE)
    if send:
        _send(settings)
    elif show:
        write(_letter(settings).text)
    elif html:
        write(_letter(settings).html or "")
    else:
        _place(settings)


def _place(settings: Settings) -> None:
    from spotify_assets.pages.report import placing  # noqa: PLC0415 - it imports polars

    place, parts = settings.public_place, settings.public_parts
    if parts:
        for where in placing.write(place, settings.database, parts):
            out.print(where, soft_wrap=True)
        return
    gone = placing.remove(place)
    if not gone:
        _nothing("Nothing is public: SPOTIFY_PUBLIC_REPORT is empty")
    for where in gone:
        out.print(f"Taken away: {where}", soft_wrap=True)


def _letter(settings: Settings) -> "Letter":
    from spotify_assets.pages.report import mail  # noqa: PLC0415 - as above

    if not settings.mailed_parts:
        _nothing("Nothing is in the mail: SPOTIFY_REPORT_PARTS and SPOTIFY_PUBLIC_REPORT are empty")
    message_id = f"report-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S-%f}"
    return mail.of(settings.database, settings.mailed_parts, settings.report_language, message_id)


def _send(settings: Settings) -> None:
    try:
        email = settings.report_email
    except ValueError as error:
        stop(str(error), USAGE)
    said = email.deliver(_letter(settings))
    out.print(said or f"Sent to {', '.join(email.recipients)}.", soft_wrap=True)


def _nothing(why: str) -> None:
    stop(f"{why}. Set some of {','.join(PARTS)}, then run it again (docs/pages.md).", USAGE)
