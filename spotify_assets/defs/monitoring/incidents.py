"""What is wrong now, as people are told of it.

Belongs here: finding it, in the run table, the checks, the ledger and Dagster's freshness. Does not
belong here: the words (``alerts.causes``), and who was told already (``alerts``).
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import dagster as dg

from spotify_assets.defs.databases.target import TARGET
from spotify_assets.defs.monitoring.quality import OF_GENRES
from spotify_assets.defs.partitions import genre_days_of_run, key_of, parse_key
from spotify_assets.lake import GenreDay
from spotify_assets.operations.alerts import Alerts, Incident, Kind, causes
from spotify_assets.operations.alerts.causes import monitoring
from spotify_assets.operations.runs import CheckResult, Operations, RunEnded
from spotify_assets.schemas.monitoring import DamagedFiles
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import SpotifyError
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.quality import comments, releases
from spotify_assets.warehouse.reading import read_only

LOOKED_AT = 500
"""Runs, the latest first: what failed before them is not news."""
BACKFILLS_LOOKED_AT = 50
BACKFILL = "dagster/backfill"
"""Tag of a run: the backfill that it is of."""
NEWS = dt.timedelta(days=3)
TOKEN_LIMITS = (30, 7, 1)
"""Days before the end of a sign-in."""
LATE = "FAIL"
OF_RELEASES: tuple[Kind, ...] = ("streams_drop", "invalid_rows", "late_file", "model_withdrawn")
IN_LAKE = "lake"
"""How a file of the lake is called, wherever the lake is."""
OF_GENRE_DAY = re.compile("/genre=[^/]+/date=[^/]+/")
_PLAIN = int | float | str


@dataclass(frozen=True)
class Observed:
    """What an observation came to."""

    open: int
    delivered: int


def observe(
    instance: dg.DagsterInstance, settings: Settings, keys: Sequence[dg.AssetKey]
) -> Observed:
    """Open what is wrong, close what is over, and send what is due.

    Raises:
        AlertsError: The incidents cannot be kept.
        OperationsError: The run table cannot be read.
        WarehouseError: The warehouse cannot be read.
        LedgerError: The ledger cannot be read.
    """
    now = dt.datetime.now(dt.UTC)
    operations = Operations(settings.operations)
    alerts = Alerts(settings.operations, settings.alert_channels)
    results = [one for one in operations.failing_checks() if not _is_let_be(one, settings)]
    drops = [one for one in results if one.check_name == "drop"]
    others = [one for one in results if one.check_name != "drop"]
    failed = list(_failed_runs(operations.runs(LOOKED_AT), now))
    others_failed = [run for run in failed if not _damaged_files_of(run)]
    failures = [_failed_run(run, settings) for run in others_failed]
    alerts.observe("run_failure", [*failures, *_left_out_of_backfills(instance, settings, now)])
    alerts.observe("damaged_file", _damaged_files(failed, settings))
    alerts.observe("check_failure", [_failed_check(one) for one in others])
    alerts.observe("rows_drop", list(_drops(drops)))
    of_releases = list(_releases(settings, now.date()))
    for kind in OF_RELEASES:
        alerts.observe(kind, [one for one in of_releases if one.kind == kind])
    alerts.observe("comments_drift", list(_comments(settings, now.date())))
    alerts.observe("late_data", list(_late(instance, settings, keys)))
    alerts.observe("quota_block", list(_blocks(settings)))
    alerts.observe("token_ends", list(_tokens(settings, now)))
    delivered = alerts.deliver()
    return Observed(len(alerts.open_incidents()), delivered)


def _failed_runs(latest_first: list[RunEnded], now: dt.datetime) -> Iterator[RunEnded]:
    """The runs that failed and whose days no later run has made."""
    made: set[GenreDay] = set()
    told: set[tuple[str, str | None]] = set()
    for run in latest_first:
        days = set(_days(run))
        if run.status == "success":
            made |= days
            told.add((run.job, run.partition))
        is_news = run.status == "failure" and now - run.ended_at < NEWS
        # Of a block another incident tells, and the run goes on by itself.
        is_block = run.failure_kind is FailureKind.WAIT
        if is_news and not is_block and (run.job, run.partition) not in told:
            told.add((run.job, run.partition))
            if not days or not days <= made:
                yield run


def _failed_run(run: RunEnded, settings: Settings) -> Incident:
    failure = run.failure or "It does not say why."
    return monitoring.run_failure(
        run.job, run.partition, failure, run.ended_at, _link(run, settings)
    )


def _left_out_of_backfills(
    instance: dg.DagsterInstance, settings: Settings, now: dt.datetime
) -> Iterator[Incident]:
    """The backfills that ended without a run for some of their genre-days, which nobody made since.

    Dagster goes on in a backfill of a job from the last partition of its last 25 runs, but the runs
    are not in the order of the partitions: what it passes by is lost, and the backfill succeeds.
    """
    for backfill in instance.get_backfills(limit=BACKFILLS_LOOKED_AT):
        if not backfill.status.value.startswith("COMPLETED"):
            continue
        ended = dt.datetime.fromtimestamp(backfill.backfill_end_timestamp or 0, dt.UTC)
        if now - ended > NEWS:
            continue
        # A backfill of assets has no names of partitions, and one of the polls has days alone.
        asked = {parse_key(key) for key in backfill.partition_names or [] if "|" in key}
        left = asked - _days_of_runs(instance, dg.RunsFilter(tags={BACKFILL: backfill.backfill_id}))
        if left:
            begun = dt.datetime.fromtimestamp(backfill.backfill_timestamp, dt.UTC)
            left -= _days_of_runs(
                instance,
                dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS], created_after=begun),
            )
        if left:
            link = f"{settings.dagster_url}/runs/b/{backfill.backfill_id}"
            days = [(day.genre, day.date) for day in sorted(left)]
            yield monitoring.left_out_of_backfill(backfill.backfill_id, days, ended, link)


def _days_of_runs(instance: dg.DagsterInstance, which: dg.RunsFilter) -> set[GenreDay]:
    return {
        day
        for record in instance.get_run_records(which)
        for day in genre_days_of_run(record.dagster_run.tags, instance)
    }


def _damaged_files(runs: list[RunEnded], settings: Settings) -> list[Incident]:
    """Each once: as the publication found it, or else the latest run."""
    found = [*_of_runs(runs, settings), *_left_out(settings)]
    return list({one.key: one for one in found}.values())


def _left_out(settings: Settings) -> Iterator[Incident]:
    """The damaged files that the publication left out."""
    if not settings.database.exists():
        return
    with read_only(settings.database) as connection:
        rows = connection.table(DamagedFiles.table()).pl()
    for one in rows.iter_rows(named=True):
        file = Path(IN_LAKE) / one["file"]
        found = f"The warehouse is without it, and keeps what it had before: {one['reason']}"
        partition = one["genre"] and str(key_of(GenreDay(one["genre"], one["date"])))
        yield monitoring.damaged_file(
            file, found, one["found_at"].replace(tzinfo=dt.UTC), partition
        )


def _of_runs(runs: list[RunEnded], settings: Settings) -> Iterator[Incident]:
    """The damaged files that runs met, each as the latest run found it."""
    told: set[str] = set()
    for run in runs:
        for file in _damaged_files_of(run):
            if file not in told:
                told.add(file)
                partition = str(key_of(GenreDay.from_folder(Path(file).parent)))
                found = f"A run of {run.job} found that it was damaged or changed."
                link = _link(run, settings)
                yield monitoring.damaged_file(Path(file), found, run.ended_at, partition, link)


def _damaged_files_of(run: RunEnded) -> list[str]:
    """Those of genre-days that a run fails by, relative to the data folder."""
    files = json.loads(run.damaged_files or "[]")
    return [f"{IN_LAKE}/{file}" for file in files if OF_GENRE_DAY.search(file)]


def _link(run: RunEnded, settings: Settings) -> str:
    return f"{settings.dagster_url}/runs/{run.run_id}"


def _days(run: RunEnded) -> Iterator[GenreDay]:
    if run.genre and run.first_date and run.last_date:
        for number in range((run.last_date - run.first_date).days + 1):
            yield GenreDay(run.genre, run.first_date + dt.timedelta(days=number))


def _is_let_be(result: CheckResult, settings: Settings) -> bool:
    """Whether it is of a genre off the list, which nothing measures again."""
    is_of_genre = result.check_name in {what.name for what in OF_GENRES}
    return is_of_genre and result.genre not in settings.genres


def _failed_check(result: CheckResult) -> Incident:
    partition = None
    if result.genre and result.date:
        partition = str(key_of(GenreDay(result.genre, result.date)))
    return monitoring.check_failure(
        result.check_name, result.asset, partition, _in_words(result), result.checked_at
    )


def _in_words(result: CheckResult) -> str:
    """What a check found, by its name; lists for programs are left out."""
    found = json.loads(result.details)
    said = [f"{name}: {_value(it)}" for name, it in found.items() if isinstance(it, _PLAIN)]
    return "\n".join(said) or "It does not say more: see the check in the Dagster UI."


def _value(it: float | str) -> str:
    if isinstance(it, str):
        # The UI takes texts of several lines as Markdown.
        return re.sub(r"^`{3,}\n|\n`{3,}$", "\n", it).rstrip()
    return f"{it:g}" if isinstance(it, float) else str(it)


def _drops(results: list[CheckResult]) -> Iterator[Incident]:
    for one in results:
        if one.genre and one.date:
            found = json.loads(one.details)
            yield causes.catalog.rows_drop(
                one.genre, one.date, int(found["value"]), found["usual"], one.checked_at
            )


def _releases(settings: Settings, today: dt.date) -> Iterator[Incident]:
    """What is wrong with the streams and downloads of a label, as they are published."""
    if not settings.database.exists():
        return
    with read_only(settings.database) as connection:
        if not releases.are_there(connection):
            return
        falls = releases.falls(connection, today, settings.streams_compared_with)
        invalid = releases.invalid_rows(connection, today)
        late = releases.late_files(connection, today, settings.downloads_late_days)
        withdrawn = releases.withdrawn_models(connection)
    for fall in falls:
        known = (("the day before", fall.day_before), ("a week before", fall.same_weekday))
        bases = [(of, count) for of, count in known if count is not None]
        yield causes.releases.streams_drop(
            fall.release_id, fall.title, fall.date, fall.streams, bases
        )
    for file in invalid:
        since = file.imported_at.replace(tzinfo=dt.UTC)
        yield causes.releases.invalid_rows(
            file.file_id, file.file_name, file.received, file.quarantined, since
        )
    for kind, files in groupby(late, key=lambda file: file.kind):
        some = list(files)
        named = [(file.name, file.last.replace(tzinfo=dt.UTC)) for file in some]
        late_since = min(one.last + dt.timedelta(days=one.days) for one in some)
        yield causes.releases.late_file(kind, named, late_since.replace(tzinfo=dt.UTC))
    for model in withdrawn:
        yield causes.releases.model_withdrawn(
            model.version, model.withdrawn_on, model.missed, model.naive_missed
        )


def _comments(settings: Settings, today: dt.date) -> Iterator[Incident]:
    """What of the comments is not what it was, as they are published."""
    if not settings.database.exists():
        return
    with read_only(settings.database) as connection:
        found = comments.drifts(connection, today) if comments.are_there(connection) else []
    for one in found:
        yield causes.comments.comments_drift(
            one.subject, one.day, one.share, one.usual, one.comments
        )


def _late(
    instance: dg.DagsterInstance, settings: Settings, keys: Sequence[dg.AssetKey]
) -> Iterator[Incident]:
    """The assets that Dagster's freshness policy calls late."""
    for key, record in instance.get_freshness_state_records(keys).items():
        if record.freshness_state.value == LATE:
            event = instance.get_latest_materialization_event(key)
            last = event and dt.datetime.fromtimestamp(event.timestamp, dt.UTC)
            link = f"{settings.dagster_url}/assets/{'/'.join(key.path)}"
            remedy = monitoring.PUBLISH_TO if key == TARGET else monitoring.COLLECT
            yield monitoring.late_data(".".join(key.path), last, record.updated_at, link, remedy)


def _blocks(settings: Settings) -> Iterator[Incident]:
    if not settings.ledger.exists() or not (settings.sandbox_url or settings.client_id):
        return
    with closing(Ledger(settings.ledger)) as ledger:
        now = ledger.clock.now()
        at = dt.datetime.fromtimestamp(now.wall, dt.UTC)
        for block in ledger.blocks(settings.app, now):
            if block.seconds > settings.longest_wait:
                # To the minute: the same block must not look like another one each time.
                until = at + dt.timedelta(seconds=block.seconds)
                yield causes.catalog.quota_block(
                    block.endpoint, at, until.replace(second=0, microsecond=0)
                )


def _tokens(settings: Settings, now: dt.datetime) -> Iterator[Incident]:
    try:
        signed_in = settings.user_tokens.state(now)
    except SpotifyError:
        # Nobody can be signed in: `status` says why.
        return
    if signed_in.ends_at is None or signed_in.signed_in_at is None:
        return
    for days in TOKEN_LIMITS:
        passed = signed_in.ends_at - dt.timedelta(days=days)
        if passed <= now:
            yield causes.listening.token_ends(signed_in.ends_at, days, passed)
    if signed_in.condition == "dead":
        yield causes.listening.token_ends(signed_in.ends_at, 0, now)
