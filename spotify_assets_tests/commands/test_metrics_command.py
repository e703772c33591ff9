"""``spotify-assets metrics``: printed, and served to a real scrape."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.settings import Settings
from spotify_assets_tests.operations.test_metrics import (
    settings as settings,  # noqa: PLC0414 - a fixture
)

SECONDS = 30


def names(text: str) -> set[str]:
    return {family.name for family in text_string_to_metric_families(text)}


def test_it_prints_what_a_prometheus_parser_reads(settings: Settings) -> None:
    settings.data_dir.mkdir()
    settings.database.write_bytes(b"12345")

    result = CliRunner().invoke(app, ["metrics"])

    assert result.exit_code == 0
    assert names(result.output) == {
        "spotify_assets_warehouse_bytes",
        "spotify_assets_source_readable",
    }


def test_it_prints_json(settings: Settings) -> None:
    settings.data_dir.mkdir()
    settings.database.write_bytes(b"12345")

    result = CliRunner().invoke(app, ["metrics", "--json"])

    size = {"name": "spotify_assets_warehouse_bytes", "labels": {}, "value": 5}
    assert size in json.loads(result.output)["metrics"]


def test_json_cannot_be_served(settings: Settings) -> None:
    result = CliRunner().invoke(app, ["metrics", "--serve", "0", "--json"])
    assert result.exit_code == 2
    assert "leave --json away" in result.output


@pytest.mark.end_to_end
@pytest.mark.parametrize("stopped_by", [signal.SIGINT, signal.SIGTERM])
def test_each_scrape_gets_the_metrics_of_that_moment_until_it_is_stopped(
    settings: Settings, tmp_path: Path, stopped_by: signal.Signals
) -> None:
    command = [sys.executable, "-m", "spotify_assets", "metrics", "--serve", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = re.search(r"http://127\.0\.0\.1:\d+/metrics", process.stdout.readline())
        assert said
        before = requests.get(said[0], timeout=SECONDS)
        settings.data_dir.mkdir()
        settings.database.write_bytes(b"12345")
        after = requests.get(said[0], timeout=SECONDS)
        process.send_signal(stopped_by)
        assert process.wait(SECONDS) == 0

    assert before.headers["Content-Type"].startswith("text/plain; version=")
    assert names(after.text) - names(before.text) == {"spotify_assets_warehouse_bytes"}


def test_an_address_that_cannot_be_served_on_is_said(settings: Settings) -> None:
    result = CliRunner().invoke(app, ["metrics", "--serve", "1", "--host", "192.0.2.1"])
    assert result.exit_code == 1
    assert "Nothing can be served on 192.0.2.1, port 1" in result.output


def test_of_a_taken_port_it_is_said_who_has_it(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["metrics", "--serve", str(port)])
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert f"Port {port}, for the metrics, is taken by process {os.getpid()} (" in said
    assert "choose another port: --serve" in said
