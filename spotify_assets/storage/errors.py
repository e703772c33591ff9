"""What can go wrong: the root of the project's errors, and the kinds that callers distinguish.

Belongs here: what all layers share. Does not belong here: what goes wrong in one of them.
"""

from enum import StrEnum


class FailureKind(StrEnum):
    """What to do about a failure. Exit codes, incidents and the rotation go by it."""

    RETRY = "retry"
    """Nothing has to be changed: the same again can succeed."""
    WAIT = "wait"
    """The API wants to be asked later; the message says when."""
    PERMANENT = "permanent"
    """It fails again until somebody changes something: a setting, rights, the disk, the code."""
    BAD_INPUT = "bad_input"
    """What was brought in cannot be read."""
    DAMAGED_FILE = "damaged_file"
    """A file of the lake is missing, damaged or was changed."""
    USAGE = "usage"
    """The words of a command, or a setting, are wrong."""


class ProjectError(Exception):
    """Something went wrong that was foreseen; the message says what, where, and what to do.

    Attributes:
        kind: What to do about it.
    """

    kind: FailureKind = FailureKind.PERMANENT


class StoreError(ProjectError):
    """A file of ours cannot be read or written; it says which, and what to do."""
