"""What can go wrong with files, said so that a reader knows what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spotify_assets.storage.errors import FailureKind, StoreError

REMAKE_DAY = "`spotify-assets backfill` makes its day again from the raw responses."
"""What to do with a damaged table of a genre-day."""


class LakeError(StoreError):
    """A file of the lake cannot be written, read or trusted."""


class DamagedFile(LakeError):
    """A finished file is missing, or its content is not what it was.

    Attributes:
        path: The file.
    """

    kind = FailureKind.DAMAGED_FILE

    def __init__(self, path: Path, made: str, remedy: str) -> None:
        """Say so.

        Args:
            path: The file.
            made: How it came to be: ``sealed`` or ``written``.
            remedy: What to do, as sentences.
        """
        super().__init__(
            f"{path} is not the file that was {made}: it is damaged or was changed. {remedy}"
        )
        self.path = path


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
