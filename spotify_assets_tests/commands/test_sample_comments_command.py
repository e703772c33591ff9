"""`spotify-assets sample-comments`: what invented listeners write, in known proportions."""

import csv
import json
from collections import Counter
from pathlib import Path

from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.sandbox import comments, label
from spotify_assets.sources.comments.bodies import EXTENSIONS, READERS
from spotify_assets.sources.comments.records import Records

SIZE = 1000


def sample(folder: Path, *words: str) -> dict[str, bytes]:
    until = ("--until", "2026-11-20", "--comments", str(SIZE))
    done = CliRunner().invoke(app, ["sample-comments", str(folder / "files"), *until, *words])
    assert done.exit_code == 0, done.output
    return {path.name: path.read_bytes() for path in (folder / "files").iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    first = sample(tmp_path / "1")
    assert sample(tmp_path / "2") == first
    assert sample(tmp_path / "3", "--seed", "2") != first


def test_the_proportions_are_met_to_the_comment_and_no_text_is_there_twice(tmp_path: Path) -> None:
    files = sample(tmp_path, "--truth", str(tmp_path / "truth.csv"))
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    assert len({row["text"] for row in truth}) == len(truth) == SIZE
    for column, shares in (("language", comments.LANGUAGES), ("category", comments.CATEGORIES)):
        counts = Counter(row[column] for row in truth)
        assert counts == {name: share * SIZE // 100 for name, share in shares.items()}
    said = b"".join(files.values())
    assert b"praise" not in said
    assert b"criticism" not in said


def test_every_comment_of_the_files_can_be_read_and_some_are_there_twice(tmp_path: Path) -> None:
    texts: Counter[str] = Counter()
    unread = 0
    for name, body in sample(tmp_path).items():
        read = Records("key", "tests")
        READERS[EXTENSIONS[Path(name).suffix]](body, read)
        texts.update(line["text"] for line in read.lines if line.get("text"))
        unread += sum(not line.get("text") for line in read.lines)
        assert not read.left_out or list(read.left_out) == ["like_count"]
    assert (len(texts), unread) == (SIZE, 2)
    assert 0 < sum(count - 1 for count in texts.values()) < SIZE / 20


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    sample(tmp_path)
    done = CliRunner().invoke(app, ["sample-comments", str(tmp_path / "files")])
    assert (done.exit_code, "is there already" in done.stderr) == (2, True)


def test_an_invented_comment_names_a_release_of_the_invented_label(tmp_path: Path) -> None:
    lines = sample(tmp_path)["app.ndjson"].splitlines()
    assert {json.loads(line)["track"] for line in lines} <= set(label.TITLES)
