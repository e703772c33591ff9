"""What several downloads say together: the later counts, and names find their releases."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from spotify_assets.schemas import releases
from spotify_assets.transforms.releases import File, derive
from spotify_assets.transforms.releases.matching import Declared, normal

ARTIST_ID = "1" * 22
LABEL: dict[str, Any] = {
    "artists": [
        {"artist_id": "ana", "name": "Ana Lumé", "spotify_id": ARTIST_ID},
        {"artist_id": "bo", "name": "Bo", "spotify_id": None},
    ],
    "releases": [
        {"release_id": "tide", "artist": "ana", "title": "Maré/Baixa?", "date": "2025-01-03"},
        {"release_id": "live", "artist": "ana", "title": "Maré Baixa (live)", "isrc": "ISRC1"},
        {"release_id": "home", "artist": "ana", "title": "Home", "campaigns": ["Spring"]},
        {"release_id": "their-home", "artist": "bo", "title": "Home", "upc": "UPC1"},
    ],
}
DAY = dt.date(2026, 1, 1)


def declared() -> Declared:
    named = [{**one, "artist_id": one["artist"]} for one in LABEL["releases"]]
    return Declared(LABEL["artists"], named)


def file(kind: str, about: str, rows: list[dict[str, Any]], downloaded: int = 1) -> File:
    facts = {
        "file_id": f"{abs(hash((kind, about, downloaded))):016x}"[:16],
        "file_name": f"{about}.csv",
        "kind": kind,
        "source": "test",
        "about": about,
        "window": "28day",
        "currency": "EUR",
        "downloaded_at": f"2026-02-{downloaded:02}T12:00:00+00:00",
        "imported_at": "2026-03-01T12:00:00+00:00",
        **{"received": len(rows), "kept": len(rows), "duplicate": 0, "sums": 0, "broken": 0},
        "notes": [],
    }
    frame = pl.DataFrame(rows).with_columns(source_line=pl.int_range(2, len(rows) + 2))
    schema = {"source_line": pl.Int64, "column_name": pl.String}
    schema |= {"value": pl.String, "reason": pl.String}
    return File(facts, frame, pl.DataFrame(schema=schema))


def label(downloaded: int = 1, **changed: Any) -> File:
    facts = {"file_id": "0" * 16, "kind": "declared", "declared": {**LABEL, **changed}}
    at = f"2026-02-{downloaded:02}T12:00:00+00:00"
    facts |= {"downloaded_at": at, "imported_at": at}
    return File(facts, pl.DataFrame(), pl.DataFrame())


def timeline(*streams: int, downloaded: int = 1, about: str = "Home-of-Ana") -> File:
    days = [DAY + dt.timedelta(days=day) for day in range(len(streams))]
    rows = [{"date": day, "streams": n} for day, n in zip(days, streams, strict=True)]
    return file("song_streams", about, rows, downloaded)


def test_a_file_of_which_no_row_was_kept_is_in_the_account_alone() -> None:
    empty = file("song_streams", "Maré Baixa", [], 3)
    nothing = pl.DataFrame(schema={"date": pl.Date, "streams": pl.Int64, "source_line": pl.Int64})
    made = derive([label(), File(empty.facts, nothing, empty.broken)])
    assert made[releases.FactStreamsDaily].is_empty()
    assert made[releases.ReleaseFiles]["unmatched"].to_list() == [0]


def test_the_later_download_wins_whatever_was_imported_first_and_the_change_is_told() -> None:
    later = timeline(1, 5, 7, downloaded=9, about="Maré_Baixa_")
    earlier = timeline(1, 4, downloaded=2, about="Maré_Baixa_")
    for files in ([label(), later, earlier], [earlier, later, label()]):
        made = derive(files)
        assert made[releases.FactStreamsDaily]["streams"].to_list() == [1, 5, 7]
        [change] = made[releases.ReleaseRevisions].to_dicts()
        assert (change["date"], change["earlier"], change["later"]) == (DAY + dt.timedelta(1), 4, 5)
        assert change["earlier_file_id"] == earlier.facts["file_id"]


def test_every_table_keeps_its_contract_also_where_there_is_nothing() -> None:
    for contract, rows in derive([]).items():
        assert contract.validate(rows).is_empty()


@pytest.mark.parametrize(
    ("about", "release"),
    [
        ("Maré_Baixa_", "tide"),
        ("Mare\u0301_Baixa_", "tide"),
        ("maré baixa", "tide"),
        ("Maré Baixa (live)", "live"),
        ("ISRC1", "live"),
        ("Home", None),
        ("Mare", None),
    ],
)
def test_a_file_is_matched_by_id_or_title_and_two_of_one_title_are_none(
    about: str, release: str | None
) -> None:
    one = timeline(1, about=about)
    found = declared().match(one.facts, one.rows)
    assert found.rows["release_id"].to_list() == [release]
    assert found.unmatched == (release is None)


def test_what_matches_nothing_is_kept_out_with_the_nearest_names_until_it_is_declared() -> None:
    one = timeline(3, 4, about="Maré Baixo")
    made = derive([label(), one])
    assert made[releases.FactStreamsDaily].is_empty()
    [told] = made[releases.ReleaseFiles].to_dicts()
    assert told["unmatched"] == 2
    assert told["nearest"].startswith("Maré Baixo: Maré")
    more = {"release_id": "low", "artist": "bo", "title": "Maré Baixo"}
    then = derive([label(), label(5, releases=[*LABEL["releases"], more]), one])
    assert then[releases.FactStreamsDaily]["release_id"].unique().to_list() == ["low"]


def test_songs_are_matched_among_the_releases_of_their_artist() -> None:
    row = {"song": "Home", "listeners": 1, "streams": 2, "saves": 0}
    made = derive([label(), file("songs", ARTIST_ID, [row])])
    assert made[releases.FactSongWindow]["release_id"].to_list() == ["home"]


@pytest.mark.parametrize(
    ("campaign", "release"),
    [("Spring", "home"), ("Maré Baixa LIVE | reach", "live"), ("MARÉ-BAIXA", "tide"), ("X", None)],
)
def test_a_campaign_is_of_the_release_that_names_it_or_of_the_longest_title_in_it(
    campaign: str, release: str | None
) -> None:
    row = {"campaign": campaign, "date": DAY, "spend": 3.0, "results": 2, "result_indicator": "c"}
    row |= {"impressions": None, "link_clicks": 4}
    made = derive([label(), file("campaigns", "Ads", [row, row])])[releases.FactCampaignDaily]
    [told] = made.to_dicts()
    assert told["release_id"] == release
    assert (told["spend"], told["link_clicks"], told["cost_per_result"]) == (6.0, 8, 1.5)
    assert told["impressions"] is None


def test_a_sale_is_matched_by_isrc_then_upc_then_title_and_artist() -> None:
    common = {"month": DAY, "store": "S", "quantity": 1, "earnings": 0.1, "country": None}
    rows = [
        {**common, "isrc": "ISRC1", "upc": "UPC1", "title": "Home", "artist": "Bo"},
        {**common, "isrc": None, "upc": "UPC1", "title": "?", "artist": None},
        {**common, "isrc": None, "upc": None, "title": "Home", "artist": "Ana Lumé"},
        {**common, "isrc": None, "upc": None, "title": "Home", "artist": None},
    ]
    made = derive([label(), file("sales", "Sales", rows)])
    assert made[releases.FactSaleMonthly]["release_id"].to_list() == ["home", "live", "their-home"]
    assert made[releases.ReleaseFiles]["unmatched"].to_list() == [1]


def test_names_of_nothing_but_marks_are_kept_apart() -> None:
    assert normal("???") != normal("!!!")
    assert normal(" A_b ") == normal("a/B")
