"""A file of an export in the lake: to the row, once, whole or not at all, and nothing personal."""

import datetime as dt
import gzip
import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from spotify_assets.lake import Lake, history
from spotify_assets.schemas import Contract
from spotify_assets.schemas.listening import QuarantinedPlays, Streams
from spotify_assets.sources.account_export import (
    ExportError,
    Imported,
    ImportedFile,
    Refused,
    find,
    imported_before,
    read,
    read_all,
    reading,
    renew,
)
from spotify_assets.sources.account_export import rows as export_rows
from spotify_assets.sources.account_export.elements import elements
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.account_export import crash_workers
from spotify_assets_tests.sources.account_export.samples import (
    ADDRESS,
    AGENT,
    NAME,
    NOW,
    USER,
    account_play,
    imported,
    moment,
    old_play,
    play,
    reasons,
    rows,
    streams,
    written,
    zipped,
)

# Beside the checkout, not in it.
REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "streaming_history"
FOLDERS_OF_A_FILE = 3
PSEUDONYM_KEY = "known to this test alone"

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8")),
    st.sampled_from(["2025-04-28T21:04:35Z", "", "null", "{}", "[]", '"', "\\", "\x00"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text("abc"), st.integers(), max_size=2),
)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec="utf-8")).filter(lambda text: not text.startswith(("[", "{"))),
    st.sampled_from(["2025-04-28T21:04:35Z", "", "null", "[Intro]", "{x", '"', "\\", "\x00"]),
)
KEYS = st.one_of(
    st.sampled_from(export_rows.KEPT), st.sampled_from(["ip_addr", "x", export_rows.WHO])
)
ROWS = st.dictionaries(KEYS, VALUES)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_keeps(frame: pl.DataFrame, contract: type[Contract]) -> None:
    contract.validate(frame)
    assert frame.select(contract.key()).is_unique().all()


# Each example costs two databases: so few, of many rows.
@settings(max_examples=12)
@given(st.lists(st.dictionaries(KEYS, PLAIN), max_size=12), st.booleans(), st.booleans())
def test_whole_and_one_by_one_a_sound_file_gives_the_same_rows(
    content: list[dict[str, Any]], has_track_key: bool, is_ascii: bool
) -> None:
    key = {"spotify_track_uri": None} if has_track_key else {}
    rows_ = [{**row, **key} for row in content]
    if not has_track_key:
        for row in rows_:
            row.pop("spotify_track_uri", None)
    data = json.dumps(rows_, ensure_ascii=is_ascii).encode()
    with tempfile.TemporaryDirectory() as folder:
        whole, single = Path(folder, "whole.parquet"), Path(folder, "single.parquet")
        with export_rows.open_database() as database:
            received = export_rows.receive_list(
                database, [data], whole, PSEUDONYM_KEY, has_track_key=has_track_key
            )
            assert received == len(content)
            received = export_rows.receive_elements(
                database, elements([data]), single, PSEUDONYM_KEY
            )
            assert received == len(content)
        assert_frame_equal(pl.read_parquet(whole), pl.read_parquet(single))
        assert pl.read_parquet(whole).height == len(content)


@pytest.mark.parametrize("value", [[], {"a": 1}, "[]", '{"a": 1}'])
def test_a_list_and_a_text_that_spells_one_are_told_apart_one_by_one(
    tmp_path: Path, value: object
) -> None:
    data = json.dumps([{"platform": value, "ts": "[Intro]"}]).encode()
    target = tmp_path / "rows.parquet"
    with export_rows.open_database() as database:
        whole = export_rows.receive_list(
            database, [data], target, PSEUDONYM_KEY, has_track_key=False
        )
        assert whole is None
        assert export_rows.receive_elements(database, elements([data]), target, PSEUDONYM_KEY) == 1
    (row,) = pl.read_parquet(target).to_dicts()
    assert (row["platform"], row["ts"]) == (value if isinstance(value, str) else None, "[Intro]")


@settings(max_examples=10)
@given(st.lists(ROWS, max_size=12))
def test_whatever_is_in_it_every_row_is_accounted_for_and_keeps_the_contract(
    content: list[dict[str, Any]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder, "lake"))
        file = imported(lake, [play(), *content])
        assert file.received == len(content) + 1 == file.readable + file.unreadable
        assert_keeps(rows(lake, history.STREAMS, file), Streams)
        assert_keeps(rows(lake, history.QUARANTINED_PLAYS, file), QuarantinedPlays)


def test_the_account_of_a_file_says_what_came_and_from_when_to_when(lake: Lake) -> None:
    first, last = play(ts="2020-01-01T00:00:00Z"), play(ts="2021-01-01T00:00:00Z")
    file = imported(lake, [last, first, play(ts="x"), play(ts="y"), play(ms_played=-1)])
    assert file == ImportedFile(
        file_id=file.file_id,
        file_name=NAME,
        package="extended",
        is_video=False,
        already=False,
        received=5,
        readable=2,
        unreadable=3,
        reasons={"ts: expected a time": 2, "ms_played: expected 0 ms to a day": 1},
        first_at=moment("2020-01-01T00:00:00"),
        last_at=moment("2021-01-01T00:00:00"),
        ends_early=False,
    )
    assert history.imported_files(lake) == [file.file_id]


def test_the_facts_of_a_file_are_beside_its_rows(lake: Lake) -> None:
    content = json.dumps([old_play()] * 2).encode()
    file = imported(lake, content)
    facts = json.loads(history.facts_file(lake, file.file_id).read_text("utf-8"))

    assert facts.pop("reader_version") == export_rows.reader_version()
    assert len(facts.pop("downloads")) == 1
    assert len(facts.pop("account")) == 16
    assert facts == {
        "file_name": NAME,
        "package": "extended",
        "media": "audio",
        "part": 1,
        "is_video": False,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "imported_at": NOW.isoformat(),
        "records": 2,
        "ends_early": False,
        "dropped_keys": ["ip_addr", "ip_addr_decrypted", "user_agent_decrypted", "username"],
        "shows": [],
    }
    assert facts["sha256"].startswith(file.file_id)


def test_a_file_that_is_imported_twice_touches_nothing(lake: Lake) -> None:
    first = imported(lake, [play(), play(ts="x")])
    before = {path: path.stat().st_mtime_ns for path in files_of(lake.root)}

    again = imported(lake, [play(), play(ts="x")], "endsong_0 (1).json")

    assert (first.already, again.already) == (False, True)
    assert (again.file_id, again.received, again.reasons) == (first.file_id, 2, first.reasons)
    assert {path: path.stat().st_mtime_ns for path in files_of(lake.root)} == before


def as_an_older_version_left_it(lake: Lake, file: ImportedFile, *lacking: str) -> None:
    """Take from a file what an older reader did not write."""
    folder = history.file_folder(file.file_id)
    for table in (history.STREAMING_HISTORY, history.STREAMS):
        path = history.history_file(lake, table, folder)
        there = pl.read_parquet(path, hive_partitioning=False)
        there.drop(lacking, strict=False).write_parquet(path)
    path = history.facts_file(lake, file.file_id)
    facts = json.loads(path.read_text(encoding="utf-8"))
    for key in ("reader_version", "media", "part", "account", "downloads"):
        facts.pop(key)
    path.write_text(json.dumps({**facts, "code_version": "0"}), encoding="utf-8")


NAMES_OF_BOOKS = ("audiobookName", "chapterName", "authorName", "has_track_key", "account")
CHAPTER = {
    "endTime": "2024-01-05 14:23",
    "audiobookName": "Dom Casmurro",
    "chapterName": "I",
    "authorName": "Machado de Assis",
    "msPlayed": 5,
}


def test_the_same_bytes_again_mend_what_an_older_reader_did_not_keep(lake: Lake) -> None:
    file = imported(lake, [CHAPTER], "StreamingHistory_audiobook_0.json")
    as_an_older_version_left_it(lake, file, *NAMES_OF_BOOKS)

    later = read(find([lake.root.parent / "given"]).files[0], lake, NOW + dt.timedelta(days=1))

    assert (later.file_id, later.readable, later.already) == (file.file_id, 1, False)
    assert streams(lake, later)[0]["name"] == "I"
    facts = json.loads(history.facts_file(lake, file.file_id).read_text(encoding="utf-8"))
    assert facts["imported_at"] == NOW.isoformat()
    assert imported(lake, [CHAPTER], "StreamingHistory_audiobook_0.json").already


def test_what_an_older_version_typed_is_typed_again_from_the_raw_rows(lake: Lake) -> None:
    without_key = {key: value for key, value in play().items() if key != "spotify_track_uri"}
    old = imported(lake, [without_key], "endsong_3.json")
    local = imported(lake, [play(), play(spotify_track_uri=None)], "endsong_4.json")
    for file in (old, local):
        as_an_older_version_left_it(lake, file, *NAMES_OF_BOOKS, "kind")

    assert renew(lake) == []

    assert [row["kind"] for row in streams(lake, old)] == ["music"]
    assert [row["kind"] for row in streams(lake, local)] == ["music", "local_file"]
    facts = json.loads(history.facts_file(lake, old.file_id).read_text(encoding="utf-8"))
    assert (facts["media"], facts["part"]) == ("audio", 3)
    before = {path: path.stat().st_mtime_ns for path in files_of(lake.root)}
    assert renew(lake) == []
    assert {path: path.stat().st_mtime_ns for path in files_of(lake.root)} == before


def test_a_damaged_file_keeps_no_other_from_being_typed_again(lake: Lake) -> None:
    damaged, whole = imported(lake, [play()]), imported(lake, [play(), play()])
    for file in (damaged, whole):
        as_an_older_version_left_it(lake, file, "kind")
    folder = history.file_folder(damaged.file_id)
    history.history_file(lake, history.STREAMING_HISTORY, folder).write_bytes(b"PAR1")

    (refused,) = renew(lake)

    assert refused.name == damaged.file_id
    assert "cannot be typed again" in refused.reason
    assert [row["kind"] for row in streams(lake, whole)] == ["music"] * 2


def test_a_file_that_comes_again_in_another_download_is_noted_as_of_both(
    lake: Lake, tmp_path: Path
) -> None:
    first = imported(lake, [play()])
    again = zipped(tmp_path / "again.zip", {NAME: [play()]})
    for _ in range(2):
        assert read(find([again]).files[0], lake, NOW).already
    facts = json.loads(history.facts_file(lake, first.file_id).read_text(encoding="utf-8"))
    assert len(facts["downloads"]) == 2


def test_what_was_imported_before_is_known_without_reading_a_row(
    lake: Lake, tmp_path: Path
) -> None:
    asked = find([zipped(tmp_path / "first.zip", {NAME: [play()]})])
    assert imported_before(asked, lake) is None
    [first] = [one for one in read_all(asked.files, lake, NOW) if isinstance(one, ImportedFile)]
    before = {path: path.stat().st_mtime_ns for path in files_of(lake.root)}

    assert imported_before(asked, lake) == Imported([first.file_id], [], [], [])
    assert {path: path.stat().st_mtime_ns for path in files_of(lake.root)} == before
    # Each of these an import would note, make or refuse.
    other = zipped(tmp_path / "other.zip", {NAME: [play(ms_played=1)]})
    assert imported_before(find([tmp_path / "first.zip", other]), lake) is None
    again = zipped(tmp_path / "again.zip", {NAME: [play()], "README.txt": []})
    assert imported_before(find([again]), lake) is None
    assert imported_before(replace(asked, refused=(Refused("x", "y"),)), lake) is None
    history.history_file(lake, history.STREAMS, history.file_folder(first.file_id)).unlink()
    assert imported_before(asked, lake) is None


def test_a_zip_and_its_unpacked_file_are_the_same_file(lake: Lake, tmp_path: Path) -> None:
    plain = written(tmp_path / "given", [play()])
    zipped(tmp_path / "given" / "data.zip", {f"Spotify/{NAME}": [play()]})

    both = list(read_all(find([tmp_path / "given"]).files, lake, NOW))

    assert len({one.file_id for one in both if isinstance(one, ImportedFile)}) == 1
    assert [one.already for one in both if isinstance(one, ImportedFile)].count(True) == 1
    assert read(plain, lake, NOW).already


def test_nothing_personal_is_in_any_byte_that_is_written(lake: Lake) -> None:
    hidden = {"ip_addr": ADDRESS, "who": USER}
    content = [
        old_play(),
        old_play() | {"ts": None},
        old_play() | {"platform": hidden, "ts": [hidden], "reason_end": [ADDRESS]},
        old_play() | {"new_key": ADDRESS, "nested": hidden},
    ]
    broken = json.dumps(content).encode()[:-1] + b', {"username": "%s" "ip_addr"' % USER.encode()
    imported(lake, content, "endsong_0.json")
    imported(lake, broken, "endsong_1.json")

    written_bytes = b"".join(path.read_bytes() for path in files_of(lake.root))
    values = "".join(
        str(row)
        for path in lake.root.rglob("*.parquet")
        for row in duckdb.read_parquet(str(path)).fetchall()
    )
    assert "trackdone" in values
    for secret in (ADDRESS, USER, AGENT):
        assert secret.encode() not in written_bytes
        assert secret not in values


def test_a_file_that_ends_in_the_middle_keeps_the_rows_before(lake: Lake) -> None:
    whole = json.dumps([play()] * 3).encode()
    file = imported(lake, whole[:-200])
    assert (file.received, file.readable, file.ends_early) == (3, 2, True)
    assert reasons(lake, file) == {"/2": "is cut off: the file ends"}


def test_a_file_that_is_cut_between_two_rows_is_known_to_be_cut(lake: Lake) -> None:
    file = imported(lake, json.dumps([play()]).encode()[:-1] + b",")
    assert (file.received, file.readable, file.ends_early) == (1, 1, True)


def test_one_bad_row_costs_that_row_only(lake: Lake) -> None:
    good = json.dumps(play()).encode()
    file = imported(lake, b"[" + good + b',{"ts": oops},' + good + b"]")
    assert [row["position"] for row in streams(lake, file)] == [1, 3]
    assert reasons(lake, file) == {"/1": "is no valid JSON: expecting value"}


def test_a_mark_at_the_start_and_garbled_names_do_no_harm(lake: Lake) -> None:
    garbled = play(master_metadata_track_name="Ã\x81guas")
    content = json.dumps([garbled], ensure_ascii=False).encode()
    (row,) = streams(lake, imported(lake, b"\xef\xbb\xbf" + content))
    assert row["name"] == "Ã\x81guas"


def test_what_is_no_character_costs_no_row(lake: Lake) -> None:
    corrupted = [play(platform="@"), play(platform="\ud83c"), play()]
    file = imported(lake, json.dumps(corrupted).encode().replace(b"@", b"x\xff"))
    assert [row["platform"] for row in streams(lake, file)] == ["x\ufffd", "\ufffd", "windows"]


def test_a_number_that_is_none_spoils_its_row_only(lake: Lake) -> None:
    file = imported(lake, [play(ms_played=float("nan")), play(x=float("nan")), play()])
    assert reasons(lake, file) == {"/0": "ms_played: expected whole milliseconds, got NaN"}


def in_the_form(form: str, rows_: list[dict[str, Any]]) -> bytes:
    """A file of such rows, as tools on the way write one."""
    lines = [json.dumps(row) for row in rows_]
    shouted = [{key.upper(): value for key, value in row.items()} for row in rows_]
    around = {"user": "x", "n": 3, "history": {"items": rows_}, "next": None}
    written_so = {
        "lines": "\n".join([*lines, ""]),
        "one after the other": "".join(lines),
        "lists": "\n".join(f"[{line}]" for line in lines),
        "wrapped": json.dumps({"data": rows_}),
        "wrapped with more": json.dumps(around, indent=1),
        "capitals": json.dumps(shouted),
    }
    whole = json.dumps(rows_, ensure_ascii=False)
    if form == "gzip":
        return gzip.compress(whole.encode())
    return written_so[form].encode() if form in written_so else whole.encode(form)


FORMS = (
    *("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gzip", "capitals"),
    *("lines", "one after the other", "lists", "wrapped", "wrapped with more"),
)


@settings(max_examples=3)
@given(st.lists(st.dictionaries(KEYS, PLAIN), max_size=5))
def test_in_whatever_form_the_rows_are_the_same(content: list[dict[str, Any]]) -> None:
    rows_ = [{**row, **play()} for row in content] + [play(ms_played="203000"), play()]
    rows_[-1].pop("spotify_track_uri")
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder, "lake"))
        expected = rows(lake, history.STREAMS, imported(lake, rows_)).drop("file_id")
        for form in FORMS:
            name = "endsong_0.json.gz" if form == "gzip" else "endsong_0.json"
            file = imported(lake, in_the_form(form, rows_), name)
            assert (form, file.ends_early, file.unreadable) == (form, False, 0)
            assert_frame_equal(rows(lake, history.STREAMS, file).drop("file_id"), expected)


@pytest.mark.parametrize("form", ["lines", "wrapped", "utf-16-le"])
def test_a_file_of_another_form_that_ends_in_the_middle_is_known_to_be_cut(
    lake: Lake, form: str
) -> None:
    whole = in_the_form(form, [play()] * 3)
    file = imported(lake, whole[: len(whole) * 9 // 10])
    assert (file.readable, file.ends_early) == (2, True)
    if form == "wrapped":
        assert imported(lake, whole[:-2]).ends_early


def test_an_element_of_megabytes_is_set_aside_unread(lake: Lake) -> None:
    file = imported(lake, [play(), play(platform="x" * 3_000_000), play()])
    assert reasons(lake, file) == {"/1": "is longer than 1 MiB"}
    assert file.readable == 2


def test_a_file_that_duckdb_gives_up_early_is_read_to_its_end(lake: Lake) -> None:
    file = imported(lake, b"[7," + json.dumps([play()] * 5_000).encode()[1:])
    assert (file.received, file.readable) == (5_001, 5_000)


@pytest.mark.parametrize(("content", "ends_early"), [(b"[]", False), (b" [\n]\n", False)])
def test_an_empty_list_is_imported_as_nothing(lake: Lake, content: bytes, ends_early: bool) -> None:
    file = imported(lake, content)
    assert (file.received, file.readable, file.first_at) == (0, 0, None)
    assert file.ends_early is ends_early
    assert_keeps(rows(lake, history.STREAMS, file), Streams)


@pytest.mark.parametrize(
    "step",
    [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, FOLDERS_OF_A_FILE + 1))],
)
def test_an_import_that_is_killed_is_done_again_as_if_it_had_not_been(
    lake: Lake, tmp_path: Path, step: int
) -> None:
    file = written(tmp_path / "given", [play(), play(ts="x")])
    path = file.container / file.name
    killed = processes.run(crash_workers.imports_and_is_killed, lake.root, path, step)

    assert killed.returncode == processes.KILLED
    assert history.imported_files(lake) == []
    folders = [one for one in lake.root.glob("*/*/file=*") if one.is_dir()]
    assert len(folders) == step - 1
    assert all((folder / "rows.parquet").exists() for folder in folders)

    again, untouched = read(file, lake, NOW), Lake(tmp_path / "other")
    assert not again.already
    assert again == read(file, untouched, NOW)
    ours, theirs = (files_of(one.root / "processed") for one in (lake, untouched))
    assert [one.read_bytes() for one in ours] == [one.read_bytes() for one in theirs]


@pytest.mark.parametrize(
    ("free", "what"),
    [
        pytest.param(0, "the key of pseudonyms", marks=pytest.mark.slow),
        (2_000, f"the rows of {NAME}"),
    ],
)
def test_a_full_disk_is_said_and_nothing_is_half_imported(
    lake: Lake, tmp_path: Path, free: int, what: str
) -> None:
    many = [
        play(master_metadata_track_name=hashlib.sha256(b"%d" % n).hexdigest()) for n in range(500)
    ]
    file = written(tmp_path / "given", many)
    path = file.container / file.name
    refused = processes.run(crash_workers.imports_to_a_full_disk, lake.root, path, free)

    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")
    assert f"Cannot write {what}" in refused.stdout
    assert list(lake.root.glob("*/*/file=*")) == []
    assert not read(file, lake, NOW).already


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(
    lake: Lake, tmp_path: Path
) -> None:
    gone = written(tmp_path, [play()], "endsong_0.json")
    there = written(tmp_path, [account_play()], "StreamingHistory0.json")
    (tmp_path / "endsong_0.json").unlink()

    refused, read_ = read_all([gone, there], lake, NOW)

    assert isinstance(refused, Refused)
    assert "endsong_0.json cannot be read: No such file" in refused.reason
    assert isinstance(read_, ImportedFile)


def test_a_large_file_that_changes_while_it_is_read_is_not_imported(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST_LIST", 10)
    file = written(tmp_path, [play()])

    class Changing(type(file)):  # type: ignore[misc]
        def chunks(self) -> Any:
            yield from super().chunks()
            (tmp_path / NAME).write_text(json.dumps([play(), play()]))

    with pytest.raises(ExportError, match="changed while it was read"):
        read(Changing(**vars(file)), lake, NOW)
    assert list(lake.root.glob("*/*/file=*")) == []


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real export is not there: {REAL}")
def test_a_real_file_is_read_to_the_row(lake: Lake) -> None:
    (file,) = find([REAL]).files
    read_ = read(file, lake, NOW)
    table = rows(lake, history.STREAMS, read_)

    assert (read_.received, read_.readable, read_.unreadable) == (39, 39, 0)
    assert table.filter(pl.col("ms_played") < 30_000).height == 22
    assert table["name"][0] == "only my railgun"
    assert_keeps(table, Streams)
