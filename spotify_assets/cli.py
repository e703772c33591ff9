"""The command ``spotify-assets``.

Belongs here: what the user types and sees. Does not belong here: anything that another part of the
project could need.
"""

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import duckdb
import polars as pl
import typer
from pydantic import ValidationError

from spotify_assets import explain as explaining
from spotify_assets.lake import GenreDay, Lake, LakeError, normalise_genre
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import read_partition
from spotify_assets.settings import Settings
from spotify_assets.terminal import err, out, progress, show_record, show_table
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.reading import read_only

app = typer.Typer(
    name="spotify-assets",
    help="A music analytics warehouse that its user owns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
USAGE, FAILED, STOPPED = 2, 1, 130
DEMO_GENRES = ("sertanejo", "forró", "hip hop", "r&b")
DEMO_DAYS = 7
SANDBOX_PORT = 8765
SKIPPED = "complete already: skipped"
DEMO_QUERIES = {
    "Who moved up most today (rankings.top_tracks)": """
        SELECT genre, rank, previous_rank AS was, movement, name, artist_names
        FROM rankings.top_tracks
        WHERE date = (SELECT max(date) FROM rankings.top_tracks) AND rank <= 20 AND status = 'up'
        ORDER BY movement DESC, genre, rank LIMIT 8""",
    "How the days went (processed.intake)": """
        SELECT table_name, sum(received) AS received, sum(kept) AS kept,
            sum(repeated) AS repeated, sum(quarantined) AS quarantined
        FROM processed.intake GROUP BY table_name ORDER BY table_name""",
    "What is in the warehouse": """
        SELECT schema_name || '.' || table_name AS table, estimated_size AS rows
        FROM duckdb_tables() WHERE schema_name <> 'monitoring' ORDER BY ALL""",
}


class Mode(StrEnum):
    """Which API the sandbox is."""

    extended = "extended"
    development = "development"


class Format(StrEnum):
    """How the rows of a query are shown."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


@app.command()
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

    A genre-day that is complete is skipped unless --force.
    """
    if sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = sandbox
    settings = _settings()
    try:
        days = _days(date, settings.start_date)
        market = _market(market)
        genres = _chosen(settings, genre or [], every=every, batch=batch, ask=not no_interactive)
    except ValueError as error:
        _stop(str(error), USAGE)
    wanted = {"artists": artists, "tracks": tracks, "market": market, "force": force}
    if not _collect(settings, genres, days, wanted):
        raise typer.Exit(FAILED)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the catalogue.")] = 1,
) -> None:
    """Make a warehouse from the sandbox, without an account: 4 genres, the last 7 days."""
    from spotify_assets.sandbox import api, catalogue, server  # noqa: PLC0415 - slow to import

    begun = time.monotonic()
    today = dt.datetime.now(dt.UTC).date()
    days = (today - dt.timedelta(days=DEMO_DAYS - 1), today)
    with server.running(api.create_app(catalogue.generate(seed=seed))) as sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = sandbox.url
        settings = _settings()
        if not _collect(settings, list(DEMO_GENRES), days, {}):
            raise typer.Exit(FAILED)
    _show_demo(settings, time.monotonic() - begun)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="A query in DuckDB's SQL.")],
    as_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
) -> None:
    """Ask the warehouse, read-only; rows go to the standard output."""
    try:
        with read_only(_settings().database) as connection:
            result = connection.sql(sql)
            if result is None:
                _stop("That is no query: it gives no rows.", USAGE)
            rows = result.pl()
    except WarehouseError as error:
        _stop(str(error), FAILED)
    except duckdb.Error as error:
        _stop(f"DuckDB does not take that query: {error}", USAGE)
    match as_:
        case Format.csv:
            sys.stdout.write(_without_lists(rows).write_csv())
        case Format.json:
            sys.stdout.write(rows.write_json() + "\n")
        case Format.parquet:
            rows.write_parquet(sys.stdout.buffer)
        case Format.table:
            show_table("", rows.columns, rows.iter_rows())


@app.command()
def explain(
    table: Annotated[str, typer.Argument(help="Table, e.g. rankings.top_tracks.")],
    key: Annotated[list[str], typer.Argument(help="Its key, e.g. rock 2026-11-20 1.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="Print the response as it came, byte for byte.")
    ] = False,
) -> None:
    """Walk from a row back to the raw response, and print it."""
    settings = _settings()
    try:
        found = explaining.explain(settings.lake, settings.database, table, key)
    except (explaining.CannotExplain, WarehouseError, LakeError, OSError) as error:
        _stop(str(error), FAILED)
    if whole:
        sys.stdout.buffer.write(found.exchange.response.body)
        return
    request, response = found.exchange.request, found.exchange.response
    show_record(found.table, found.row)
    if found.origin != found.table:
        show_record(f"made from {found.origin}", found.origin_row)
    sent = {
        "request": f"GET {request.path} {json.dumps(dict(request.params), ensure_ascii=False)}",
        "status": response.status,
        "requested at": response.requested_at.isoformat(),
        "file": settings.lake.root / found.origin_row["source_file"],
        "line": found.exchange.line,
    }
    show_record("read from the response to", sent)
    out.print_json(json.dumps(found.shown, ensure_ascii=False))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = SANDBOX_PORT,
    mode: Annotated[Mode, typer.Option(help="Which API it is.")] = Mode.extended,
    catalog: Annotated[
        Path | None, typer.Option(help="A table of tracks (CSV, CSV.GZ or Parquet) to serve.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated catalogue.")] = 1,
    tracks: Annotated[int, typer.Option(min=1, help="Tracks of the generated catalogue.")] = 20_000,
    today: Annotated[
        str | None, typer.Option(help="The day it answers for (YYYY-MM-DD); else the real one.")
    ] = None,
) -> None:
    """Serve the Spotify Web API on this machine, without an account."""
    from spotify_assets.sandbox import api, catalogue, server  # noqa: PLC0415 - slow to import

    try:
        day = None if today is None else dt.date.fromisoformat(today)
        music = catalogue.read(catalog) if catalog else catalogue.generate(seed, tracks)
        application = api.create_app(music, mode=mode.value, today=day)
        out.print(f"The sandbox ({mode.value}) answers on http://127.0.0.1:{port}")
        out.print(f"To use it: export SPOTIFY_SANDBOX_URL=http://127.0.0.1:{port}")
        server.serve(application, port=port)
    except (OSError, ValueError) as error:
        _stop(str(error), USAGE)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox.")] = SANDBOX_PORT,
) -> None:
    """Start the Dagster UI and its daemon; the sandbox beside it when there are no credentials."""
    from spotify_assets.defs import launch  # noqa: PLC0415 - slow to import

    settings = _settings()
    needs_sandbox = not settings.sandbox_url and not settings.client_id
    if needs_sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
        out.print("No credentials: the sandbox serves instead.")
    launch.prepare_home(settings.dagster_home)
    launch.register_genres(settings.genres)
    python = [sys.executable, "-m"]
    commands = [
        [*python, "dagster", "dev", "-m", "spotify_assets.definitions", "-p", str(port)],
    ]
    if needs_sandbox:
        serve = [*python, "spotify_assets.cli", "sandbox", "--port", str(sandbox_port)]
        commands.insert(0, serve)
    raise typer.Exit(_together(commands))


def _together(commands: list[list[str]]) -> int:
    """Run the commands until one ends or Ctrl-C; then stop the others."""
    processes = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our own
    # `kill` stops the servers as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        return next(p.returncode for p in processes if p.returncode is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait()


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        said = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
        _stop(f"A setting is wrong: {said}. See .env.template.", USAGE)


def _market(text: str | None) -> str | None:
    if text is None or re.fullmatch("[A-Za-z]{2}", text):
        return text and text.upper()
    raise ValueError(f"{text!r} is no market: write its two letters (ISO 3166-1), e.g. BR.")


def _days(text: str | None, start: dt.date) -> tuple[dt.date, dt.date]:
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
        genres = settings.genres
    elif settings.genre:
        genres = [normalise_genre(settings.genre)]
    elif ask and sys.stdin.isatty():
        out.print(f"Known genres: {', '.join(settings.genres)}")
        genres = [normalise_genre(typer.prompt("Which genre", default=settings.genres[0]))]
    else:
        raise ValueError(
            "Which genre? Say --genre rock, --all, or --batch 5; or set SPOTIFY_GENRE."
        )
    if batch:
        last = {genre: _last_day(settings.lake, genre) for genre in genres}
        genres = sorted(genres, key=lambda genre: (last[genre], genres.index(genre)))[:batch]
    return list(dict.fromkeys(genres))


def _last_day(lake: Lake, genre: str) -> dt.date:
    days = [day.date for day, _ in lake.partitions("star.fact_track_daily") if day.genre == genre]
    return max(days, default=dt.date.min)


def _collect(
    settings: Settings,
    genres: list[str],
    days: tuple[dt.date, dt.date],
    wanted: dict[str, Any],
) -> bool:
    """Run what is not complete; say how it went. False if anything failed."""
    force = bool(wanted.get("force"))
    due = [genre for genre in genres if force or not _is_complete(settings.lake, genre, days)]
    said = dict.fromkeys(genres, SKIPPED)
    if due:
        try:
            _run(settings, due, days, wanted, said)
        except KeyboardInterrupt:
            _stop("Stopped. What was received is kept: the same command goes on from it.", STOPPED)
    failed = {genre: text for genre, text in said.items() if text not in ("", SKIPPED)}
    _show_collected(settings.lake, said, days)
    for genre, text in failed.items():
        err.print(f"{genre}: {text}", markup=False, style="red", soft_wrap=True)
    return not failed


def _run(
    settings: Settings,
    due: list[str],
    days: tuple[dt.date, dt.date],
    wanted: dict[str, Any],
    said: dict[str, str],
) -> None:
    """A run for each genre that is due; ``said`` takes what went wrong, or an empty text."""
    with progress(len(due)) as begin:
        # Only now: Dagster takes seconds to import.
        from spotify_assets.defs import launch  # noqa: PLC0415
        from spotify_assets.defs.assets.raw import CollectConfig  # noqa: PLC0415

        launch.prepare_home(settings.dagster_home)
        with launch.instance() as instance:
            for genre in due:
                begin(genre)
                outcome = launch.run(instance, genre, days, CollectConfig(**wanted))
                said[genre] = outcome.failure or _checks_said(outcome.failed_checks)


def _checks_said(failed: list[str]) -> str:
    return f"checks failed: {', '.join(failed)}" if failed else ""


def _is_complete(lake: Lake, genre: str, days: tuple[dt.date, dt.date]) -> bool:
    """Whether each day has its raw responses and its facts, and no run is working on it."""
    partitions = [GenreDay(genre, day) for day in _each(days)]
    return not set(partitions) & set(lake.under_way()) and all(
        RawPartition(lake, day).is_finished() and lake.rows("star.fact_track_daily", day).exists()
        for day in partitions
    )


def _each(days: tuple[dt.date, dt.date]) -> list[dt.date]:
    first, last = days
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _show_collected(lake: Lake, said: dict[str, str], days: tuple[dt.date, dt.date]) -> None:
    """What the lake holds of each genre-day that was wanted."""
    rows = []
    for genre, text in said.items():
        for day in _each(days):
            counts = _counts(lake, GenreDay(genre, day))
            state = ("failed" if text else "collected") if text != SKIPPED else text
            if counts and not sum(counts[:2]):
                state += ": the API found nothing"
            rows.append([genre, day, *(counts or ("", "", "")), state])
    show_table("", ["genre", "date", "artists", "tracks", "quarantined", "state"], rows)


def _counts(lake: Lake, day: GenreDay) -> tuple[int, int, int] | None:
    """Artists and tracks that are kept, and everything that is in quarantine."""
    if not lake.rows("processed.intake", day).exists():
        return None
    intake = read_partition(lake, "processed.intake", day)
    kept = dict(intake.select("table_name", "kept").iter_rows())
    return kept["artists"], kept["tracks"], int(intake["quarantined"].sum())


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
        "Look at it:   make dev, then http://127.0.0.1:3000",
        markup=False,
        highlight=False,
    )


def _without_lists(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists as JSON, because a CSV field is one value."""
    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    return rows.with_columns(
        pl.Series(
            name,
            [
                None if v is None else json.dumps(v.to_list(), ensure_ascii=False, default=str)
                for v in rows[name]
            ],
        )
        for name in nested
    )


def _stop(message: str, code: int) -> NoReturn:
    err.print(message, markup=False, style="red", soft_wrap=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
