"""``spotify-assets sample-history``: real files, and the listener of the sandbox in them."""

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.sandbox import api, catalog
from spotify_assets.sandbox.clock import Clock
from spotify_assets.sandbox.server import running
from spotify_assets.sandbox.tokens import new_token

EXTENDED, ACCOUNT = "Spotify Extended Streaming History", "Spotify Account Data"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["sample-history", *map(str, words)])


def written(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for body in written(folder).values() for row in json.loads(body)]


def test_the_same_words_write_the_same_bytes(tmp_path: Path) -> None:
    words = ["--plays", "3000", "--until", "2026-11-20", "--package", "both"]
    for name in ("first", "second"):
        result = run(tmp_path / name, *words, "--truth", tmp_path / f"{name}.parquet")
        assert result.exit_code == 0, result.output
    assert written(tmp_path / "first") == written(tmp_path / "second")
    assert (
        sum(
            len(json.loads(body))
            for name, body in written(tmp_path / "first").items()
            if name.startswith(EXTENDED)
        )
        == 3000
    )
    run(tmp_path / "other", *words, "--seed", "2")
    assert written(tmp_path / "first") != written(tmp_path / "other")
    first, second = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("first", "second"))
    assert first.equals(second)


def test_the_truth_and_the_export_have_the_same_plays(tmp_path: Path) -> None:
    out, truth = tmp_path / "out", tmp_path / "deep" / "truth.parquet"
    result = run(out, "--from", "2024-01-01", "--until", "2024-03-31", "--truth", truth)
    assert result.exit_code == 0, result.output
    frame = pl.read_parquet(truth)
    assert len(frame) > 1000
    ends = frame["ended_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()
    assert sorted((row["ts"], row["ms_played"]) for row in rows(out)) == sorted(
        zip(ends, frame["ms_played"], strict=True)
    )
    assert (min(ends)[:10], max(ends)[:10]) == ("2024-01-01", "2024-03-31")
    assert {"started_at", "track_id", "isrc", "api_played_at", "api_seen_at"} <= {*frame.columns}
    assert f"extended\t{len(written(out))}\t{len(frame)}\t" in result.output


def test_the_api_tells_of_the_plays_of_the_export(tmp_path: Path) -> None:
    assert run(tmp_path, "--from", "2025-11-01", "--until", "2025-11-20").exit_code == 0
    exported = {
        (row["spotify_track_uri"], dt.datetime.fromisoformat(row["ts"])): row["ms_played"] / 1000
        for row in rows(tmp_path)
        if row["spotify_track_uri"]
    }
    now = dt.datetime(2025, 11, 20, 12, tzinfo=dt.UTC).timestamp()
    sandbox = api.create_app(catalog.generate(), clock=Clock(machine=lambda: now))
    token = new_token(now + 60, "user", scope="user-read-recently-played")
    with running(sandbox) as server:
        items = requests.get(
            f"{server.url}/v1/me/player/recently-played?limit=50",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        ).json()["items"]
    assert len(items) == 50
    for item in items:
        played_at = dt.datetime.fromisoformat(item["played_at"])
        off = [
            min(abs(after_end), abs(after_end + lasts))
            for (uri, end), lasts in exported.items()
            if uri == item["track"]["uri"]
            for after_end in [(played_at - end).total_seconds()]
        ]
        # A pause of up to 45 s, and a jitter of up to 3 s.
        assert min(off) < 50


def test_zip_files_hold_the_same_as_folders(tmp_path: Path) -> None:
    words = ["--plays", "500", "--until", "2026-11-20", "--package", "both"]
    run(tmp_path / "plain", *words)
    assert run(tmp_path / "zip", *words, "--zip").exit_code == 0
    assert {path.name for path in (tmp_path / "zip").iterdir()} == {
        f"{EXTENDED}.zip",
        f"{ACCOUNT}.zip",
    }
    held: dict[str, bytes] = {}
    for path in (tmp_path / "zip").iterdir():
        with zipfile.ZipFile(path) as archive:
            held |= {name: archive.read(name) for name in archive.namelist()}
    assert held == written(tmp_path / "plain")


def test_it_says_what_the_sandbox_has_to_be_told_to_play_the_same(tmp_path: Path) -> None:
    result = run(tmp_path, "--from", "2024-01-01", "--until", "2024-01-02", "--seed", "7")
    said = json.loads(result.output.split('"listener": ')[1].rstrip(".\n"))
    assert said["seed"] == 7
    sandbox = api.create_app(catalog.generate(tracks=200))
    with running(sandbox) as server:
        state = requests.patch(f"{server.url}/sandbox/state", json={"listener": said}, timeout=10)
    assert state.json()["listener"] == said


def test_it_writes_over_nothing(tmp_path: Path) -> None:
    words = ["--from", "2024-01-01", "--until", "2024-01-02"]
    assert run(tmp_path, *words).exit_code == 0
    before = written(tmp_path)
    result = run(tmp_path, *words, "--seed", "2")
    assert result.exit_code == 2
    assert "is there already: delete it, or choose another place." in result.output
    assert written(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--plays", "5", "--from", "2024-01-01"], "not both"),
        (["--from", "yesterday"], "'yesterday' is no day: write it as 2026-11-20."),
        (["--until", ""], "'' is no day"),
        (["--from", "2024-02-01", "--until", "2024-01-01"], "--from has to be from 2008-10-07"),
        (["--from", "2001-01-01"], "--from has to be from 2008-10-07"),
        (["--plays", "9", "--until", "2001-01-01"], "nobody listened before 2008-10-07"),
        (["--plays", "90000000"], "90000000 plays are too many"),
    ],
)
def test_words_that_make_no_sense_write_nothing(
    tmp_path: Path, words: list[str], said: str
) -> None:
    result = run(tmp_path / "out", *words)
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(tmp_path / "file" / "out", "--from", "2024-01-01", "--until", "2024-01-02")
    assert result.exit_code == 1
    assert "The exports cannot be written" in result.output
    assert "file" in result.output
