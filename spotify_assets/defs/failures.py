"""How a run fails: by the kind of the error, with what sensors and commands need to go on.

Belongs here: how a failure is written into Dagster's events, and read back. Does not belong here:
what is done about it.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import dagster as dg

from spotify_assets.defs.partitions import key_of
from spotify_assets.lake import DamagedFile, GenreDay
from spotify_assets.sources.spotify_api.errors import Blocked
from spotify_assets.storage.errors import FailureKind, ProjectError

KIND = "failure kind"
"""Metadata of a failure: what to do about it, as `FailureKind` has it."""
BLOCKED, BLOCKED_UNTIL = "blocked", "blocked until"
"""Metadata of a failure: which family of requests, and when it may be asked again."""
MISSING = "missing"
"""Metadata of a failure: the keys of the partitions that raw does not hold."""
DAMAGED = "damaged files"
"""Metadata of a failure: the files of the lake that it fails by."""
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class NotThere(ProjectError):
    """A run cannot make what it was asked for: what that is made from is not there."""


class DaysNotHeld(ProjectError):
    """Raw does not hold some of the days of a run.

    A range fails as a whole, so that none of these days looks as if it had been made; a sensor then
    runs the others without them.

    Attributes:
        missing: The days, each with the reason.
    """

    def __init__(self, missing: Mapping[GenreDay, ProjectError]) -> None:
        super().__init__("\n".join(map(str, missing.values())))
        self.missing = missing
        is_damaged = any(isinstance(one, DamagedFile) for one in missing.values())
        self.kind = FailureKind.DAMAGED_FILE if is_damaged else FailureKind.PERMANENT


def failing(compute: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Have what an asset or a check computes fail by the kind of its error.

    No run tries again at once what failed, unless its asset has a policy for that and the same
    again can succeed: what came is kept for the next one.
    """
    if not inspect.isgeneratorfunction(compute):

        @wraps(compute)
        def called(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            with _reporting():
                return compute(*args, **kwargs)

        return called

    # Dagster wants a function that yields to be one.
    @wraps(compute)
    def generated(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Any]:
        with _reporting():
            yield from cast(Iterator[Any], compute(*args, **kwargs))

    return cast(Callable[Arguments, Result], generated)


@contextmanager
def _reporting() -> Iterator[None]:
    try:
        yield
    except ProjectError as error:
        may_pass = error.kind is FailureKind.RETRY
        raise dg.Failure(str(error), metadata=_metadata(error), allow_retries=may_pass) from error


def _metadata(error: ProjectError) -> dict[str, dg.MetadataValue]:
    said: dict[str, dg.MetadataValue] = {KIND: dg.MetadataValue.text(error.kind.value)}
    errors = [error]
    if isinstance(error, Blocked):
        said[BLOCKED] = dg.MetadataValue.text(error.endpoint)
        said[BLOCKED_UNTIL] = dg.MetadataValue.timestamp(error.until)
    if isinstance(error, DaysNotHeld):
        said[MISSING] = dg.MetadataValue.json([key_of(day) for day in error.missing])
        errors = list(error.missing.values())
    if damaged := [str(one.path) for one in errors if isinstance(one, DamagedFile)]:
        said[DAMAGED] = dg.MetadataValue.json(damaged)
    return said


@dataclass(frozen=True)
class Failure:
    """How a run failed."""

    said: str
    """What went wrong, in the words of the step that failed."""
    kind: FailureKind
    metadata: Mapping[str, Any]
    """The values that the failure has beside its kind, by their names above."""


def failure_of(events: Iterable[dg.DagsterEvent]) -> Failure:
    """Why a run failed, by its events."""
    last = Failure("The run failed; see the Dagster UI.", FailureKind.RETRY, {})
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                metadata = {k: v.value for k, v in data.user_failure_data.metadata.items()}
                kind = FailureKind(str(metadata.pop(KIND, FailureKind.PERMANENT)))
                return Failure(data.user_failure_data.description, kind, metadata)
            if data.error:
                # Nobody foresaw it: the code or the machine has to change.
                cause = data.error.cause or data.error
                said = f"{event.step_key}: {cause.message.strip()}"
                return Failure(said, FailureKind.PERMANENT, {})
        elif event.is_failure:
            # Without an error it was ended from outside: its process was killed, or never began.
            of_run = event.job_failure_data if event.is_run_failure else None
            kind = FailureKind.PERMANENT if of_run and of_run.error else FailureKind.RETRY
            last = Failure(event.message or last.said, kind, {})
    return last
