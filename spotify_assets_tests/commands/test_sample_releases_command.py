"""`spotify-assets sample-releases`: an invented label, the same for the same seed."""

import csv
import datetime as dt
import io
import json
import statistics
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.sandbox import label

UNTIL = dt.date(2026, 11, 20)


def sample(folder: Path, *words: str) -> dict[str, bytes]:
    words = ("sample-releases", str(folder), "--until", str(UNTIL), *words)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("label")


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, bytes]:
    return sample(folder / "files", "--truth", str(folder / "truth.json"))


def rows(body: bytes, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    text = body.decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=None), delimiter=delimiter))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    assert sample(tmp_path / "again") == files
    assert sample(tmp_path / "other", "--seed", "2") != files


def test_no_file_tells_the_effect_of_a_campaign(files: dict[str, bytes]) -> None:
    assert not any(b"lift" in body.lower() for body in files.values())


def test_the_truth_says_what_each_campaign_added(folder: Path, files: dict[str, bytes]) -> None:
    assert files
    told = json.loads((folder / "truth.json").read_text())
    assert [one["lift"] for one in told] == list(label.LIFTS)
    assert [one["additional_streams"] > 0 for one in told] == [True, False, True, True]


def test_a_timeline_lacks_some_days_and_has_no_day_twice(files: dict[str, bytes]) -> None:
    lacking = 0
    for name, body in files.items():
        if name.endswith("-timeline.csv") and "audience" not in name:
            days = [dt.date.fromisoformat(row["date"]) for row in rows(body)]
            assert days == sorted(set(days))
            lacking += (UNTIL - days[0]).days + 1 - len(days)
    assert 10 < lacking < 150


def test_the_noise_is_a_fifth_or_more_and_remembers_the_day_before() -> None:
    noise = label._noise("any", 5000).tolist()
    assert statistics.stdev(noise) >= 0.2
    assert 0.5 < statistics.correlation(noise[1:], noise[:-1]) < 0.7


def test_the_rows_all_are_the_sums_of_the_ages(files: dict[str, bytes]) -> None:
    told = rows(files["Meta Ads/Ads by age.csv"])
    total = sum(int(row["Impressions"]) for row in told if row["Age"] == "All")
    assert total == sum(int(row["Impressions"]) for row in told if row["Age"] != "All") > 0


def test_distrokid_ends_lines_with_carriage_returns_alone(files: dict[str, bytes]) -> None:
    body = files["Distributors/DistroKid.tsv"]
    assert b"\n" not in body
    assert "Maré Baixa" in {row["Title"] for row in rows(body, "latin-1", "\t")}


def test_a_folder_that_is_there_is_left_as_it_is(folder: Path, files: dict[str, bytes]) -> None:
    assert files
    done = CliRunner().invoke(app, ["sample-releases", str(folder / "files")])
    assert done.exit_code == 2
    assert "is there already" in done.output
