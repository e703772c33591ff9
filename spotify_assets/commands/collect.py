"""``collect`` and ``demo``: from the API to the warehouse."""

import datetime as dt
import os
import re
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from spotify_assets.commands.exit_codes import (
    USAGE,
    answering,
    code_of,
    settings_or_stop,
    stop,
    stopping,
)
from spotify_assets.commands.terminal import err, out, progress, show_table
from spotify_assets.lake import GenreDay, Lake, normalise_genre
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import held_file, read_partition
from spotify_assets.operations import genres as lists
from spotify_assets.operations.due import has_all_pages, is_complete, stalest_first
from spotify_assets.pages.report.parts import PARTS
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.errors import FailureKind
from spotify_assets.storage.holds import Held
from spotify_assets.text.visible import visible
from spotify_assets.warehouse.publication.changes import is_behind
from spotify_assets.warehouse.reading import read_only

if TYPE_CHECKING:
    from spotify_assets.defs import launch
    from spotify_assets.sandbox.columns import Catalog

LOOK_SECONDS = 1.0
"""How often it is looked whether another process is done."""
DEMO_GENRES = ("sertanejo", "forró", "hip hop", "r&b")
DEMO_DAYS = 7
DEMO_YEARS = 2
"""Of listening: the last year, and the one that it is held against."""
DEMO_LABEL, DEMO_COMMENTS = 1, 300
"""Seed of the label: the one that `sample-releases` writes."""
DEMO_QUERIES = {
    "Who moved up most today (rankings.top_tracks)": """
        SELECT genre, rank, previous_rank AS was, movement, name, artist_names
        FROM rankings.top_tracks
        WHERE date = (SELECT max(date) FROM rankings.top_tracks) AND rank <= 20 AND status = 'up'
        ORDER BY movement DESC, genre, rank LIMIT 8""",
    "How the days went (processed.reconciliation, quarantine.rows)": """
        SELECT table_name, sum(received) AS received, sum(kept) AS kept,
            sum(duplicate) AS duplicate, sum(quarantined) AS quarantined
        FROM processed.reconciliation GROUP BY table_name
        UNION ALL SELECT 'responses', sum(responses - refused_responses), sum(responses
            - refused_responses) - any_value(aside), 0, any_value(aside)
        FROM processed.extracts, (SELECT count(DISTINCT (source_file, source_line)) AS aside
            FROM quarantine.rows WHERE table_name = 'responses')
        ORDER BY table_name""",
    "Artists of the last 12 months, held against the 12 before (listening.top_artists)": """
        SELECT rank, previous_rank AS was, status, name, plays, ms_played // 3600000 AS hours,
            coverage, days_complete || ' of ' || days AS days_complete
        FROM listening.top_artists(today() - 365, today() - 1, n := 8)""",
    "When the music plays (listening.by_weekday)": """
        SELECT name AS weekday, plays, ms_played // 3600000 AS hours,
            days_complete || ' of ' || days AS days_complete
        FROM listening.by_weekday(today() - 365, today() - 1)""",
    "What a label's campaigns cost, and what they added (predictions.campaign_lift)": """
        SELECT r.title, l.currency, round(l.spend) AS spend, l.verdict,
            round(l.added_streams) AS added, round(l.added_low) AS at_least,
            round(l.added_high) AS at_most
        FROM predictions.campaign_lift AS l JOIN star.dim_release AS r USING (release_id)
        ORDER BY spend DESC""",
    "What the label's best releases can expect (predictions.streams_daily)": """
        SELECT r.title, mode(p.candidate) AS says, round(sum(p.predicted)) AS next_7_days,
            round(min(p.low)) AS a_weak_day, round(max(p.high)) AS a_strong_day
        FROM predictions.streams_daily AS p JOIN star.dim_release AS r USING (release_id)
        WHERE p.days_ahead <= 7 GROUP BY r.title ORDER BY next_7_days DESC LIMIT 5""",
    "What listeners say of the label (comments.current_label)": """
        SELECT category, count(*) AS comments, mode(topics[1]) AS most_about
        FROM comments.current_label GROUP BY category ORDER BY comments DESC""",
    "What is in the warehouse": """
        SELECT schema_name || '.' || table_name AS table, estimated_size AS rows
        FROM duckdb_tables() WHERE schema_name <> 'monitoring' ORDER BY ALL""",
}


def collect(
    genre: Annotated[
        list[str] | None,
        typer.Option("--genre", "-g", "--genero", help="Genre; may stand several times."),
    ] = None,
    artists: Annotated[
        int | None,
        typer.Option("--artists", "-n", "--qtd", min=0, max=1000, help="Artists a genre."),
    ] = None,
    tracks: Annotated[
        int | None, typer.Option("--tracks", "-t", min=0, max=1000, help="Tracks a genre.")
    ] = None,
    market: Annotated[
        str | None, typer.Option("--market", "-m", help="Market, e.g. BR (ISO 3166-1).")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", "-d", help="Day (YYYY-MM-DD, UTC) or days (A..B); else today."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", "--collect-all", help="All genres of the configuration.")
    ] = False,
    batch: Annotated[
        int | None,
        typer.Option("--batch", "--batch-genres", min=1, help="Only so many, stalest first."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Ask again where a day is complete.")
    ] = False,
    no_interactive: Annotated[
        bool, typer.Option("--no-interactive", help="Never ask; fail instead.")
    ] = False,
    sandbox: Annotated[
        str | None, typer.Option("--sandbox", help="URL of a sandbox, instead of the settings'.")
    ] = None,
) -> None:
    """Collect genres, and take them all the way to the warehouse.

    A genre-day that is complete is skipped unless --force. Of several genres those that have
    waited longest come first. Ends with 75 where the API wants to be asked later.
    """
    if sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = sandbox
    settings = settings_or_stop()
    try:
        days = days_of(date, settings.start_date)
        market = _market(market)
        genres = _chosen(settings, genre or [], every=every, batch=batch, ask=not no_interactive)
    except ValueError as error:
        stop(str(error), USAGE)
    wanted = {"artists": artists, "tracks": tracks, "market": market, "force": force}
    if code := _collect(settings, genres, days, wanted):
        raise typer.Exit(code)


def demo(
    seed: Annotated[int, typer.Option(help="Seed of the catalog.")] = 1,
) -> None:
    """Make a warehouse from the sandbox, without an account.

    4 genres of the last 7 days, and of the last two years what an invented listener played and
    what an invented label was streamed and advertised.
    """
    from spotify_assets.sandbox import api, catalog, server  # noqa: PLC0415 - slow to import

    begun = time.monotonic()
    today = dt.datetime.now(dt.UTC).date()
    days = (today - dt.timedelta(days=DEMO_DAYS - 1), today)
    music = catalog.generate(seed=seed)
    with server.running(api.create_app(music)) as sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = sandbox.url
        settings = settings_or_stop()
        _begin_list(settings)
        if code := _collect(settings, list(DEMO_GENRES), days, {}):
            raise typer.Exit(code)
    # Nobody is in these numbers, so that all of them can be shown.
    shown = {"public_report": ",".join(PARTS), "public_report_url": ""}
    settings = settings.model_copy(update=shown)
    _import_samples(settings, music, today)
    _show_demo(settings, time.monotonic() - begun)


def _begin_list(settings: Settings) -> None:
    """Put the genres of the demo on the list, unless there is one: `dev` then goes on with them."""
    if settings.own_genres_file.exists():
        return
    for genre in DEMO_GENRES:
        lists.add(settings.own_genres_file, "", genre)


def _market(text: str | None) -> str | None:
    if text is None or re.fullmatch("[A-Za-z]{2}", text):
        return text and text.upper()
    raise ValueError(f"{text!r} is no market: write its two letters (ISO 3166-1), e.g. BR.")


def days_of(text: str | None, start: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day of ``YYYY-MM-DD`` or ``A..B``; today (UTC) where none is given."""
    today = dt.datetime.now(dt.UTC).date()
    if text is None:
        return today, today
    first, _, last = text.partition("..")
    try:
        days = dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
    except ValueError:
        raise ValueError(
            f"{text!r} is no day: write --date 2026-11-20, or --date 2026-11-14..2026-11-20."
        ) from None
    if days[1] < days[0]:
        raise ValueError(f"{text!r} ends before it begins.")
    if days[0] < start:
        raise ValueError(
            f"{days[0]} is before {start}, the first day that has a partition: set "
            "SPOTIFY_ASSETS_START_DATE to an earlier one."
        )
    if days[1] > today:
        raise ValueError(f"{days[1]} has not begun: today is {today} (UTC).")
    return days


def listed(settings: Settings) -> list[str]:
    """The genres of the list.

    Raises:
        ValueError: There are none: of nothing it cannot be said that it is done.
    """
    if not settings.genres:
        refused = "".join(f" ({why})" for why in settings.genre_list.refused)
        raise ValueError(
            f"There is no genre on the list {settings.own_genres_file}{refused}. Put some on it: "
            "`spotify-assets genres add rock`."
        )
    return settings.genres


def _chosen(
    settings: Settings, named: list[str], *, every: bool, batch: int | None, ask: bool
) -> list[str]:
    """The genres to collect.

    Raises:
        ValueError: None is named, or one is no genre.
    """
    if named:
        genres = [normalise_genre(name) for name in named]
    elif every or batch:
        genres = listed(settings)
    elif settings.genre:
        genres = [normalise_genre(settings.genre)]
    elif ask and sys.stdin.isatty() and settings.genres:
        out.print(f"Known genres: {', '.join(settings.genres)}")
        with answering():
            answer = typer.prompt("Which genre", default=visible(settings.genres[0]))
        genres = [normalise_genre(answer)]
    else:
        raise ValueError(
            "Which genre? Say --genre rock, --all, or --batch 5; or set SPOTIFY_GENRE."
        )
    if every or batch:
        genres = stalest_first(settings.lake, genres)[:batch]
    return list(dict.fromkeys(genres))


@dataclass(frozen=True)
class _Said:
    """How a genre went, and why where it went wrong."""

    state: Literal["skipped", "collected", "failed", "waits"]
    why: str = ""
    kind: FailureKind | None = None


def _collect(
    settings: Settings,
    genres: list[str],
    days: tuple[dt.date, dt.date],
    wanted: dict[str, Any],
) -> int:
    """Run what is not complete, and say how it went; returns the exit code."""
    force = bool(wanted.get("force"))
    due = [genre for genre in genres if force or not _is_complete(settings.lake, genre, days)]
    said = dict.fromkeys(genres, _Said("skipped", "complete already"))
    with stopping(
        "Stopped. What was received is kept: the same command goes on from it.",
        kept="What was received is kept.",
    ):
        if due:
            said |= _run(settings, due, days, wanted)
        elif settings.publish_after_collecting and is_behind(settings.lake, settings.database):
            _publish(settings)
    _show_collected(settings.lake, said, days)
    wrong = {genre: (one, one.kind) for genre, one in said.items() if one.kind}
    for genre, (one, _) in wrong.items():
        err.print(f"{genre}: {one.why}", style="red", soft_wrap=True)
    return code_of(kind for _, kind in wrong.values())


def _publish(settings: Settings) -> None:
    """Publish what the lake holds; something stopped an earlier run between the two."""
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs.publication import publish_now  # noqa: PLC0415

    publish_now(settings)
    out.print("The warehouse was behind what was collected before: it is published now.")


def _run(
    settings: Settings,
    due: list[str],
    days: tuple[dt.date, dt.date],
    wanted: dict[str, Any],
) -> dict[str, _Said]:
    """A run for each genre that is due, for as long as the API is to be asked."""
    said: dict[str, _Said] = {}
    with progress(len(due)) as begin:
        # Only now: Dagster takes seconds to import.
        from spotify_assets.defs import launch  # noqa: PLC0415
        from spotify_assets.defs.catalog.raw import CollectConfig  # noqa: PLC0415

        launch.prepare_home(settings.dagster_home)
        blocked: _Said | None = None
        outcomes: list[launch.Outcome] = []
        with launch.instance(settings) as instance:
            for genre in _free(settings, due, days, said):
                begin(genre)
                if blocked and _needs_search(settings.lake, genre, days):
                    said[genre] = blocked
                    continue
                outcome = launch.collect(instance, settings, genre, days, CollectConfig(**wanted))
                outcomes.append(outcome)
                said[genre] = _outcome_said(outcome) or _said_of_pages(settings.lake, genre, days)
                if outcome.blocked and outcome.blocked[0] == "search":
                    blocked = said[genre]
        launch.close(settings, outcomes)
    return said


def _free(
    settings: Settings, due: list[str], days: tuple[dt.date, dt.date], said: dict[str, _Said]
) -> Iterator[str]:
    """The genres, each held as long as the caller works on it; first those that nobody holds.

    Of one that another process takes, or leaves unfinished because it is killed, it is looked again
    until it is complete. ``said`` learns which were completed so.
    """
    with closing(Ledger(settings.ledger)) as ledger:
        waiting, told = deque(due), set[str]()
        held_in_a_row = 0
        while waiting:
            genre = waiting.popleft()
            try:
                with ledger.hold(genre):
                    held_in_a_row = 0
                    if genre in told and _is_complete(settings.lake, genre, days):
                        said[genre] = _Said("skipped", "completed by another process")
                    else:
                        yield genre
            except Held as held:
                if genre not in told:
                    err.print(f"{held} It is looked again.", soft_wrap=True)
                told.add(genre)
                waiting.append(genre)
                held_in_a_row += 1
                if held_in_a_row >= len(waiting):
                    time.sleep(LOOK_SECONDS)


def _outcome_said(outcome: "launch.Outcome") -> _Said | None:
    """What went wrong; ``None`` where nothing did."""
    if outcome.failure:
        state: Literal["waits", "failed"] = (
            "waits" if outcome.kind is FailureKind.WAIT else "failed"
        )
        return _Said(state, outcome.failure, outcome.kind)
    if outcome.failed_checks:
        return _Said(
            "failed", f"checks failed: {', '.join(outcome.failed_checks)}", FailureKind.PERMANENT
        )
    return None


def _said_of_pages(lake: Lake, genre: str, days: tuple[dt.date, dt.date]) -> _Said:
    """Of days that are over, what was sealed by an earlier version can lack pages for ever."""
    if lacking := [day for day in _each(days) if not has_all_pages(lake, GenreDay(genre, day))]:
        return _Said(
            "failed",
            f"pages are missing on {', '.join(map(str, lacking))}, and the API answers for now "
            "only. What came is kept; quarantine.rows says which responses cannot be used.",
            FailureKind.PERMANENT,
        )
    return _Said("collected")


def _needs_search(lake: Lake, genre: str, days: tuple[dt.date, dt.date]) -> bool:
    """Whether a run would have nothing to go on with but a search."""
    partitions = [RawPartition(lake, GenreDay(genre, day)) for day in _each(days)]
    return not any(one.is_under_way() or one.is_finished() for one in partitions)


def _is_complete(lake: Lake, genre: str, days: tuple[dt.date, dt.date]) -> bool:
    return all(is_complete(lake, GenreDay(genre, day)) for day in _each(days))


def _each(days: tuple[dt.date, dt.date]) -> list[dt.date]:
    first, last = days
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _show_collected(lake: Lake, said: dict[str, _Said], days: tuple[dt.date, dt.date]) -> None:
    """What the lake holds of each genre-day that was wanted."""
    rows = []
    for genre, one in said.items():
        for day in _each(days):
            counts = _counts(lake, GenreDay(genre, day))
            state = f"{one.why}: skipped" if one.state == "skipped" else str(one.state)
            if counts and not sum(counts[:2]):
                state += ": the API found nothing"
            rows.append([genre, day, *(counts or (0, 0, 0)), state])
    show_table("", ["genre", "date", "artists", "tracks", "quarantined", "state"], rows)


def _counts(lake: Lake, day: GenreDay) -> tuple[int, int, int] | None:
    """Artists and tracks that are kept, and everything that is in quarantine."""
    if held_file(lake, "processed.reconciliation", day) is None:
        return None
    reconciliation = read_partition(lake, "processed.reconciliation", day)
    kept = dict(reconciliation.select("table_name", "kept").iter_rows())
    # A response that is set aside as a whole is in no account of objects.
    return kept["artists"], kept["tracks"], read_partition(lake, "quarantine.rows", day).height


def _import_samples(settings: Settings, music: "Catalog", today: dt.date) -> None:
    """Import what the sandbox's listener played, its label's files and comments, by usual runs."""
    from spotify_assets.commands import sample_comments  # noqa: PLC0415 - it imports numpy
    from spotify_assets.defs import launch  # noqa: PLC0415 - slow to import

    launch.prepare_home(settings.dagster_home)
    with stopping("Stopped. What was collected is kept: the same command goes on from it."):
        with tempfile.TemporaryDirectory() as folder, launch.instance(settings) as instance:
            plays, label, comments = (Path(folder, one) for one in ("plays", "label", "comments"))
            _write_plays(music, plays, dt.datetime.combine(today, dt.time()))
            _write_label(label, today - dt.timedelta(days=1))
            sample_comments.write(comments, DEMO_LABEL, today - dt.timedelta(days=1), DEMO_COMMENTS)
            outcomes = [
                launch.import_history(instance, settings, [plays]),
                launch.import_releases(instance, settings, [label]),
                launch.predict(instance, settings, train=True),
                launch.label_comments(instance, settings, today, [comments]),
            ]
            launch.close(settings, outcomes)
        for outcome in outcomes:
            outcome.raise_for_failure()


def _write_plays(music: "Catalog", folder: Path, until: dt.datetime) -> None:
    """Write an extended export of the sandbox's listener, from years ago until then."""
    from spotify_assets.sandbox import exports, listening  # noqa: PLC0415 - slow to import
    from spotify_assets.sandbox.repertoire import Repertoire  # noqa: PLC0415

    since = until - dt.timedelta(days=365 * DEMO_YEARS)
    plays = listening.history(listening.Listener(), Repertoire.of(music), since, until)
    for file in exports.files(plays, ["extended"], until):
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.json())


def _write_label(folder: Path, until: dt.date) -> None:
    """Write what the team of the sandbox's label downloaded, two years until then."""
    from spotify_assets.sandbox import label, label_files  # noqa: PLC0415 - slow to import

    for file in label_files.files(DEMO_LABEL, label.releases(DEMO_LABEL, until), until):
        file.write(folder)


def _show_demo(settings: Settings, seconds: float) -> None:
    """What came out, and how to go on."""
    with read_only(settings.database) as connection:
        for title, sql in DEMO_QUERIES.items():
            result = connection.sql(sql)
            out.print()
            show_table(title, result.columns, result.fetchall())
    out.print(
        f"\nMade in {seconds:.0f} s: {settings.database}\n"
        f'Ask it:       spotify-assets query "FROM star.dim_genre"\n'
        f"Trace a row:  spotify-assets explain rankings.top_tracks sertanejo "
        f"{dt.datetime.now(dt.UTC).date()} 1\n"
        f"A page of it: {settings.public_place.folder / 'index.html'}\n"
        "Look at it:   make dev, then http://127.0.0.1:3000\n"
        "              (it goes on with these genres; spotify-assets genres add samba: one more)\n"
        "Your own history, in a folder of its own:\n"
        "              SPOTIFY_ASSETS_DATA_DIR=mine spotify-assets import my_spotify_data.zip",
        soft_wrap=True,
    )
