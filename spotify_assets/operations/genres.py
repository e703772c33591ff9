"""The list of genres: a line each, in a file that can be changed at any time.

Belongs here: reading and changing that file. Does not belong here: which genre is due.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from spotify_assets.lake import normalise_genre
from spotify_assets.lake.errors import writing

COMMENT = "#"
LIST = "the list of genres"
UNREADABLE = "\ufffd"
"""What stands where bytes were no UTF-8."""


@dataclass(frozen=True)
class GenreList:
    """What a file lists.

    Attributes:
        genres: The genres, normalised, in their order, each once.
        refused: Why each line that is no genre is none.
    """

    genres: list[str]
    refused: list[str]


def read(lines: Sequence[str]) -> GenreList:
    """Read the lines of a list; a bad line harms no other."""
    genres: dict[str, None] = {}
    refused = []
    for number, line in enumerate((line.strip() for line in lines), start=1):
        if not line or line.startswith(COMMENT):
            continue
        if UNREADABLE in line:
            refused.append(f"line {number}: It is not written in UTF-8: save the file as UTF-8.")
            continue
        try:
            genres[normalise_genre(line)] = None
        except ValueError as error:
            refused.append(f"line {number}: {error}")
    return GenreList(list(genres), refused)


def text_of(path: Path) -> str:
    """A list as it is written; bytes that are no UTF-8 become U+FFFD, which is in no genre."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def add(path: Path, default: str, genre: str) -> bool:
    """Put a genre at the end of a list; ``False`` if it stands there already.

    Args:
        path: The file; it is made where it is not there.
        default: What is listed as long as there is no file.
        genre: The genre.

    Raises:
        ValueError: It is no genre.
        LakeError: The file cannot be written.
    """
    name = normalise_genre(genre)
    with _alone(path):
        present = text_of(path) if path.exists() else default
        if name in read(present.splitlines()).genres:
            return False
        _write(path, f"{present.rstrip()}\n{name}\n".lstrip())
    return True


def remove(path: Path, default: str, genre: str) -> bool:
    """Take a genre off a list; ``False`` if it does not stand there. What was collected stays.

    See `add` for the arguments and errors.
    """
    name = normalise_genre(genre)
    with _alone(path):
        lines = (text_of(path) if path.exists() else default).splitlines()
        left = [line for line in lines if read([line]).genres != [name]]
        if left == lines:
            return False
        _write(path, "\n".join(left) + "\n")
    return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from changing the list; waits until they are done."""
    with ExitStack() as held:
        # Not the list itself, which each change replaces by another file.
        with writing(path, LIST):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context(path.with_name(f".{path.name}.lock").open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, text: str) -> None:
    with (
        writing(path, LIST),
        TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch,
    ):
        temporary = Path(scratch) / path.name
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
