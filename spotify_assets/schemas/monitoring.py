"""Contracts of ``monitoring``: what the warehouse knows of itself."""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage
from spotify_assets.storage.errors import FailureKind


class Partitions(
    Contract,
    table="monitoring.partitions",
    grain="one partition of a table of the lake, as it was loaded",
    key=("table_name", "genre", "date"),
    stage=Stage.PUBLICATION,
):
    """Which file of the lake each partition was loaded from; what differs is loaded again."""

    table_name: str = c.table_name()
    genre: str = c.genre()
    date: pl.Date = c.date()
    file: str = c.lake_file()
    bytes: pl.Int64 = c.file_bytes()
    hash: str = c.text("Hash of its rows; the same wherever they lie.")


class LakeCommits(
    Contract,
    table="monitoring.lake_commits",
    grain="one genre of the lake",
    key=("genre",),
    stage=Stage.PUBLICATION,
):
    """Up to which commit of the lake each genre was loaded; what came after is loaded next."""

    genre: str = c.genre()
    commit_number: pl.Int64 = c.count("Number of the last commit that was loaded.")


class DamagedFiles(
    Contract,
    table="monitoring.damaged_files",
    grain="one file of the lake that cannot be loaded",
    key=("file",),
    stage=Stage.PUBLICATION,
):
    """What the warehouse lacks, because a file of the lake is damaged or does not fit its table.

    Until it can be read, its genre-day (or the whole listening history, or all tables of releases)
    stays as it was published before; a warehouse that is made again is without it. Of the file of a
    month, `date` is the first day in it.
    """

    file: str = c.lake_file()
    table_name: str = c.table_name()
    genre: str = c.text("Its genre; null for plays and releases.", nullable=True)
    date: pl.Date = c.column(nullable=True, description="Its day (UTC); null where genre is.")
    bytes: pl.Int64 = c.file_bytes()
    found_at: c.Moment = c.moment("When that was found")
    reason: str = c.text("What is wrong with it.")


class HistoryFiles(
    Contract,
    table="monitoring.history_files",
    grain="one file of the listening history in the lake, as it was loaded",
    key=("file",),
    stage=Stage.PUBLICATION,
):
    """Which files the tables of plays were made from; where one differs, they are made again."""

    file: str = c.lake_file()
    table_name: str = c.table_name()
    bytes: pl.Int64 = c.file_bytes()
    modified_ns: pl.Int64 = c.written_ns()


class Requests(
    Contract,
    table="monitoring.requests",
    grain="one call to the API, or to its accounts host",
    key=("request_id",),
    stage=Stage.LOG,
):
    """Every call that was ever sent, with what became of it: the request ledger.

    A call that may still get its answer (at most 35 s) keeps those after it waiting for the next
    publication. A call without `http_status` and without `failure` is one whose process died before
    its answer.
    """

    request_id: pl.Int64 = c.count("Number of the call; it grows with time.")
    requested_at: c.Moment = c.moment("When it was sent")
    app: str = c.text("Hash of the client id and the API's address.")
    source: str = c.one_of(["spotify", "sandbox"], "Which API was asked.")
    run_id: str = c.text("Dagster run that sent it.", nullable=True)
    genre: str = c.text("Genre that it was sent for.", nullable=True)
    date: pl.Date = c.column(nullable=True, description="Day (UTC) that it was sent for.")
    endpoint: str = c.text("Family of endpoints, e.g. `search`; `token` is the accounts host.")
    path: str = c.text("Path below the API's address.")
    params: str = c.text("Parameters, as JSON.")
    attempt: pl.Int64 = c.position("Which attempt of the same request it was, from 1.")
    http_status: pl.Int64 = c.count("HTTP status; null where no answer came.", nullable=True)
    failure: str = c.text("Why no answer came, e.g. `ReadTimeout`.", nullable=True)
    rows: pl.Int64 = c.count("Objects that the answer lists.", nullable=True)
    bytes: pl.Int64 = c.count("Size of the answer's body in bytes.", nullable=True)
    elapsed_ms: pl.Int64 = c.count("From sending to the answer, in ms.", nullable=True)
    waited_ms: pl.Int64 = c.count("How long it waited for the limits before, in ms.")
    retry_after_s: pl.Int64 = c.count("Seconds that the API asked to wait (429).", nullable=True)


class Runs(
    Contract,
    table="monitoring.runs",
    grain="one run that ended",
    key=("run_number",),
    stage=Stage.LOG,
):
    """Every run that ended: what it was for, how it ended, and what it cost and brought.

    Rows are counted over all tables that the run made from answers of the API; they are null where
    it made none.
    """

    run_number: pl.Int64 = c.count("Number of the run; it grows with time.")
    run_id: str = c.text("Dagster run.")
    job: str = c.text("Job that it was a run of.")
    partition: str = c.text(
        "Key of its partition in Dagster, or `first...last` of a range; null where the run had "
        "none.",
        nullable=True,
    )
    genre: str = c.text(
        "Genre that it was for; null where it was for none or several.", nullable=True
    )
    first_date: pl.Date = c.column(nullable=True, description="First day (UTC) that it was for.")
    last_date: pl.Date = c.column(nullable=True, description="Last day (UTC) that it was for.")
    status: str = c.one_of(["success", "failure", "canceled"], "How it ended.")
    started_at: c.Moment = c.moment("When it started")
    ended_at: c.Moment = c.moment("When it ended")
    seconds: pl.Float64 = c.column(ge=0, description="From its start to its end, in seconds.")
    requests: pl.Int64 = c.count("Calls that it sent, by the request ledger.")
    rows_in: pl.Int64 = c.count("Rows that it received.", nullable=True)
    rows_out: pl.Int64 = c.count("Rows that it kept.", nullable=True)
    quarantined: pl.Int64 = c.count("Rows that it put into quarantine.", nullable=True)
    share_invalid: pl.Float64 = c.column(
        ge=0,
        le=1,
        nullable=True,
        description="`quarantined` ÷ `rows_in`, 0 to 1; null where nothing was received.",
    )
    failure: str = c.text("What went wrong, in one line.", nullable=True)
    failure_kind: str = c.one_of(
        [str(kind) for kind in FailureKind],
        "What to do about it. `retry`: start it again; `wait`: the API wants to be asked later; "
        "`permanent`: change something first; `bad_input`: what was brought in cannot be read; "
        "`damaged_file`: a file of the lake is damaged; `usage`: a setting is wrong. "
        "Null where the run did not fail, and of what an older version recorded.",
        nullable=True,
    )
    damaged_files: str = c.text(
        "The damaged files that it fails by, below the lake, as a JSON list; null where none.",
        nullable=True,
    )
    share_anomalous: pl.Float64 = c.column(
        ge=0,
        le=1,
        nullable=True,
        description="Checks that block nothing and did not pass ÷ all checks that it made, 0 to 1; "
        "null where it made none, and of what an older version recorded.",
    )
    alert_delay_seconds: pl.Float64 = c.column(
        ge=0,
        nullable=True,
        description="From the end of a run that failed until the alert of it was delivered, on the "
        "first channel that took it; null where none was, or not yet.",
    )


class CheckResults(
    Contract,
    table="monitoring.check_results",
    grain="one evaluation of a check, of one partition where it is known",
    key=("result_number",),
    stage=Stage.LOG,
):
    """Every outcome of every check, so that quality can be followed over time."""

    result_number: pl.Int64 = c.count("Number of the result; it grows with time.")
    checked_at: c.Moment = c.moment("When it was checked")
    run_id: str = c.text("Dagster run that checked.")
    asset: str = c.text("Table or file that was checked, as `layer.table`.")
    check_name: str = c.text("Name of the check, e.g. `contract`.")
    genre: str = c.text("Genre that was checked; null where it was all.", nullable=True)
    date: pl.Date = c.column(
        nullable=True, description="Day (UTC) that was checked; null where it was all."
    )
    passed: bool = c.text("Whether what was checked holds.")
    severity: str = c.one_of(["WARN", "ERROR"], "How bad it is where it does not hold.")
    details: str = c.text("What was counted and found, as a JSON object.")


class Revisions(
    Contract,
    table="monitoring.revisions",
    grain="one rewrite of a partition that held other rows before",
    key=("revision_number",),
    stage=Stage.LOG,
):
    """Corrections of the past: which partition was rewritten when, by which code, and the change.

    Rows are compared as a whole.
    """

    revision_number: pl.Int64 = c.count("Number of the revision; it grows with time.")
    revised_at: c.Moment = c.moment("When it was rewritten")
    table_name: str = c.table_name()
    genre: str = c.genre()
    date: pl.Date = c.date()
    code_version: str = c.text("Version of the rules and contracts that made the new rows.")
    rows_before: pl.Int64 = c.count("Rows that it had.")
    rows_after: pl.Int64 = c.count("Rows that it has.")
    rows_added: pl.Int64 = c.count("Of these, rows that were not there before just so.")
    rows_removed: pl.Int64 = c.count("Of those before, rows that are not there any more just so.")


class Definition(
    Contract,
    table="monitoring.definition",
    grain="the file as a whole: one row",
    key=("hash",),
    stage=Stage.PUBLICATION,
):
    """By which contracts and queries the tables were made; others make the file again."""

    hash: str = c.text("SHA-256 of all contracts and queries.")
