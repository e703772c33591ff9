"""`releases.toml` is changed where it is to change, and every other line of it stays."""

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.sources.release_files import Refused, declared, editing

OWN = """# My label
[artists.ana] # the first
name = 'Ana'  # her name

[releases.tide]
artist = "ana"
title = "Maré" # as Spotify has it
campaigns = [
  "Spring push",
]

# What CD Baby calls its columns
[formats.cd-baby]
kind = "links"
columns = { Tag = "date", Besuche = "visits", Klicks = "clicks" }
"""
INLINE = 'artists = { ana = { name = "Ana" } }\n'
HOME = {"artist": "ana", "title": "Home"}


def test_what_is_added_is_at_the_end_and_all_else_as_it_was() -> None:
    day = dt.date(2025, 1, 3)
    made = editing.add_release(OWN, "home.1", {**HOME, "date": day, "campaigns": ["A", "B"]})
    assert made.startswith(OWN)
    [_, added] = declared.read(made.encode()).releases
    assert (added["release_id"], added["date"]) == ("home.1", "2025-01-03")
    assert added["campaigns"] == ["A", "B"]
    assert editing.remove(made, "home.1") == OWN


def test_what_is_removed_takes_no_comment_of_another_with_it() -> None:
    made = editing.remove(OWN, "tide")
    assert made == OWN.replace(OWN[OWN.index("[releases") : OWN.index("# What")], "")
    assert editing.remove(made, "ana") == made[: made.index("[artists")] + made[made.index("# W") :]


def test_of_nothing_a_first_artist_makes_a_file_and_its_removal_empties_it() -> None:
    made = editing.add_artist("", "ana", {"name": "Ana", "spotify_id": None})
    assert made == '[artists.ana]\nname = "Ana"\n'
    assert editing.remove(made, "ana") == ""


NAMES = st.characters(exclude_categories=["Cs"], exclude_characters="\x7f")


@settings(max_examples=30)
@given(st.text(NAMES, min_size=1, max_size=20))
def test_any_name_is_read_as_it_was_given(name: str) -> None:
    made = editing.add_artist(OWN, "bo", {"name": name})
    assert declared.read(made.encode()).artists[-1]["name"] == name


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: editing.add_artist(OWN, "ana", {"name": "A"}), "artists.ana is there already"),
        (lambda: editing.add_artist(OWN, "An a", {"name": "A"}), "'An a' cannot be the id"),
        (
            lambda: editing.add_artist(OWN, "bo", {"name": "A", "spotify_id": "x"}),
            "'x' cannot be the spotify_id: it is 22 letters",
        ),
        (lambda: editing.add_artist(OWN, "bo", {"name": ""}), "'name' is missing"),
        (
            lambda: editing.add_release(OWN, "x", {"artist": "anna", "title": "T"}),
            "No artist 'anna' is declared; near to it: ana",
        ),
        (lambda: editing.add_release(OWN, "x", {**HOME, "isrc": "PT-ABC"}), "cannot be the isrc"),
        (
            lambda: editing.add_release(
                editing.add_release(OWN, "x", {**HOME, "upc": "012345678905"}),
                "y",
                {**HOME, "upc": "012345678905"},
            ),
            "releases.x has the upc 012345678905 already",
        ),
        (lambda: editing.remove(OWN, "tyde"), "'tyde'; near to it: tide"),
        (lambda: editing.remove(OWN, "ana"), "remove tide first"),
        (lambda: editing.remove("[artists", "ana"), "no TOML"),
        (lambda: editing.remove(INLINE, "ana"), "change it by hand"),
        (lambda: editing.add_artist(INLINE, "bo", {"name": "Bo"}), "change it by hand"),
    ],
)
def test_what_cannot_be_is_refused_and_says_why(change: Callable[[], str], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        change()
    assert reason in str(refused.value)
