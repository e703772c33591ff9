"""What a run says, in our logs; ``dagster.yaml`` names it.

Belongs here: what of a run stands in a line. Does not belong here: how a line is written
(``operations.logs``).
"""

import logging
from collections.abc import Mapping
from typing import Any

import dagster as dg

from spotify_assets.defs.failures import failure_of
from spotify_assets.defs.partitions import PARTITION, RANGE_END, RANGE_START
from spotify_assets.operations import error_reports, logs
from spotify_assets.operations.error_reports import Raised
from spotify_assets.storage.errors import FailureKind


class RunLog(logging.Handler):
    """Takes what Dagster logs of a run, and what our own loggers say in it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand it on with the run, the step, the genre and the day."""
        said: Mapping[str, Any] = getattr(record, "dagster_meta", {})
        tags = said.get("job_tags") or {}
        genre, day = _genre_and_day(tags)
        event = said.get("dagster_event")
        error = getattr(getattr(event, "event_specific_data", None), "error", None)
        for name, value in {
            "said": said.get("orig_message"),
            "run": said.get("run_id"),
            "job": said.get("job_name"),
            "step": said.get("step_key"),
            "genre": genre,
            "day": day,
            "error": error.to_string() if error else None,
        }.items():
            setattr(record, name, value)
        logs.write(record)
        if event and event.is_step_failure and _is_unexpected(event):
            tags = {"run": said.get("run_id"), "job": said.get("job_name"), "genre": genre}
            error_reports.report(_raised(error), {**tags, "day": day, "step": event.step_key})


def _is_unexpected(event: dg.DagsterEvent) -> bool:
    """Whether somebody has to look; where the API wants to be asked later, the run goes on."""
    return failure_of([event]).kind is not FailureKind.WAIT


def _raised(error: Any) -> list[Raised]:
    """The exception and its causes, the first cause first."""
    chain = []
    while error:
        chain.append(Raised(error.cls_name or "Exception", error.stack))
        error = error.cause
    return chain[::-1]


def _genre_and_day(tags: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Of what a run is, as its tags say; of a range from its first to its last."""
    keys = [tags[name] for name in (RANGE_START, RANGE_END) if name in tags] or [
        tags.get(PARTITION, "")
    ]
    days, _, genres = zip(*(key.partition("|") for key in keys), strict=True)
    return _span(genres) or tags.get("genre"), _span(days) or tags.get("day")


def _span(keys: tuple[str, ...]) -> str | None:
    return "..".join(dict.fromkeys(key for key in keys if key)) or None
