"""A disk that fills while a genre is collected: a word, exit code 1, and the same command again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spotify_assets.sandbox import api, catalog, server
from spotify_assets_tests.end_to_end.conftest import environment

pytestmark = pytest.mark.end_to_end
COLLECT = f"{sys.executable} -m spotify_assets collect --genre samba --artists 10 --tracks 50"
INSIDE = f"""
mount -t tmpfs -o size=3m small "$0" || exit 99
{COLLECT}; echo "first: $?"
mount -o remount,size=400m "$0"
{COLLECT}; echo "again: $?"
{sys.executable} -m spotify_assets query "FROM monitoring.runs SELECT status, failure ORDER BY 1"
"""


@pytest.mark.slow
def test_a_full_disk_is_said_and_with_room_the_same_command_goes_on(tmp_path: Path) -> None:
    if not shutil.which("unshare") or os.system("unshare -rm true") != 0:  # noqa: S605
        pytest.skip("needs unshare, to mount a small disk")
    with server.running(api.create_app(catalog.generate(seed=1, tracks=500))) as sandbox:
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", INSIDE, str(tmp_path)],
            env=environment(tmp_path / "data", SPOTIFY_SANDBOX_URL=sandbox.url),
            capture_output=True,
            text=True,
            check=False,
        )

    assert "first: 1" in done.stdout, done.stderr
    assert f"The disk is full: nothing more can be written to {tmp_path}/data" in done.stderr
    assert "again: 0" in done.stdout
    assert "failure\tThe disk was full" in done.stdout
    for word in ("Traceback", "sqlalche", "killed"):
        assert word not in done.stdout + done.stderr
