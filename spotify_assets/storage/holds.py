"""Names that one process holds at a time, such as a genre-day that it collects.

Belongs here: what is said of them. Does not belong here: how they are held (``sqlite``,
``postgresql``).
"""

import os
import socket
from dataclasses import dataclass

from spotify_assets.storage.errors import FailureKind, ProjectError


@dataclass(frozen=True)
class Hold:
    """A name that is held.

    Attributes:
        name: Such as ``rock of 2026-11-20``.
        holder: Machine and process, ``host/pid``.
    """

    name: str
    holder: str


class Held(ProjectError):
    """Another process holds the name; it says which."""

    kind = FailureKind.RETRY

    def __init__(self, name: str, holder: str) -> None:
        by = f"process {holder}" if holder else "another process"
        super().__init__(f"{name} is being worked on by {by}. Wait until it is done, or stop it.")


def this_process() -> str:
    """Machine and process, as others are told."""
    return f"{socket.gethostname()}/{os.getpid()}"
