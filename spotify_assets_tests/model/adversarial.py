"""A small lake in which about everything that can be odd is so, in four genres over ten days."""

import json

from spotify_assets_tests.model.answers import (
    LIMIT,
    Answer,
    Collected,
    looked_up,
    of_search,
    pages,
    search,
)
from spotify_assets_tests.transforms.music import album, artist, credit, spotify_id, track, without

FORRO, MPB, RNB, AXE = "forró", "mpb", "r&b", "axé"


def lake() -> list[Collected]:
    """In the order in which they are collected: not that of the days."""
    of_forro, of_mpb, of_rnb = _forro(), _mpb(), _rnb()
    # Of two collections of a genre-day the later counts.
    before = Collected(RNB, 4, [*pages([track(73)], [artist(73)])], market="PT")
    return [
        before,
        *reversed(of_forro[3:]),
        *of_mpb[2:],
        *of_rnb,
        *of_forro[:3],
        *of_mpb[:2],
        *_axe(),
    ]


def _unranked(number: int, **changes: object) -> dict[str, object]:
    return track(number, popularity=None, **changes)


def _forro() -> list[Collected]:
    """Skipped days, an empty answer, another depth, another market, a switch of the mode."""
    tracks = [track(n, popularity=90 - n) for n in range(1, 8)]
    artists = [artist(n, popularity=50 + n) for n in range(1, 8)]
    renamed = track(2, popularity=95, name="Asa Branca")
    return [
        Collected(FORRO, 1, [*pages(tracks, artists)]),
        # Moved, renamed; 1 is gone, 7 stands deeper than what is wanted.
        Collected(FORRO, 2, [*pages([tracks[6], renamed, *tracks[2:6], tracks[0]], artists[1:])]),
        # Day 3 was skipped. Back to the old name; everything in reverse.
        Collected(FORRO, 4, [*pages(tracks[::-1], artists[::-1])]),
        Collected(FORRO, 5, [*pages([], [])]),
        # Less was wanted, and less deep asked.
        Collected(FORRO, 6, [*pages(tracks[:3], artists[:3])], tracks=2, artists=3),
        Collected(FORRO, 7, [*pages(tracks[2:], artists[2:])], market="PT"),
        # Development mode: no popularity; one has it after all among the artists.
        Collected(
            FORRO,
            8,
            [
                *pages(
                    [without(one, "popularity") for one in (tracks[4], tracks[1], tracks[3])],
                    [without(artists[5], "popularity"), artists[1], artist(3, popularity=None)],
                    deep=6,
                )
            ],
        ),
        Collected(FORRO, 9, [search(artists=artists[:2]), search(3, artists=artists[3:5])]),
        Collected(FORRO, 10, [*pages([_unranked(n) for n in (2, 5, 8)], artists[:6])], artists=0),
    ]


def _mpb() -> list[Collected]:
    """Broken objects, repetitions, refusals, credits that disappear."""
    several = track(11, artists=[credit(21), credit(22, name=None), credit(23)])
    return [
        Collected(MPB, 1, [*pages([several, track(12), track(2)], [artist(21), artist(2)])]),
        Collected(
            MPB,
            2,
            [
                *pages([track(11, artists=[credit(23, name="Outro")]), track(12)], []),
                looked_up("artists", artist(23, name="Zé"), None, artist(24, popularity=101)),
            ],
        ),
        Collected(MPB, 4, [*_broken()]),
        Collected(MPB, 5, [*_refused()]),
        Collected(MPB, 6, [*pages([track(11, artists=[]), track(12, artists=None)], [])]),
        Collected(MPB, 8, [*_repeated()]),
        Collected(MPB, 9, [*pages([track(12)], [artist(1)])], tracks=1, artists=1),
    ]


def _broken() -> list[Answer]:
    """Each with something that a column does not allow."""
    tracks = [
        None,
        "a text",
        track(31, name=7),
        track(32, popularity=85.0),
        track(33, popularity=85.5),
        track(34, popularity="85"),
        track(35, id="short"),
        track(36, id=None),
        track(37, duration_ms=None),
        track(38, duration_ms=-1),
        track(39, explicit=1),
        track(40, disc_number=0, track_number=None),
        track(41, external_ids=None, album=None),
        track(42, album=album(42, id="bad")),
        track(43, album=album(43, release_date="2020-13-01")),
        track(44, album=album(44, release_date="0000", release_date_precision="year")),
        track(45, album=album(45, release_date="2020", release_date_precision="day")),
        track(46, album=album(46, release_date="2020-02", release_date_precision="month")),
        track(47, album=album(47, name=None, album_type=None)),
        track(48, artists=[credit(48, id=5), None, credit(49)]),
        track(12, name="Twelfth"),
        track(50, name="", popularity=None, is_playable=None),
        track(51, duration_ms=2**40, popularity=0),
        track(52, album=album(52, total_tracks=2**31)),
        track(53, album=album(53, artists=None)),
        track(55, album=album(55, album_type="Single", release_date_precision="DAY")),
        track(56, album=album(56, album_type="mixtape")),
        without(track(54), "album", "artists", "external_ids", "explicit", "disc_number"),
    ]
    artists = [
        artist(31, followers=None),
        artist(32, followers={"total": None}),
        artist(33, followers={"total": 12.0}),
        artist(34, genres=None),
        artist(35, genres=[]),
        artist(36, genres=["a", 1]),
        artist(2, name=None),
        artist(48, popularity=-1),
        artist(41, followers={"total": -1}),
        [],
    ]
    return [*pages(tracks, artists)]


def _refused() -> list[Answer]:
    """Refusals, bodies that are no JSON, lists that are missing, a page that is not there."""
    page = {"tracks": {"items": [track(1, name="Once"), track(2)]}}
    several_lines = json.dumps({**page, "artists": {"items": [artist(1)]}}, indent=2)
    return [
        of_search(several_lines.encode()),
        of_search(b"", 3),
        of_search(b"<html>Bad gateway</html>", 3, status=502),
        of_search(b'{"tracks": {"items": [', 6),
        search(9, tracks=[track(61)], artists=None),
        of_search(json.dumps({"tracks": {"items": None}, "artists": {}}).encode(), 12),
        of_search(json.dumps({"tracks": "no", "artists": []}).encode(), 15),
        of_search(b"\xff\xfe not a text", 18),
        of_search(b'{"error": {"status": 429}}', 21, status=429),
        Answer("artists", {"ids": ""}, b'{"artists": null}'),
    ]


def _repeated() -> list[Answer]:
    """The same things in a page, on several pages and in a look-up, told differently."""
    first, again = track(12, name="First"), track(12, name="Again")
    of_album = track(13, album=album(12, name="The album of 12, again"))
    overlapping = [search(2, tracks=[track(14), of_album], artists=[artist(1, name="Later")])]
    return [
        *pages([first, again, of_album, track(14)], [credit(5, name="Full, in short"), artist(1)]),
        *overlapping,
        looked_up("artists", artist(5, name="Looked up"), artist(12), artist(12, name="Twice")),
    ]


def _axe() -> list[Collected]:
    """What JSON can be; pages that promise more; a day whose first page is missing."""
    odd = track(81, popularity=0, duration_ms=1, name="NAME", album=album(81, album_type="ALBUM"))
    text = json.dumps({"tracks": {"items": [odd]}, "artists": {"items": []}})
    half = text.replace("NAME", "a \\ud83d b").replace('"popularity": 0', '"popularity": 8.5e1')
    whole = text.replace("NAME", "a \\ud83d\\ude00 b").replace("t0", "t1")
    twice = text.replace('"name": "NAME"', '"name": "first", "name": "last"').replace("t0", "t2")
    endless = text.replace('"duration_ms": 1,', '"duration_ms": 1e400,').replace("t0", "t3")
    promising = {"items": [track(1)], "next": None, "total": 30}
    of_other_page = {"items": [track(2)], "offset": 3, "limit": LIMIT}
    bodies = {"tracks": promising, "artists": {"items": [], "next": "more"}}
    others = {"tracks": of_other_page, "artists": {"items": [artist(1)], "offset": 0, "limit": 50}}
    return [
        Collected(
            AXE,
            1,
            [
                of_search(half.encode()),
                of_search(whole.encode(), 3),
                of_search(twice.encode(), 6),
                of_search(endless.encode(), 9),
                of_search(b"\xef\xbb\xbf" + text.replace("t0", "t4").encode(), 12),
                of_search(text.replace("0,", "NaN,", 1).encode(), 15),
                of_search(b"[" * 300 + b"]" * 300, 18),
                of_search(b"null", 21),
                of_search(b'"a text"', 24),
            ],
            tracks=20,
        ),
        Collected(AXE, 2, [of_search(json.dumps(bodies).encode())]),
        Collected(AXE, 3, [of_search(json.dumps(others).encode()), *pages([track(1)], [])]),
        Collected(AXE, 4, [*pages([track(1), track(2)], [artist(1)])], tracks=2, artists=1),
        Collected(
            AXE, 5, [of_search(json.dumps({"tracks": {"items": [track(1)], "total": 2}}).encode())]
        ),
        Collected(AXE, 7, [search(artists=[]), search(3, tracks=[track(1)])]),
    ]


def _rnb() -> list[Collected]:
    """The same ids as in the other genres, with other words; an artist known by credits first."""
    other = track(2, name="Asa Branca (Ao Vivo)", album=album(99), artists=[credit(71)])
    unnamed = track(71, artists=[credit(72, name=None)])
    return [
        Collected(RNB, 2, [*pages([other, unnamed], [artist(2, name="A2, in r&b")])]),
        Collected(RNB, 3, [*pages([unnamed], [artist(72, name="At last")])]),
        Collected(RNB, 4, [*pages([track(71), track(72)], [])]),
        Collected(
            RNB, 8, [*pages([track(2, album={"id": spotify_id("b", 98)})], [artist(2), artist(1)])]
        ),
    ]
