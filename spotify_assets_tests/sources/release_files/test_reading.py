"""A download to its rows: its kind by its content, and each broken row with its place."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sources.release_files.declared import read as declared
from spotify_assets.sources.release_files.reading import MAX_BYTES, Refused, from_name, read

TODAY = dt.date(2026, 11, 20)
AUDIENCE = (
    "date,listeners,monthly listeners,monthly active listeners,super listeners,streams,"
    "playlist adds,saves,followers"
)
ADS = "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR),Results"

WHOLE = (
    "date,streams\n2026-01-01,1\n2026-01-02,2\n",
    f"{AUDIENCE}\n2026-01-01,1,2,2,0,3,0,1,9\n",
    'song,listeners,streams,saves,release_date\n"One, two",1,2,1,2025-01-01\nTwo,1,2,1,\n',
    f'{ADS},Age\n"2026-01-01","2026-01-01","One","1,234.50","2","All"\n',
    "Tag;Name der Kampagne;Ausgegebener Betrag (EUR)\n1.1.2026;One;1.234,50\n",
    "Sale Month\tStore\tTitle\tQuantity\tEarnings (USD)\r2026-01\tS\tM\t3\t0.01\r",
)
JUNK = (
    *(b"", b'"', b",", b";", b"\t", b"\n", b"\r", b"\0", b"\xff", b"-", b"."),
    *(b"9" * 400, b"1e9", b"NaN", b"inf", b"12/31/2025", b"All", b"\xc2\xa0", b'"",', b"date,"),
)


def told(text: str | bytes, *columns: str) -> list[tuple[Any, ...]]:
    body = text.encode() if isinstance(text, str) else text
    return read(body, TODAY).rows.select(columns).rows()


def set_aside(text: str) -> list[tuple[int, str, str]]:
    broken = read(text.encode(), TODAY).broken
    return broken.select("source_line", "column_name", "reason").rows()


@pytest.mark.parametrize(
    ("header", "row", "kind"),
    [
        ("date,streams", "2026-01-01,1", "song_streams"),
        (AUDIENCE, "2026-01-01,1,2,2,0,3,0,1,9", "audience"),
        ("date,listeners,streams,followers", "2026-01-01,1,2,3", "audience"),
        ("song,listeners,streams,saves,release_date", "One,1,2,1,2025-01-01", "songs"),
        ("title,author,listeners,streams,date_added", "One,Me,1,2,n/a", "playlists"),
        ("Date,Visits,Clicks,Landing URL", "2026-01-01,2,1,https://a.example", "links"),
        (f"{ADS},Link clicks", "2026-01-01,2026-01-01,One,1.00,2,3", "campaigns"),
        (
            "Sales Period,Store Name,Song Title,Quantity,Total Earned",
            "2026-01,S,O,1,2",
            "sales",
        ),
    ],
)
def test_the_header_says_what_a_file_is(header: str, row: str, kind: str) -> None:
    found = read(f"{header}\n{row}\n".encode(), TODAY)
    assert found.kind.name == kind
    assert (found.received, found.rows.height, found.broken.height) == (1, 1, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfdate,streams\r\n2026-01-01,5\r\n",
        b"date;streams\r2026-01-01;5\r",
        b'"Date"\t"Streams"\n"2026/01/01"\t"5"\n',
        "date,streams\n2026-01-01,5\n".encode("utf-16"),
        b"\n\ndate,streams\n2026-01-01 ,5",
    ],
)
def test_encoding_separator_and_line_ends_do_not_matter(body: bytes) -> None:
    assert told(body, "date", "streams") == [(dt.date(2026, 1, 1), 5)]


def test_latin_1_is_read_where_it_is_no_utf_8() -> None:
    body = "Sale Month\tStore\tTitle\tQuantity\tEarnings (USD)\r2026-01\tS\tMaré\t3\t0.01\r"
    found = read(body.encode("latin-1"), TODAY)
    assert found.rows.select("month", "title", "earnings").rows() == [
        (dt.date(2026, 1, 1), "Maré", 0.01)
    ]
    assert found.currency == "USD"


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("13/02/2026", dt.date(2026, 2, 13)),
        ("02/13/2026", dt.date(2026, 2, 13)),
        ("3.2.2026", dt.date(2026, 2, 3)),
        ("Feb 3, 2026", dt.date(2026, 2, 3)),
        ("3 de fev. de 2026", dt.date(2026, 2, 3)),
        ("3 févr. 2026", dt.date(2026, 2, 3)),
        ("3. März 2026", dt.date(2026, 3, 3)),
        ("3 de enero de 2026", dt.date(2026, 1, 3)),
        ("2026-02-03T00:00:00Z", dt.date(2026, 2, 3)),
    ],
)
def test_a_day_is_read_in_the_words_of_five_languages(date: str, day: dt.date) -> None:
    assert told(f'date,streams\n"{date}",1\n', "date") == [(day,)]


def test_where_day_or_month_may_come_first_nothing_is_guessed() -> None:
    [(line, column, reason)] = set_aside("date,streams\n03/04/2026,1\n")
    assert (line, column) == (2, "date")
    assert "cannot be told" in reason


def test_one_day_over_twelve_tells_the_order_of_all() -> None:
    text = "date,streams\n03/04/2026,1\n25/04/2026,2\n"
    assert told(text, "date") == [(dt.date(2026, 4, 3),), (dt.date(2026, 4, 25),)]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("2026-02-30,1", "date", "no day"),
        ("2026-11-21,1", "date", "in the future"),
        ("1999-01-01,1", "date", "before 2006"),
        ("2026-01-01,-1", "streams", "no whole number"),
        ("2026-01-01,1.5", "streams", "no whole number"),
        ("2026-01-01,", "streams", "empty"),
        ("2026-01-01", "row", "1 cells, the header 2"),
        ("2026-01-01,1,2", "row", "3 cells, the header 2"),
    ],
)
def test_a_broken_row_is_set_aside_with_its_place_and_the_others_are_kept(
    row: str, column: str, reason: str
) -> None:
    found = read(f"date,streams\n2026-01-05,7\n{row}\n2026-01-06,8\n".encode(), TODAY)
    assert found.rows["streams"].to_list() == [7, 8]
    [broken] = found.broken.to_dicts()
    assert (broken["source_line"], broken["column_name"]) == (3, column)
    assert reason in broken["reason"]
    assert found.received == 3


def test_more_listeners_than_streams_cannot_be() -> None:
    text = "song,listeners,streams,saves,release_date\nOne,5,4,9,\nTwo,4,5,9,\n"
    assert set_aside(text) == [
        (2, "listeners", "It is more than the streams: each listener has one.")
    ]
    assert read(text.encode(), TODAY).notes == ("1 songs have more saves than listeners.",)


def test_a_day_that_stands_twice_is_one_or_none() -> None:
    text = "date,streams\n2026-01-01,1\n2026-01-01,1\n2026-01-02,2\n2026-01-02,3\n"
    found = read(text.encode(), TODAY)
    assert found.rows["streams"].to_list() == [1]
    assert found.duplicate == 1
    assert found.broken["source_line"].to_list() == [4, 5]
    assert found.received == found.rows.height + found.duplicate + 2


@pytest.mark.parametrize(
    ("header", "spend"),
    [
        ("Dia;Nome da campanha;Valor usado (EUR);Resultados", "1.234,50"),
        ("Jour;Nom de la campagne;Montant dépensé (EUR);Résultats", "1 234,50"),
        ("Día;Nombre de la campaña;Importe gastado (EUR);Resultados", "1.234,50"),
        ("Tag;Name der Kampagne;Ausgegebener Betrag (EUR);Ergebnisse", "1.234,50"),
        ("Day;Campaign name;Amount spent (EUR);Results", "1,234.50"),
    ],
)
def test_ads_are_read_in_five_languages(header: str, spend: str) -> None:
    found = read(f"{header}\n2026-01-01;One;{spend};3\n".encode(), TODAY)
    assert found.rows.select("campaign", "spend", "results").rows() == [("One", 1234.5, 3)]
    assert found.currency == "EUR"


def test_of_two_decimal_marks_the_one_of_most_rows_counts() -> None:
    rows = ["1,50", "2,50", "3.50"]
    text = "Day;Campaign name;Amount spent (EUR)\n" + "".join(
        f"2026-01-0{day};One;{spend}\n" for day, spend in enumerate(rows, 1)
    )
    assert told(text, "spend") == [(1.5,), (2.5,)]
    [(line, column, reason)] = set_aside(text)
    assert (line, column) == (4, "Amount spent (EUR)")
    assert "decimal mark ','" in reason


def test_sums_at_several_levels_are_not_counted_again() -> None:
    header = "Day,Campaign name,Age,Gender,Amount spent (EUR),Results\n"
    rows = [
        ",,,,12.00,6",
        "2026-01-01,One,All,All,10.00,5",
        "2026-01-01,One,18-24,All,6.00,3",
        "2026-01-01,One,18-24,female,4.00,2",
        "2026-01-01,One,18-24,male,2.00,1",
        "2026-01-01,One,25-34,female,4.00,2",
        "2026-01-01,Two,All,All,2.00,1",
    ]
    found = read((header + "\n".join(rows)).encode(), TODAY)
    assert found.rows["spend"].sum() == 12
    assert found.sums == 3
    assert found.received == found.rows.height + found.sums


def test_an_advertisement_over_several_days_is_no_daily_row() -> None:
    [(line, _, reason)] = set_aside(f"{ADS}\n2026-01-01,2026-01-31,One,5.00,1\n")
    assert line == 2
    assert "breakdown by time" in reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"date,streams\n", "header and no rows"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"PK\x03\x04 a spreadsheet", "no text"),
        (b"date\x00,streams\n", "no text"),
        (b"date,streams,streams\n2026-01-01,1,2\n", "stands in it twice"),
        (b"date,listeners,streams,streams\n2026-01-01,1,2,2\n", "stands in it twice"),
        (b"datum,wiedergaben\n2026-01-01,1\n", "no header that is known"),
        (b"2026-01-01,1\n2026-01-02,2\n", "no header that is known"),
        (b"x" * (MAX_BYTES + 1), "larger than 64 MiB"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(body, TODAY)


@pytest.mark.parametrize(
    ("name", "title", "window"),
    [
        ("One-timeline.csv", "One", None),
        ("One-timeline (1).csv", "One", None),
        ("Slow - Original Mix-timeline.csv", "Slow - Original Mix", None),
        ("1x7-audience-timeline.csv", "1x7", None),
        ("1x7-songs-1year.csv", "1x7", "1year"),
        ("One (live)-playlists-28day (12).csv", "One (live)", "28day"),
        ("export.csv", "export", None),
    ],
)
def test_the_name_says_title_and_window(name: str, title: str, window: str | None) -> None:
    assert from_name(name) == (title, window)


def test_a_declared_format_maps_the_columns_of_another_file() -> None:
    said = declared(
        b'[formats.cd-baby]\nkind = "sales"\n'
        b'columns = { "Month" = "month", "Partner" = "store", "Track" = "title", '
        b'"Qty" = "quantity", "Net (USD)" = "earnings" }\n'
    )
    body = b"Month,Partner,Track,Qty,Net (USD)\n2026-01,Spotify,One,10,0.03\n"
    found = read(body, TODAY, said.own)
    assert (found.kind.source, found.currency) == ("cd-baby", "USD")
    assert found.rows["earnings"].to_list() == [0.03]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[artists", "no TOML"),
        ("[artists.a]\n", "artists.a: 'name' is missing"),
        ("[artists.a]\nname = 1\n", "'name' has to be a text"),
        ('[artists.a]\nname = "A"\nnick = "B"\n', "'nick' is not known"),
        ('[releases.r]\nartist = "b"\ntitle = "T"\n', "no artist 'b' is declared"),
        ('[formats.f]\nkind = "links"\ncolumns = { a = "b" }\n', "'b' is no column"),
        ("artists = 1\n", "has to be tables"),
    ],
)
def test_a_declaration_that_is_wrong_says_where(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        declared(text.encode())


@given(st.data())
def test_whatever_is_changed_in_a_file_it_is_refused_or_accounted_for(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(WHOLE)).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        end = at + data.draw(st.sampled_from([0, 1, 8]))
        body[at:end] = data.draw(st.sampled_from(JUNK))
    try:
        found = read(bytes(body), TODAY)
    except Refused:
        return
    broken = found.broken["source_line"].n_unique()
    assert found.received == found.rows.height + found.duplicate + found.sums + broken


@pytest.mark.parametrize("name", ["", "Resultados totales"])
def test_a_total_below_the_days_of_ads_is_a_sum_whatever_it_is_called(name: str) -> None:
    text = (
        "Día,Nombre de la campaña,Importe gastado (EUR),Impresiones\n"
        f'2026-09-20,One,"11,52","1.204"\n2026-09-21,One,"3,10",310\n,{name},"14,62",1514\n'
    )
    found = read(text.encode(), TODAY)
    assert found.rows["spend"].to_list() == [11.52, 3.1]
    assert (found.sums, found.broken.height) == (1, 0)


def test_the_columns_that_distrokid_added_do_no_harm() -> None:
    text = (
        '"Date Inserted","Reporting Date","Sale Month","Store","Artist","Title","ISRC","UPC",'
        '"Quantity","Team Percentage","Source Type","Country of Sale",'
        '"Songwriter Royalties Withheld (USD)","Earnings (USD)","Recoup (USD)"\n'
        '"2026-09-01","2026-08-25","2026-07","Spotify","Ana","Tide","I","U","9","100","Song","PT",'
        '"0.0","0.03",""\n'
    )
    found = read(text.encode(), TODAY)
    assert found.rows.select("country", "quantity", "earnings").rows() == [("PT", 9, 0.03)]
    assert (found.kind.source, found.currency) == ("DistroKid", "USD")


def test_listeners_of_all_time_are_noted_to_be_none() -> None:
    text = "song,listeners,streams,saves,release_date\nOne,0,5,0,2025-01-01\n"
    [note] = read(text.encode(), TODAY).notes
    assert "no listeners" in note
