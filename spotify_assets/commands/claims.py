"""What a server needs for itself before it starts: its data folder and its ports.

Belongs here: taking them, and saying who has them. Does not belong here: starting it.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from spotify_assets.lake.errors import writing
from spotify_assets.storage.errors import ProjectError

HOST = "127.0.0.1"
PROC = Path("/proc")
LISTENS = "0A"
"""The state of a socket that takes connections, in ``/proc/net/tcp``."""
ENDING_SECONDS = 15.0
"""How long to wait for the servers of a `dev` that was killed."""
LOOK_SECONDS = 0.2


class Taken(ProjectError):
    """Another process has it; the message says which, and how to end it."""


def data_folder(folder: Path, url: str) -> BinaryIO:
    """Hold the data folder, for as long as the file that is returned is open anywhere.

    The system gives it back when the last process that has it open ends, however it ends.

    Args:
        folder: The data folder.
        url: Where it is served, for whoever comes second.

    Raises:
        Taken: Another `dev` has it.
        LakeError: The folder cannot be written.
    """
    path = folder / ".dev.lock"
    with writing(path, "the mark that dev runs"):
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    # Its servers need a moment to end where it was killed.
    until = time.monotonic() + ENDING_SECONDS
    while not _locked(file):
        file.seek(0)
        holder = _holder_said(file.read())
        if _lives(holder) or time.monotonic() > until:
            file.close()
            raise Taken(_refusal(folder, holder))
        time.sleep(LOOK_SECONDS)
    with writing(path, "the mark that dev runs"):
        file.truncate(0)
        said = {"pid": os.getpid(), "host": socket.gethostname(), "url": url}
        file.write(json.dumps(said).encode())
        file.flush()
    # Not to be handed on to whatever is started by chance.
    os.set_inheritable(file.fileno(), False)
    return file


def free_port(port: int, what: str, option: str) -> None:
    """Make sure that a port of this machine can be had.

    Raises:
        Taken: It cannot.
    """
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise Taken(why_not(port, what, option, error)) from None


def why_not(port: int, what: str, option: str, error: OSError) -> str:
    """Why a port cannot be had, as binding it failed with ``error``; who has it, and what to do."""
    by = listener(port) if error.errno == errno.EADDRINUSE else None
    if by is None:
        return (
            f"Port {port}, for {what}, cannot be had: {error.strerror or error}. End the program "
            f"that has it, or choose another: {option}."
        )
    return (
        f"Port {port}, for {what}, is taken by process {by} ({_command_line(by)}). End it with "
        f"`kill {by}`, or choose another port: {option}."
    )


def listener(port: int) -> int | None:
    """The process that takes connections on a port, where the system tells."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for folder in PROC.glob("[0-9]*") if sockets else ():
        # A process may end meanwhile, or be another user's.
        with contextlib.suppress(OSError):
            if any(str(one.readlink()) in sockets for one in (folder / "fd").iterdir()):
                return int(folder.name)
    return None


def _listening(port: int) -> Iterator[str]:
    """The inodes of the sockets that take connections on a port."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
                if state == LISTENS and int(local.rpartition(":")[2], 16) == port:
                    yield inode


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder_said(content: bytes) -> dict[str, str | int]:
    """What the holder wrote; nothing where it has not come to that."""
    try:
        said = json.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _lives(holder: dict[str, str | int]) -> bool:
    """Whether the process that took it is there; of another machine that is not known."""
    if not holder or holder["host"] != socket.gethostname():
        return bool(holder)
    try:
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _refusal(folder: Path, holder: dict[str, str | int]) -> str:
    if not holder:
        return f"Another `spotify-assets dev` runs on {folder}. Stop it, then start this one again."
    return (
        f"Another `spotify-assets dev` runs on {folder}: process {holder['pid']} on "
        f"{holder['host']}, at {holder['url']}. Stop it with Ctrl-C where it runs, or with "
        f"`kill {holder['pid']}`, then start this one again; or set SPOTIFY_ASSETS_DATA_DIR to "
        "another folder."
    )


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        return " ".join(word.decode("utf-8", "replace") for word in words).strip()[:80]
    return "its command is not known"
