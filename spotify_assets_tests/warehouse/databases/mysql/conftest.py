"""A MariaDB of this system, where there is one; its tests are skipped elsewhere."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

pymysql = pytest.importorskip("pymysql", reason="pip install pymysql")
Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    program = shutil.which("mariadbd") or shutil.which("mysqld")
    if program is None:
        pytest.skip("there is no mariadbd on this system (Debian: mariadb-server-core)")
    folder = Path(tempfile.mkdtemp(prefix="maria-", dir="/tmp"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    log = (folder / "log").open("wb")
    # Without tables of rights: who may do what is not under test here.
    server = subprocess.Popen(
        [program, "--no-defaults", f"--datadir={folder}", f"--port={port}", "--skip-grant-tables",
         f"--socket={folder}/socket", "--bind-address=127.0.0.1", f"--pid-file={folder}/pid",
         "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--max-allowed-packet=64M"],
        user=user, cwd=folder, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                pymysql.connect(host="127.0.0.1", port=port, user="root").close()
                break
            except pymysql.OperationalError:
                text = (folder / "log").read_text(encoding="utf-8", errors="replace")
                assert server.poll() is None, text
                assert time.monotonic() < deadline, text
                time.sleep(0.1)
        yield port
    finally:
        server.kill()
        server.wait()
        log.close()
        shutil.rmtree(folder)


@pytest.fixture
def url(port: int) -> Iterator[SecretStr]:
    """Of the server, without any of our databases."""
    yield SecretStr(f"mysql://root:s3cret@127.0.0.1:{port}/")  # pragma: allowlist secret
    with pymysql.connect(host="127.0.0.1", port=port, user="root") as connection:
        for name in ("silver", "gold", "monitoring"):
            connection.cursor().execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def ask(port: int, url: SecretStr) -> Iterator[Ask]:
    """The rows of a query, or nothing for a statement."""
    with pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True) as connection:

        def asked(sql: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall())

        yield asked
