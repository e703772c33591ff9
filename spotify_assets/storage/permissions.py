"""Who may read the data folder: its owner; and the DuckDB file, and only it, a group that is set.

Belongs here: modes and groups. Does not belong here: what is in the files.
"""

import contextlib
import errno
import grp
import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from spotify_assets.storage.errors import FailureKind, ProjectError

OWNER_ONLY = 0o077
"""The umask of whatever writes to the data folder."""
PUBLISHED = "spotify.duckdb"
LAKE = "lake"
FOLDER_OF_GROUP, FILE_OF_GROUP, FILE_OF_OWNER = 0o710, 0o640, 0o600
"""A group passes through the folder without seeing what is in it."""
MARKS = (LAKE, "dagster", "metrics", "ledger.sqlite*", "operations.sqlite*", f"{PUBLISHED}*")
"""What makes a folder ours. The copy that a publication works on is not named: it is changed by
nobody else."""
OURS = (
    *MARKS,
    "inbox",
    "comment-inbox",
    "api.token",
    "genres.txt",
    ".dev.lock",
    f".{PUBLISHED}.lock",
)
OF_A_NEW_FOLDER = (
    *("README.md", ".gitignore", "inbox", "comment-inbox", "api.token", "genres.txt"),
    ".dev.lock",
)


class AccessError(ProjectError):
    """A file cannot be opened to the group that is set; the message says what to do."""

    kind = FailureKind.USAGE


def group_id(name: str) -> int:
    """The number of a group of this machine.

    Raises:
        KeyError: There is none of that name.
    """
    return grp.getgrnam(name).gr_gid


def keep_private(folder: Path, group: int | None) -> str | None:
    """Close the data folder to all but its owner, as it may be of an older version or a copy.

    A folder that is another user's, that many share, or that is no data folder stays as it is; of
    one that is ours in part (a home folder), what we put there is closed.

    Args:
        folder: The data folder.
        group: Who may read the DuckDB file besides.

    Returns:
        What its owner should be told.

    Raises:
        AccessError: The file cannot be opened to the group.
    """
    try:
        was_open = _narrow(folder, group)
    except FileNotFoundError:
        # What is made from now on is made for its owner alone.
        return None
    except OSError as error:
        if error.errno == errno.EROFS:
            # A mounted backup: nobody can change it, and it is there to be read.
            return None
        return (
            f"{folder} cannot be closed to other users of this machine: {error.strerror}. Put it "
            "where they do not come, if they are not to read what is in it."
        )
    return _told(folder, group) if was_open else None


def _narrow(folder: Path, group: int | None) -> bool:
    """Returns whether the folder was open to others while it held something."""
    if folder.stat().st_uid != os.geteuid():
        return False
    inside = list(folder.iterdir())
    held = any(_is_one_of(path.name, MARKS) for path in inside)
    closed = OWNER_ONLY if group is None else OWNER_ONLY & ~FOLDER_OF_GROUP
    was_open = held and _is_data_folder(folder) and bool(_mode(folder) & closed)
    for path in inside:
        # Where a link leads is its owner's choice; that of the lake is a lake all the same.
        if _is_one_of(path.name, OURS) and (path.name == LAKE or not path.is_symlink()):
            _close_what_is_inside(path, group)
    open_folder(folder, group)
    return was_open


def _told(folder: Path, group: int | None) -> str:
    if group is not None:
        name = grp.getgrgid(group).gr_name
        return f"{folder} was open to others. Now the group {name} can read {PUBLISHED} in it."
    return (
        f"{folder} was open to others. It is its owner's alone now; to open {PUBLISHED} to a "
        "group, set SPOTIFY_PUBLISHED_GROUP."
    )


def open_folder(folder: Path, group: int | None) -> None:
    """Let the group pass through the data folder; without one, nobody but its owner.

    Raises:
        AccessError: It cannot be given to the group.
        OSError: Its mode cannot be set.
    """
    if not _is_data_folder(folder):
        return
    if group is None:
        _close(folder)
    else:
        _give(folder, group, FOLDER_OF_GROUP)


def open_file(path: Path, group: int | None) -> None:
    """Let the group read a file; without one, nobody but its owner.

    Raises:
        AccessError: It cannot be given to the group.
        OSError: Its mode cannot be set.
    """
    if group is None:
        path.chmod(FILE_OF_OWNER)
    else:
        _give(path, group, FILE_OF_GROUP)


def _is_data_folder(folder: Path) -> bool:
    """Whether the folder is ours as a whole: not `/tmp`, a home, or one with other things in it."""
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:
        return False
    if folder.resolve() in (Path.home().resolve(), Path(folder.anchor)):
        return False
    names = [path.name for path in folder.iterdir()]
    return any(_is_one_of(name, MARKS) for name in names) or all(
        _is_one_of(name, OF_A_NEW_FOLDER) or name.startswith(f".{PUBLISHED}.") for name in names
    )


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _close_what_is_inside(path: Path, group: int | None) -> None:
    # A run may take a file away meanwhile; what is gone needs no mode.
    with contextlib.suppress(FileNotFoundError):
        if path.name == PUBLISHED and group is not None:
            open_file(path, group)
        elif path.stat().st_uid == os.geteuid():
            _close(path)


def _close(path: Path) -> None:
    if _mode(path) & OWNER_ONLY:
        path.chmod(_mode(path) & ~OWNER_ONLY)


def _give(path: Path, group: int, mode: int) -> None:
    with _saying_who_may(path, group):
        if path.stat().st_gid != group:
            os.chown(path, -1, group)
    if _mode(path) != mode:
        path.chmod(mode)


@contextlib.contextmanager
def _saying_who_may(path: Path, group: int) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        name = grp.getgrgid(group).gr_name
        raise AccessError(
            f"{path} cannot be given to the group {name}, which SPOTIFY_PUBLISHED_GROUP names: "
            f"only a member of it can do that. Join it (`sudo usermod -aG {name} $USER`, then log "
            "in again), or set a group of yours; `groups` lists them."
        ) from error


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
