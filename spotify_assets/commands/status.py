"""``status``: the app, its budget, what is blocked, and when each genre comes."""

import datetime as dt
import os
from importlib.util import find_spec

from spotify_assets.commands.exit_codes import settings_or_stop
from spotify_assets.commands.terminal import out, show_record, show_table
from spotify_assets.operations.alerts import Alerts
from spotify_assets.operations.runs import Operations
from spotify_assets.operations.status import Status
from spotify_assets.operations.status import status as status_of
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import NoCredentials, SpotifyError
from spotify_assets.sources.spotify_api.ledger import EVERY_FAMILY

LAST_RUNS = 8


def status() -> None:
    """Show the app's mode and budget, what is blocked until when, and the queue of genres."""
    settings = settings_or_stop()
    _show_now(settings)
    _show_runs(settings)
    _show_incidents(settings)


def _show_now(settings: Settings) -> None:
    try:
        now = status_of(settings)
    except NoCredentials as error:
        # What was collected is there all the same.
        out.print(str(error), soft_wrap=True)
        return
    show_record("App", {**_app(now), "sign-in": _sign_in(settings)})
    _show_budget(now)
    _show_blocks(now)
    _show_queue(now)
    _show_workers(now, settings)


def _show_runs(settings: Settings) -> None:
    if not settings.operations.exists():
        return
    rows = [
        [run.ended_at.strftime("%m-%d %H:%M"), run.job, run.partition, run.status, run.failure]
        for run in Operations(settings.operations).runs(LAST_RUNS)
    ]
    if rows:
        out.print()
        show_table("Last runs (UTC)", ["ended", "job", "partition", "status", "why"], rows)


def _show_incidents(settings: Settings) -> None:
    if not settings.operations.exists():
        return
    if open_now := Alerts(settings.operations).open_incidents():
        out.print()
        rows = [[_minute(one.since), one.kind, one.title] for one in open_now]
        show_table("What is wrong", ["since", "kind", "what"], rows)


def _app(now: Status) -> dict[str, str]:
    most = "as many as it answers" if now.per_window is None else f"of {now.per_window}"
    known = now.mode
    return {
        "mode": "not known before the first answer"
        if known is None
        else f"{known.mode}, since {_minute(known.since)} ({known.learned_from})",
        "requests in the last 30 s": f"{now.in_window}, {most}",
    }


def _sign_in(settings: Settings) -> str:
    try:
        signed_in = settings.user_tokens.state()
    except SpotifyError as error:
        return str(error)
    match signed_in.condition:
        case "none":
            return "nobody (only listening history needs it: spotify-assets login)"
        case "dead":
            return "is over: run spotify-assets login"
        case condition:
            days = signed_in.days_left
            return f"{condition}, {days} days left of about six months ({signed_in.where})"


def _show_budget(now: Status) -> None:
    rows = [
        [use.endpoint, use.used, use.per_day or "no limit"]
        for use in sorted(now.families, key=lambda use: use.endpoint)
    ]
    out.print()
    show_table("Requests in the last 24 h", ["family", "sent", "budget"], rows)


def _show_blocks(now: Status) -> None:
    out.print()
    if not now.blocks:
        out.print("Nothing is blocked.")
        return
    rows = [
        [
            "all" if block.endpoint == EVERY_FAMILY else block.endpoint,
            _minute(now.at + dt.timedelta(seconds=block.seconds)),
            block.reason,
        ]
        for block in now.blocks
    ]
    show_table("Not to be asked", ["family", "until", "why"], rows)


def _show_queue(now: Status) -> None:
    out.print()
    if not now.queue:
        out.print(f"All genres are complete for {now.at.date()}.")
        return
    rows = [
        [
            due.genre_day.genre,
            due.last_day or "never",
            sum(planned.calls.values()),
            _when(now.at, planned.done_in_seconds),
        ]
        for due, planned in now.queue
    ]
    title = f"Due on {now.at.date()}, in this order"
    show_table(title, ["genre", "last complete day", "requests", "done by"], rows)


def _show_workers(now: Status, settings: Settings) -> None:
    """Who works on what, on which machine; and the workers of Celery, also those that wait."""
    rows = [
        [*name.split("/"), ", ".join(held) or "nothing that it holds"]
        for name, held in now.workers.items()
    ]
    if rows:
        out.print()
        show_table("Who is at work", ["machine", "process", "on"], rows)
    if settings.own_dagster_home and find_spec("dagster_celery"):
        os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
        # Only now: Dagster takes seconds to import.
        from spotify_assets.defs.workers import seen  # noqa: PLC0415

        out.print()
        workers = [[name, ", ".join(queues), runs] for name, queues, runs in seen()]
        if workers:
            show_table("Workers of Celery", ["worker", "queues", "runs under way"], workers)
        else:
            out.print("No worker of Celery answers: spotify-assets serve worker starts one.")


def _when(now: dt.datetime, seconds: float) -> str:
    at = now + dt.timedelta(seconds=seconds)
    if at.date() == now.date():
        return _minute(at)
    # The API answers for now: what comes after midnight is the next day's.
    return f"{_minute(at)}: not today"


def _minute(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
