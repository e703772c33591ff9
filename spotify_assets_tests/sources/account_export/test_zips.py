"""Zips that are damaged, locked or a trap are refused by name; the other inputs go on."""

import gzip
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from spotify_assets.sources.account_export import ExportError, find, zips
from spotify_assets_tests.sources.account_export.samples import NAME, Row, play, zipped


def refusal(path: Path) -> str:
    with pytest.raises(ExportError) as error:
        find([path])
    return str(error.value)


def test_a_cut_zip_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", {NAME: [play()] * 50})
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-100])

    found = find([cut, whole])

    assert [file.container for file in found.files] == [whole]
    (refused,) = found.refused
    assert refused.name == str(cut)
    assert f"{cut} is a damaged zip" in refused.reason


def test_a_corrupted_entry_is_an_error_that_names_its_zip(tmp_path: Path) -> None:
    path = tmp_path / "corrupted.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(NAME, b"[%s]" % (b" " * 200_000))
    data = bytearray(path.read_bytes())
    data[150_000] = 0x7B
    path.write_bytes(data)
    (file,) = find([path]).files

    with pytest.raises(ExportError, match=r"corrupted\.zip is a damaged zip"):
        list(file.chunks())


def test_an_encrypted_zip_asks_to_be_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", {NAME: [play()]})
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    path.write_bytes(data)

    assert "is encrypted. Unpack it with its password" in refusal(path)


@pytest.mark.parametrize("name", ["../x.json", "a/../../x.json", "/etc/x.json", "C:\\x.json"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "trap.zip", {NAME: [play()], name: b"[]"})
    said = refusal(path)
    assert repr(name) in said
    assert "outside of the folder" in said


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trap.zip"
    link = zipfile.ZipInfo(NAME)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")

    assert f"{NAME!r} is a link" in refusal(path)


def test_an_entry_that_grows_beyond_measure_is_refused_before_it_is_unpacked(
    tmp_path: Path,
) -> None:
    path = zipped(tmp_path / "bomb.zip", {NAME: b" " * (zips.LARGE_BYTES + 1)})
    assert "times as large unpacked" in refusal(path)


def test_entries_that_are_too_much_together_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {NAME: b"[]"})
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    # What an entry says of itself: nearly 4 GiB, of nearly 4 GiB in the archive.
    huge = (0xFFFFFF00).to_bytes(4, "little")
    data[central + 20 : central + 28] = huge + huge
    second = bytes(data[central : data.index(b"PK\x05\x06")])
    end = data.index(b"PK\x05\x06")
    data[end:end] = second
    end += len(second)
    data[end + 8 : end + 12] = (2).to_bytes(2, "little") * 2
    data[end + 12 : end + 16] = (2 * len(second)).to_bytes(4, "little")
    path.write_bytes(data)

    assert "more than 4 GiB" in refusal(path)


def test_a_zip_within_a_zip_is_read_and_one_within_that_is_refused(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {f"Spotify/{NAME}": [play()]})
    both: dict[str, bytes | Sequence[Row]] = {
        "my.zip": inner.read_bytes(),
        "endsong_0.json": [play(), play()],
    }
    outer = zipped(tmp_path / "outer.zip", both)
    plain = find([inner]).files[0]

    deep, shallow = find([outer]).files

    assert (deep.name, shallow.name) == (f"my.zip/Spotify/{NAME}", "endsong_0.json")
    assert b"".join(deep.chunks()) == b"".join(plain.chunks())
    assert deep.origin == plain.origin
    deepest = zipped(tmp_path / "deepest.zip", {"outer.zip": outer.read_bytes()})
    assert "'my.zip' is a zip within a zip within a zip" in refusal(deepest)


def test_the_limits_hold_for_a_zip_within_a_zip(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bomb.zip", {NAME: b" " * (zips.LARGE_BYTES + 1)})
    assert "times as large unpacked" in refusal(
        zipped(tmp_path / "outer.zip", {"bomb.zip": bomb.read_bytes()})
    )
    cut = zipped(tmp_path / "cut.zip", {"x.zip": bomb.read_bytes()[:-100]})
    assert f"{cut} is a damaged zip" in refusal(cut)


def test_all_together_may_not_be_too_much_also_in_zips_within(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = zipped(tmp_path / "inner.zip", {"endsong_0.json": [play()] * 3}).read_bytes()
    outer = zipped(tmp_path / "outer.zip", {f"{n}.zip": inner for n in range(3)})
    assert len(find([outer]).files) == 3
    monkeypatch.setattr(zips, "MAX_BYTES", 3_000)
    assert "unpacked it takes more than" in refusal(outer)


def test_a_gzip_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.gz"
    path.write_bytes(gzip.compress(b"[%s]" % (b" " * 200_000))[:-20])
    (file,) = find([path]).files
    with pytest.raises(ExportError, match="it ends early"):
        list(file.chunks())
