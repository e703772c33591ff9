"""What happened: the runs that ended, and what their checks found.

In an SQLite file, or in a PostgreSQL that several machines share.

Belongs here: keeping it, and giving it back in the shapes of ``monitoring.runs`` and
``monitoring.check_results``. Does not belong here: where it comes from (``defs``), and what is
wrong now (``alerts``, which has tables of its own in the same file).
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NoReturn

import polars as pl

from spotify_assets.schemas import Contract
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.schemas.monitoring import CheckResults, Runs
from spotify_assets.storage import database
from spotify_assets.storage.database import Database, Place, Row
from spotify_assets.storage.errors import FailureKind, StoreError

MAX_FAILURE = 1_000
"""Characters: of a longer text the begin is kept."""
# In the order of the contracts. Times are µs since 1970 (UTC), days are days since then.
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, job TEXT NOT NULL,
    partition TEXT, genre TEXT, first_date INTEGER, last_date INTEGER, status TEXT NOT NULL,
    started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, seconds REAL NOT NULL,
    requests INTEGER NOT NULL, rows_in INTEGER, rows_out INTEGER, quarantined INTEGER,
    share_invalid REAL, failure TEXT, failure_kind TEXT, damaged_files TEXT,
    share_anomalous REAL, alert_delay_seconds REAL, alerted_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS runs_job ON runs (job, status, ended_at);
CREATE INDEX IF NOT EXISTS runs_genre ON runs (genre, ended_at) WHERE rows_in IS NOT NULL;
CREATE TABLE IF NOT EXISTS check_results (
    result_number INTEGER PRIMARY KEY, checked_at INTEGER NOT NULL, run_id TEXT NOT NULL,
    asset TEXT NOT NULL, check_name TEXT NOT NULL, genre TEXT, date INTEGER,
    passed INTEGER NOT NULL, severity TEXT NOT NULL, details TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS check_results_latest
    ON check_results (asset, check_name, genre, date, checked_at, passed);
"""
# What a version before did not record; of its failures it only matters which were blocks.
ADDED = """
ALTER TABLE runs ADD COLUMN failure_kind TEXT;
ALTER TABLE runs ADD COLUMN damaged_files TEXT;
UPDATE runs SET failure_kind = 'wait' WHERE failure LIKE 'The API is not to be asked for %';
"""
ADDED_LATER = """
ALTER TABLE runs ADD COLUMN share_anomalous REAL;
ALTER TABLE runs ADD COLUMN alert_delay_seconds REAL;
ALTER TABLE runs ADD COLUMN alerted_at INTEGER;
"""
# Of the runs of the same work that had failed when an alert was made, it tells of the last.
TOLD = """
WITH told AS (
    SELECT notices.key, notices.opened_at, min(epoch(outbox.ended_at)) AS delivered
    FROM notices JOIN outbox ON outbox.id = notices.message
    WHERE outbox.status = 'delivered' AND notices.key LIKE 'run_failure/%'
    GROUP BY notices.key, notices.opened_at
),
of_run AS (
    SELECT runs.run_number, told.delivered, row_number() OVER (
        PARTITION BY told.key, told.opened_at ORDER BY runs.ended_at DESC, runs.run_number
    ) AS place
    FROM told JOIN runs
        ON told.key = 'run_failure/' || runs.job || coalesce('/' || runs.partition, '')
        AND runs.ended_at < (epoch(told.opened_at) + 1) * 1000000
    WHERE runs.status = 'failure'
)
UPDATE runs SET
    alert_delay_seconds = CASE WHEN of_run.delivered > runs.ended_at / 1000000.0
        THEN of_run.delivered - runs.ended_at / 1000000.0 ELSE 0 END,
    alerted_at = ?
FROM of_run
WHERE runs.alert_delay_seconds IS NULL AND of_run.place = 1
    AND runs.run_number = of_run.run_number
"""
STORED: dict[pl.DataType, pl.DataType] = {
    pl.Datetime("us"): pl.Int64(),
    pl.Date(): pl.Int32(),
    pl.Boolean(): pl.Int64(),
}
"""How SQLite holds what it has no type for."""

Status = Literal["success", "failure", "canceled"]


class OperationsError(StoreError):
    """The file of the runs cannot be read or written."""


@dataclass(frozen=True)
class RunEnded:
    """A run that ended; what each field means is said in `Runs`.

    The failure is brought to one line. Times need a time zone, and are kept in UTC.

    Raises:
        ValueError: A time has no time zone, or there is no such kind of failure.
    """

    run_id: str
    job: str
    status: Status
    started_at: dt.datetime
    ended_at: dt.datetime
    partition: str | None = None
    genre: str | None = None
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    requests: int = 0
    rows_in: int | None = None
    rows_out: int | None = None
    quarantined: int | None = None
    failure: str | None = None
    failure_kind: FailureKind | None = None
    damaged_files: str | None = None
    share_anomalous: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "started_at", _utc(self.started_at))
        object.__setattr__(self, "ended_at", _utc(self.ended_at))
        object.__setattr__(self, "failure", _line(self.failure or "") or None)
        kind = self.failure_kind and FailureKind(self.failure_kind)
        object.__setattr__(self, "failure_kind", kind)

    @property
    def seconds(self) -> float:
        """How long it took; 0 where the clock was set back meanwhile."""
        return max((self.ended_at - self.started_at).total_seconds(), 0.0)

    @property
    def share_invalid(self) -> float | None:
        """Share of the received rows that went into quarantine, 0 to 1."""
        if not self.rows_in or self.quarantined is None:
            return None
        return self.quarantined / self.rows_in


@dataclass(frozen=True)
class CheckResult:
    """One evaluation of a check; what each field means is said in `CheckResults`.

    Raises:
        ValueError: The time has no time zone, or the details are no JSON object.
    """

    checked_at: dt.datetime
    run_id: str
    asset: str
    check_name: str
    passed: bool
    severity: Literal["WARN", "ERROR"] = "ERROR"
    genre: str | None = None
    date: dt.date | None = None
    details: str = "{}"

    def __post_init__(self) -> None:
        object.__setattr__(self, "checked_at", _utc(self.checked_at))
        if not _is_json_object(self.details):
            raise ValueError(
                f"The details of {self.check_name} on {self.asset} are no JSON object: give "
                'something like {"rows": 100}; NaN and infinity have no place in JSON.'
            )


class Operations:
    """The runs that ended, and their check results; several processes can use the same place.

    Every method can raise `OperationsError`.
    """

    def __init__(self, place: Place) -> None:
        """Open it, or begin it."""
        self.place = place
        with self._reporting():
            added = {"runs.failure_kind": ADDED, "runs.share_anomalous": ADDED_LATER}
            database.begin(place, SCHEMA, added)

    def record(self, run: RunEnded, results: Sequence[CheckResult] = ()) -> bool:
        """Take note of a run and of all that was checked in it, in one step.

        Returns:
            Whether it is new: of a run that is there already, nothing is changed or added.

        Raises:
            ValueError: A value breaks the contract of its table, or a result is of another run.
                Nothing is kept: such a row would keep the warehouse from being published.
        """
        if strangers := {result.run_id for result in results} - {run.run_id}:
            raise ValueError(f"Results of {', '.join(strangers)} do not belong to {run.run_id}.")
        derived = {"seconds": run.seconds, "share_invalid": run.share_invalid}
        with self._reporting(), closing(database.connect(self.place)) as db, db.alone():
            if db.execute("SELECT 1 FROM runs WHERE run_id = ?", (run.run_id,)).fetchone():
                return False
            _insert(db, Runs, "runs", [asdict(run) | derived])
            _insert(db, CheckResults, "check_results", [asdict(result) for result in results])
        return True

    def runs_after(self, number: int) -> pl.DataFrame:
        """The runs with a higher number, and those told of since, in order, as `Runs`."""
        return self._read(
            Runs,
            "SELECT * FROM runs WHERE run_number > ? OR alerted_at > ? ORDER BY 1",
            number,
            number,
        )

    def note_alerts(self) -> None:
        """Take note of how long it took until somebody was told of the runs that failed.

        Such a run counts as changed from now on: `runs_after` gives it again.
        """
        with self._reporting(), closing(database.connect(self.place)) as db, db.alone():
            if db.has("notices"):
                db.execute(TOLD, (_now(),))

    def check_results_after(self, number: int) -> pl.DataFrame:
        """The check results with a higher number, in order, as `CheckResults`."""
        return self._read(
            CheckResults, "SELECT * FROM check_results WHERE result_number > ? ORDER BY 1", number
        )

    def runs(self, last: int) -> list[RunEnded]:
        """The last runs, the latest first: at most so many."""
        return self._runs(
            "SELECT * FROM runs ORDER BY ended_at DESC, 1 DESC LIMIT ?",
            last,
        )

    def last_of_each_job(self) -> list[RunEnded]:
        """The run of each job that ended last, by job."""
        return self._runs(
            "SELECT * FROM runs WHERE run_number IN (SELECT max(runs.run_number) FROM runs JOIN "
            "(SELECT job, max(ended_at) AS ended_at FROM runs GROUP BY job) AS latest "
            "ON latest.job = runs.job AND latest.ended_at = runs.ended_at GROUP BY runs.job) "
            "ORDER BY job"
        )

    def last_count_of_each_genre(self) -> list[RunEnded]:
        """Of the runs that counted rows, the one of each genre that ended last, by genre."""
        return self._runs(
            "SELECT * FROM runs WHERE run_number IN (SELECT max(runs.run_number) FROM runs JOIN "
            "(SELECT genre, max(ended_at) AS ended_at FROM runs "
            "WHERE rows_in IS NOT NULL AND genre IS NOT NULL GROUP BY genre) AS latest "
            "ON latest.genre = runs.genre AND latest.ended_at = runs.ended_at "
            "WHERE runs.rows_in IS NOT NULL GROUP BY runs.genre) ORDER BY genre"
        )

    def totals(self) -> dict[tuple[str, str], int]:
        """How many runs of each job ended in each status."""
        rows = self._select("SELECT job, status, count(*) FROM runs GROUP BY 1, 2 ORDER BY 1, 2")
        return {(job, status): number for job, status, number in rows}

    def failing(self) -> dict[tuple[str, str], int]:
        """Of each asset and check, how many partitions failed when they were last checked."""
        rows = self._select(
            # The latest time, with whether it failed as its last digit: in one pass over the index.
            "SELECT asset, check_name, CAST(sum(latest % 2) AS BIGINT) FROM (SELECT asset, "
            "check_name, max(checked_at * 2 + 1 - passed) AS latest FROM check_results "
            "GROUP BY asset, check_name, genre, date) AS of_partition "
            "GROUP BY asset, check_name ORDER BY asset, check_name"
        )
        return {(asset, check): number for asset, check, number in rows}

    def failing_checks(self) -> list[CheckResult]:
        """What fails now: of each check and genre, the latest evaluation of the newest day.

        Warnings are left out.
        """
        frame = self._read(
            CheckResults,
            "SELECT * FROM check_results WHERE result_number IN (SELECT number FROM "
            "(SELECT result_number AS number, row_number() OVER (PARTITION BY asset, check_name, "
            "genre ORDER BY date IS NULL, date DESC, checked_at DESC, result_number DESC) AS place "
            "FROM check_results) AS of_genre WHERE place = 1) "
            "AND passed = 0 AND severity = 'ERROR' ORDER BY asset, check_name",
        )
        names = [field.name for field in fields(CheckResult)]
        moment = pl.col("checked_at").dt.replace_time_zone("UTC")
        rows = frame.select(names).with_columns(moment).iter_rows(named=True)
        return [CheckResult(**row) for row in rows]

    def _runs(self, sql: str, *parameters: int) -> list[RunEnded]:
        names = [field.name for field in fields(RunEnded)]
        times = ("started_at", "ended_at")
        frame = self._read(Runs, sql, *parameters).select(names)
        frame = frame.with_columns(pl.col(times).dt.replace_time_zone("UTC"))
        return [RunEnded(**row) for row in frame.iter_rows(named=True)]

    def _read(self, contract: type[Contract], sql: str, *parameters: int) -> pl.DataFrame:
        schema = contract.polars_schema()
        stored = {name: STORED.get(dtype, dtype) for name, dtype in schema.items()}
        # By name: a file of an older version that is only for reading lacks some columns, and one
        # of this version has one that is of no table.
        given = [dict(row) for row in self._select(sql, *parameters)]
        rows = [{name: row.get(name) for name in stored} for row in given]
        return pl.DataFrame(rows, schema=stored).cast(schema)

    def _select(self, sql: str, *parameters: int) -> list[Row]:
        with self._reporting(), closing(database.connect(self.place)) as db:
            return db.execute(sql, parameters).fetchall()

    def _reporting(self) -> AbstractContextManager[None]:
        return database.reporting(self.place, OperationsError, "The runs in")


def _insert(db: Database, contract: type[Contract], table: str, rows: list[dict[str, Any]]) -> None:
    """Number the rows and append them, if they keep their contract."""
    schema = contract.polars_schema()
    number = next(iter(schema))
    # Numbers grow with time, so that those of a file that is begun again follow on the old ones.
    [(last,)] = db.execute(f"SELECT max({number}) FROM {table}").fetchall()  # noqa: S608 - ours
    first = max((last or 0) + 1, _now())
    numbered = [_naive(row) | {number: first + index} for index, row in enumerate(rows)]
    frame = pl.DataFrame(numbered, schema=schema)
    try:
        contract.validate(frame)
    except ContractBroken as error:
        _refuse(contract, error)
    marks = ", ".join("?" * len(schema))
    db.executemany(
        f"INSERT INTO {table} ({', '.join(schema)}) VALUES ({marks})",  # noqa: S608 - ours
        frame.select(pl.all().to_physical()).iter_rows(),
    )


def _now() -> int:
    """µs since 1970, as the numbers of rows begin."""
    return round(dt.datetime.now(dt.UTC).timestamp() * 1_000_000)


def _refuse(contract: type[Contract], error: ContractBroken) -> NoReturn:
    cases = error.failure_cases.select("column", "check", "failure_case").iter_rows()
    said = "; ".join(f"{column} is {value} ({check})" for column, check, value in cases)
    raise ValueError(
        f"Nothing was recorded: a row breaks the contract of {contract.table()}: {said}."
    ) from error


def _naive(row: Mapping[str, Any]) -> dict[str, Any]:
    """Times as contracts have them: in UTC, without saying so."""
    return {
        name: value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value
        for name, value in row.items()
    }


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: give the times of a run in UTC.")
    return moment.astimezone(dt.UTC)


def _line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_FAILURE else f"{line[: MAX_FAILURE - 1]}…"


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_not_json), dict)
    except ValueError:
        return False


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)
