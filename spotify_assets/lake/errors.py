"""What can go wrong with files, said so that a reader knows what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LakeError(Exception):
    """A file of the lake cannot be written, read or trusted."""


@contextmanager
def writing(path: Path, what: str) -> Iterator[None]:
    """Turn an ``OSError`` while writing ``path`` into a ``LakeError`` that says what to do."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"Cannot write {what} to {path}: {error.strerror or error}. What was there before is "
            "unchanged. Free space or make the folder writable, then run again."
        ) from error
