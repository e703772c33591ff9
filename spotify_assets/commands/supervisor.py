"""Servers as one family: none of them outlives the process that started it.

A process of its own stands between them. It reads from a pipe of which only the process that
started it holds the other end: however that ends, by Ctrl-C or by ``kill -9``, the pipe ends too.
The servers and all that they start are of its process group, and what is left of the group in the
end is killed.

Belongs here: starting and ending them. Does not belong here: what they serve. It imports nothing of
ours: it lives as long as they do.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

FAILED = 1
LOOK_SECONDS = 0.2
PATIENCE_SECONDS = 150.0
"""How long servers have to end by themselves: Dagster gives each of two of its own 60 s."""
ORPHANED_SECONDS = 4.0
"""The same, after the process that started them was killed."""


def run(commands: Sequence[Sequence[str]], keep: int) -> int:
    """Run servers until one of them ends, or until Ctrl-C.

    Args:
        commands: The command line of each.
        keep: A file that stays open as long as they run, such as one that is locked.

    Returns:
        The exit code: 0 after Ctrl-C, else 1, whatever the server that ended says or was killed by.
    """
    words = [sys.executable, "-m", __name__, json.dumps([os.getpid(), commands])]
    with subprocess.Popen(  # noqa: S603 - our own
        words, stdin=subprocess.PIPE, pass_fds=[keep], process_group=0
    ) as family:
        try:
            # Where its daemon is killed, `dagster dev` ends with 0: nobody would start it again.
            family.wait()
            return FAILED
        except KeyboardInterrupt:
            return 0
        finally:
            assert family.stdin  # noqa: S101 - a pipe
            family.stdin.close()
            family.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(family.pid, signal.SIGKILL)


def supervise(starter: int, commands: Sequence[Sequence[str]]) -> int:
    """Be the process between: returns 1 where a server ended by itself."""
    servers = [subprocess.Popen(words, stdin=subprocess.DEVNULL) for words in commands]  # noqa: S603
    with _ending(servers, starter):
        while all(server.poll() is None for server in servers):
            # It never says anything: it ends.
            if select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
                return 0
        return FAILED


@contextlib.contextmanager
def _ending(servers: Sequence[subprocess.Popen[bytes]], starter: int) -> Iterator[None]:
    """Afterwards, end the servers as Ctrl-C does."""
    # Ctrl-C and `kill` are for the process that started this one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for server in servers:
            server.send_signal(signal.SIGINT)
        since = time.monotonic()
        while any(server.poll() is None for server in servers):
            patience = PATIENCE_SECONDS if os.getppid() == starter else ORPHANED_SECONDS
            if time.monotonic() - since > patience:
                break
            time.sleep(LOOK_SECONDS)
        if os.getppid() != starter:
            # Nobody else is left to do it. It is of the group too, and ends with it.
            os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(supervise(*json.loads(sys.argv[1])))
