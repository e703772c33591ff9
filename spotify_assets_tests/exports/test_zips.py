"""Zips that are damaged, locked or a trap are refused by name; the other inputs go on."""

import stat
import zipfile
from pathlib import Path

import pytest

from spotify_assets.exports import ExportError, find, zips
from spotify_assets_tests.exports.samples import NAME, play, zipped


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


def test_a_spoiled_entry_is_an_error_that_names_its_zip(tmp_path: Path) -> None:
    path = tmp_path / "spoiled.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(NAME, b"[%s]" % (b" " * 200_000))
    data = bytearray(path.read_bytes())
    data[150_000] = 0x7B
    path.write_bytes(data)
    (file,) = find([path]).files

    with pytest.raises(ExportError, match=r"spoiled\.zip is a damaged zip"):
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
