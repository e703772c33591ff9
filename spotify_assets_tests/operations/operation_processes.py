"""What the processes do that tests start at the same time, or take the disk away from."""

import datetime as dt
import json
import sys
from pathlib import Path

from spotify_assets.operations.runs import CheckResult, Operations, OperationsError, RunEnded
from spotify_assets_tests.lake.processes import limit_files_to


def records_when_told(path: str, own: str) -> None:
    """Record runs of one's own, and those that the others record too."""
    sys.stdin.readline()
    operations = Operations(Path(path))
    now = dt.datetime.now(dt.UTC)
    for number in range(5):
        for name in (f"{own}-{number}", f"both-{number}"):
            result = CheckResult(now, name, "processed.tracks", "contract", passed=True)
            operations.record(RunEnded(name, "catalog", "success", now, now), [result, result])


def records_on_a_full_disk(path: str) -> None:
    """Record more than fits, and print what is said of it."""
    operations = Operations(Path(path))
    now = dt.datetime.now(dt.UTC)
    details = json.dumps({"text": "x" * 200_000})
    result = CheckResult(now, "run-1", "processed.tracks", "contract", passed=True, details=details)
    limit_files_to(Path(path).stat().st_size + 50_000)
    try:
        operations.record(RunEnded("run-1", "catalog", "success", now, now), [result])
    except OperationsError as error:
        print(error)
