"""Metrics for Prometheus: how the warehouse and its runs stand, as far as that is on the disk.

Every number is read again when it is asked for, so that any process can tell the metrics. What has
no file yet has no metric.

Belongs here: the metrics, and how they leave (text, JSON, push). Does not belong here: anything
that changes what they measure. No label may be called ``job`` or ``instance``: those are
Prometheus' own, and a push gateway overwrites them.
"""

import datetime as dt
import http.client
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, unquote, urlsplit

from prometheus_client import CollectorRegistry, generate_latest, push_to_gateway
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import basic_auth_handler
from prometheus_client.registry import Collector

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.tables import genres, last_date
from spotify_assets.operations.alerts import Alerts, AlertsError, Kind
from spotify_assets.operations.due import LAST_TABLE
from spotify_assets.operations.runs import Operations, OperationsError, RunEnded
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import WINDOW_SECONDS, Budget
from spotify_assets.sources.spotify_api.errors import NoClientId, NoCredentials, SpotifyError
from spotify_assets.sources.spotify_api.ledger import DAY_SECONDS, EVERY_FAMILY, Ledger, LedgerError
from spotify_assets.storage.clock import Clock
from spotify_assets.warehouse.errors import WarehouseError

KEPT_FILES = 1_000
PUSH_TIMEOUT_SECONDS = 5.0
PUSHED_AS = "spotify_assets"
LATEST = "latest.json"
COLLECTING = ("search", "artists")
"""Families that every collection asks: shown before their first call, too."""
LAST_DAYS = "SELECT genre, max(date) FROM monitoring.partitions WHERE table_name = ? GROUP BY genre"
UNREADABLE = (OperationsError, AlertsError, LedgerError, LakeError, SpotifyError, OSError)
log = logging.getLogger(__name__)


def registry(settings: Settings, clock: Clock | None = None) -> CollectorRegistry:
    """A registry of the project's metrics, which are read whenever it is collected."""
    held = CollectorRegistry()
    held.register(_Disk(settings, clock))
    return held


def as_text(settings: Settings, clock: Clock | None = None) -> str:
    """The metrics now, in Prometheus' text format."""
    return generate_latest(registry(settings, clock)).decode()


def as_json(settings: Settings, clock: Clock | None = None) -> dict[str, Any]:
    """The metrics now.

    Returns:
        ``at`` (ISO 8601, UTC) and ``metrics``: a list of ``name``, ``labels`` and ``value``, with
        the names and units of the text format.
    """
    samples = [
        {"name": sample.name, "labels": dict(sample.labels), "value": sample.value}
        for family in registry(settings, clock).collect()
        for sample in family.samples
    ]
    at = dt.datetime.fromtimestamp((clock or Clock()).now().wall, dt.UTC)
    return {"at": at.isoformat(timespec="seconds"), "metrics": samples}


def write_metrics(settings: Settings, run_id: str, clock: Clock | None = None) -> Path:
    """Keep the metrics as they are after a run, and push them where a push gateway is set.

    They are written to a file of the run, of which the newest are kept, and to ``latest.json``. A
    push that fails is a warning in the log.

    Returns:
        The file of the run.

    Raises:
        LakeError: A file cannot be written; what was there before is unchanged.
    """
    text = json.dumps({"run_id": run_id, **as_json(settings, clock)}, indent=2, allow_nan=False)
    path = settings.metrics / f"{quote(run_id, safe='')}.json"
    with writing(path, "the metrics"):
        settings.metrics.mkdir(parents=True, exist_ok=True)
        _keep_newest(settings.metrics, KEPT_FILES - 1)
        for target in (path, settings.metrics / LATEST):
            with settings.lake.temporary(".json") as temporary:
                temporary.write_text(f"{text}\n", encoding="utf-8")
                temporary.replace(target)
    if settings.pushgateway_url:
        _push(settings.pushgateway_url.get_secret_value(), registry(settings, clock))
    return path


class _Disk(Collector):
    """Reads the metrics off the files, one source after the other.

    A source that cannot be read must not hide the others: it has a metric that says so.
    """

    def __init__(self, settings: Settings, clock: Clock | None) -> None:
        self._settings = settings
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        readable: dict[str, int] = {}
        for name, source in SOURCES.items():
            try:
                yield from [one for one in source(self._settings, self._clock) if one.samples]
                readable[name] = 1
            except UNREADABLE as error:
                log.warning("The metrics of the source %s are missing: %s", name, error)
                readable[name] = 0
        yield _gauge(
            "source_readable",
            "1 where the source could be read or is not there yet, 0 where it is damaged.",
            {"source": readable},
        )


def _runs(settings: Settings, _: Clock | None) -> Iterator[Metric]:
    if not settings.operations.exists():
        return
    operations = Operations(settings.operations)
    total = CounterMetricFamily(
        "spotify_assets_runs", "Runs that ended.", labels=["dagster_job", "status"]
    )
    for labels, number in operations.totals().items():
        total.add_metric(labels, number)
    yield total
    last = operations.last_of_each_job()
    yield _gauge(
        "last_run_end_timestamp_seconds",
        "When the last run of the job ended, in seconds since 1970.",
        {"dagster_job": {run.job: run.ended_at.timestamp() for run in last}},
    )
    yield _gauge(
        "last_run_duration_seconds",
        "How long the last run of the job took, in seconds.",
        {"dagster_job": {run.job: run.seconds for run in last}},
    )
    yield from _rows(operations.last_count_of_each_genre())
    failing = GaugeMetricFamily(
        "spotify_assets_checks_failed",
        "Partitions that failed the check when they were last checked.",
        labels=["asset", "check"],
    )
    for labels, number in operations.failing().items():
        failing.add_metric(labels, number)
    yield failing


def _rows(runs: list[RunEnded]) -> Iterator[Metric]:
    counted = {
        "in": ("received", {run.genre: run.rows_in for run in runs}),
        "out": ("kept", {run.genre: run.rows_out for run in runs}),
        "quarantined": ("put into quarantine", {run.genre: run.quarantined for run in runs}),
    }
    for name, (done, rows) in counted.items():
        known = {genre: number for genre, number in rows.items() if genre and number is not None}
        about = f"Rows that the last run of the genre that counted rows {done}."
        yield _gauge(f"last_run_rows_{name}", about, {"genre": known})


def _alerts(settings: Settings, _: Clock | None) -> Iterator[Metric]:
    if not settings.operations.exists():
        return
    alerts = Alerts(settings.operations)
    kinds = [incident.kind for incident in alerts.open_incidents()]
    yield _gauge(
        "open_incidents",
        "Incidents that are open.",
        {"kind": {kind: kinds.count(kind) for kind in get_args(Kind)}},
    )
    is_waiting = [message.next_attempt_at is not None for message in alerts.undelivered()]
    yield _gauge(
        "undelivered_alerts",
        "Messages that a channel has not taken: waiting for another attempt, or given up.",
        {"status": {"waiting": is_waiting.count(True), "failed": is_waiting.count(False)}},
    )


def _requests(settings: Settings, clock: Clock | None) -> Iterator[Metric]:
    if not settings.ledger.exists():
        return
    try:
        connection = settings.connection
    except NoCredentials:
        # There is no app whose requests could be counted.
        return
    with closing(Ledger(settings.ledger)) as ledger:
        clock = clock or ledger.clock
        budget = Budget(ledger, connection.app, connection.source, settings.limits, clock)
        mode = ledger.mode(connection.app)
        # Nothing of the app's name: the client id is nobody's business.
        said = {"source": connection.source, "mode": mode.mode if mode else "unknown"}
        yield InfoMetricFamily("spotify_assets_app", "Which API the app was found to have.", said)
        yield from _use(budget)
        now = clock.now()
        until = {
            "all" if block.endpoint == EVERY_FAMILY else block.endpoint: now.wall + block.seconds
            for block in ledger.blocks(connection.app, now)
        }
    yield _gauge(
        "blocked_until_timestamp_seconds",
        "Until when the API does not want the family to be asked, in seconds since 1970.",
        {"family": until},
    )


def _use(budget: Budget) -> Iterator[Metric]:
    now = budget.clock.now()
    in_day = budget.ledger.families(budget.app, now, DAY_SECONDS)
    in_window = budget.ledger.families(budget.app, now, WINDOW_SECONDS)
    families = sorted({*COLLECTING, *in_day})
    budgets = {family: budget.per_day(family) for family in families}
    yield _gauge(
        "requests_last_30_seconds",
        "Requests of the family in the last 30 s.",
        {"family": {family: in_window.get(family, 0) for family in families}},
    )
    yield _gauge(
        "requests_last_24_hours",
        "Requests of the family in the last 24 h.",
        {"family": {family: in_day.get(family, 0) for family in families}},
    )
    yield _gauge(
        "requests_budget_24_hours",
        "Requests of the family that the budget allows in 24 h; absent where there is no limit.",
        {"family": {family: most for family, most in budgets.items() if most is not None}},
    )


def _freshness(settings: Settings, _: Clock | None) -> Iterator[Metric]:
    last = _last_days(settings)
    yield _gauge(
        "last_complete_day_timestamp_seconds",
        "Begin (00:00 UTC) of the last complete day of the genre, in seconds since 1970.",
        {"genre": {genre: _midnight(day) for genre, day in last.items() if day}},
    )


def _last_days(settings: Settings) -> dict[str, dt.date | None]:
    """Of what is published, which is known at once: the lake's log of 36,500 days takes seconds."""
    import duckdb  # noqa: PLC0415 - a command that only reads metrics starts without it

    from spotify_assets.warehouse.reading import read_only  # noqa: PLC0415 - as above

    lake = settings.lake
    if settings.publish_after_collecting:
        with suppress(duckdb.Error, WarehouseError), read_only(settings.database) as connection:
            return dict(connection.execute(LAST_DAYS, [LAST_TABLE]).fetchall())
    return {genre: last_date(lake, LAST_TABLE, genre) for genre in genres(lake)}


def _warehouse(settings: Settings, _: Clock | None) -> Iterator[Metric]:
    # Not `exists` first: a publication may put another file in its place.
    with suppress(FileNotFoundError):
        size = settings.database.stat().st_size
        about = "Size of the DuckDB file, in bytes."
        yield GaugeMetricFamily("spotify_assets_warehouse_bytes", about, value=size)


def _sign_in(settings: Settings, clock: Clock | None) -> Iterator[Metric]:
    try:
        tokens = settings.user_tokens
    except NoClientId:
        # There is no app that anybody could have signed in to.
        return
    now = (clock or Clock()).now()
    signed_in = tokens.state(dt.datetime.fromtimestamp(now.wall, dt.UTC))
    if signed_in.signed_in_at is not None:
        yield GaugeMetricFamily(
            "spotify_assets_sign_in_days_left",
            "Days until the user has to sign in again; 0 where it is over.",
            value=signed_in.days_left,
        )


SOURCES: Mapping[str, Callable[[Settings, Clock | None], Iterator[Metric]]] = {
    "runs": _runs,
    "alerts": _alerts,
    "ledger": _requests,
    "lake": _freshness,
    "warehouse": _warehouse,
    "sign_in": _sign_in,
}


def _gauge(name: str, about: str, values: Mapping[str, Mapping[str, float]]) -> GaugeMetricFamily:
    """A metric with one label, given as ``{label: {its value: the number}}``."""
    [(label, numbers)] = values.items()
    family = GaugeMetricFamily(f"spotify_assets_{name}", about, labels=[label])
    for said, number in numbers.items():
        family.add_metric([said], number)
    return family


def _midnight(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()


def _keep_newest(folder: Path, number: int) -> None:
    # Another process may remove the same files; the next run sees to what it leaves.
    with suppress(FileNotFoundError):
        files = [file for file in folder.glob("*.json") if file.name != LATEST]
        files.sort(key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in files[number:]:
            file.unlink()


def _push(url: str, metrics: CollectorRegistry) -> None:
    try:
        address = urlsplit(url if "://" in url else f"http://{url}")
        gateway = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
        user, password = (word and unquote(word) for word in (address.username, address.password))
        push_to_gateway(
            gateway,
            job=PUSHED_AS,
            registry=metrics,
            timeout=PUSH_TIMEOUT_SECONDS,
            handler=partial(basic_auth_handler, username=user, password=password),
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        # Not the error itself: where the address is wrong, it quotes it with its password.
        reason = getattr(error, "reason", None) or type(error).__name__
        log.warning(
            "The metrics could not be pushed: %s. Is the Pushgateway of SPOTIFY_PUSHGATEWAY_URL "
            "running? They are in the data folder all the same.",
            reason,
        )
