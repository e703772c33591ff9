"""Objects with one thing wrong each, and what must be said of them."""

from dataclasses import dataclass

from spotify_assets_tests.transforms.answers import Answer, search
from spotify_assets_tests.transforms.music import album, artist, credit, found, track, without

ID = r"str_matches('^[0-9A-Za-z]{22}$')"
DATE = r"str_matches('^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$')"
TYPES = "isin(['album', 'single', 'compilation', 'ep'])"
PRECISIONS = "isin(['day', 'month', 'year'])"
ALL_OF_AN_ALBUM = "; ".join(
    f"{name}: is missing"
    for name in ("album_id", "name", "release_date", "release_date_precision", "released_from")
)

Aside = tuple[str, str, str]
"""Table, place below the object, reason."""


@dataclass(frozen=True)
class Corrupted:
    """The second of three objects on a page of a search; its neighbours are good."""

    kind: str
    rule: str
    thing: object
    aside: tuple[Aside, ...]

    @property
    def genre(self) -> str:
        return f"{self.kind}, {self.rule}"

    @property
    def page(self) -> Answer:
        good = {"artist": artist, "track": track, "album": album}[self.kind]
        items = {f"{self.kind}s": [good(1), self.thing, good(3)]}
        return search(found(**items), kinds=self.kind)


def _track(rule: str, reason: str, **changes: object) -> Corrupted:
    return Corrupted("track", rule, track(2, **changes), (("tracks", "", reason),))


def _artist(rule: str, reason: str, **changes: object) -> Corrupted:
    return Corrupted("artist", rule, artist(2, **changes), (("artists", "", reason),))


def _album(rule: str, reason: str, **changes: object) -> Corrupted:
    return Corrupted("album", rule, album(2, **changes), (("albums", "", reason),))


def _released(rule: str, date: object, precision: object, reason: str) -> Corrupted:
    changes = {"release_date": date, "release_date_precision": precision}
    return _album(rule, reason, **changes)


def _identified(kind: str, rule: str, thing: object, reason: str) -> Corrupted:
    """An id is read twice: for the object, and for what stands at that position."""
    aside = ((f"{kind}s", "", f"{kind}_id: {reason}"), ("search_results", "", f"id: {reason}"))
    return Corrupted(kind, rule, thing, aside)


def _no_object(kind: str, rule: str, thing: object, reason: str) -> Corrupted:
    return Corrupted(kind, rule, thing, ((f"{kind}s", "", reason), ("search_results", "", reason)))


def _credited(rule: str, by: object, reason: str) -> Corrupted:
    """A track with a good credit and a corrupted one."""
    thing = track(2, artists=[credit(2), by])
    place = "/artists/1"
    aside = (("artists", place, reason), ("track_artists", place, reason))
    return Corrupted("track", rule, thing, aside)


VALUES: tuple[Corrupted, ...] = (
    _track("popularity as text", 'popularity: expected a whole number, got "50"', popularity="50"),
    _track("popularity 5.7", "popularity: expected a whole number, got 5.7", popularity=5.7),
    _track("popularity true", "popularity: expected a whole number, got true", popularity=True),
    _track("popularity a list", "popularity: expected a whole number, got [50]", popularity=[50]),
    _track(
        "popularity an object",
        'popularity: expected a whole number, got {"of":50}',
        popularity={"of": 50},
    ),
    _track("popularity 101", "popularity: 101 breaks less_than_or_equal_to(100)", popularity=101),
    _track("popularity -1", "popularity: -1 breaks greater_than_or_equal_to(0)", popularity=-1),
    _track(
        "popularity beyond 32 bits",
        "popularity: expected a whole number, got 2147483648",
        popularity=2**31,
    ),
    _track(
        "duration beyond 64 bits",
        "duration_ms: expected a whole number, got 9223372036854775808",
        duration_ms=2**63,
    ),
    _track(
        "duration of a hundred digits",
        f"duration_ms: expected a whole number, got 1{'0' * 79}",
        duration_ms=10**99,
    ),
    _track(
        "duration below 0", "duration_ms: -1 breaks greater_than_or_equal_to(0)", duration_ms=-1
    ),
    _track("duration null", "duration_ms: is missing", duration_ms=None),
    Corrupted(
        "track",
        "duration absent",
        without(track(2), "duration_ms"),
        (("tracks", "", "duration_ms: is missing"),),
    ),
    _track("explicit as text", 'explicit: expected true or false, got "true"', explicit="true"),
    _track("explicit 1", "explicit: expected true or false, got 1", explicit=1),
    _track("playable as text", 'is_playable: expected true or false, got "no"', is_playable="no"),
    _track("disc as text", 'disc_number: expected a whole number, got "1"', disc_number="1"),
    _track("disc 0", "disc_number: 0 breaks greater_than_or_equal_to(1)", disc_number=0),
    _track("number 1.5", "track_number: expected a whole number, got 1.5", track_number=1.5),
    _track("isrc a number", "isrc: expected text, got 5", external_ids={"isrc": 5}),
    _track("name a number", "name: expected text, got 5", name=5),
    _track("name a list", 'name: expected text, got ["a","b"]', name=["a", "b"]),
    _track("name null", "name: is missing", name=None),
    Corrupted(
        "track", "name absent", without(track(2), "name"), (("tracks", "", "name: is missing"),)
    ),
    _track(
        "several at once",
        'explicit: expected true or false, got "x"; track_number: expected a whole number, got "y"',
        explicit="x",
        track_number="y",
    ),
    _track(
        "several rules at once",
        "disc_number: 0 breaks greater_than_or_equal_to(1); "
        "name: is missing; popularity: 101 breaks less_than_or_equal_to(100)",
        disc_number=0,
        name=None,
        popularity=101,
    ),
    _identified("track", "id null", track(2, id=None), "is missing"),
    _identified("track", "id absent", without(track(2), "id"), "is missing"),
    _identified("track", "id empty", track(2, id=""), f" breaks {ID}"),
    _identified("track", "id of 21", track(2, id="t" * 21), f"{'t' * 21} breaks {ID}"),
    _identified("track", "id of 23", track(2, id="t" * 23), f"{'t' * 23} breaks {ID}"),
    _identified(
        "track", "id with space", track(2, id="t t" * 7 + "t"), f"{'t t' * 7}t breaks {ID}"
    ),
    _identified("track", "id with umlaut", track(2, id="ö" * 22), f"{'ö' * 22} breaks {ID}"),
    _identified(
        "track", "id and line end", track(2, id="t" * 22 + "\n"), f"{'t' * 22}\n breaks {ID}"
    ),
    _identified("track", "id a number", track(2, id=5), f"5 breaks {ID}"),
    _identified("artist", "id null", artist(2, id=None), "is missing"),
    _identified("artist", "id of 21", artist(2, id="a" * 21), f"{'a' * 21} breaks {ID}"),
    _identified("album", "id null", album(2, id=None), "is missing"),
    _identified("album", "id of 21", album(2, id="b" * 21), f"{'b' * 21} breaks {ID}"),
    _no_object("track", "null", None, "expected a track, got null"),
    _no_object("artist", "null", None, "expected an artist, got null"),
    _no_object("album", "null", None, "expected an album, got null"),
    Corrupted(
        "track",
        "album with a bad id",
        track(2, album=album(2, id="b")),
        (
            ("albums", "/album", f"album_id: b breaks {ID}"),
            ("tracks", "", f"album_id: b breaks {ID}"),
        ),
    ),
    Corrupted(
        "track",
        "album without a name",
        track(2, album=album(2, name=None)),
        (("albums", "/album", "name: is missing"),),
    ),
    Corrupted("track", "album empty", track(2, album={}), (("albums", "/album", ALL_OF_AN_ALBUM),)),
    Corrupted(
        "track",
        "album by nobody",
        track(2, album=album(2, artists=[None])),
        (("artists", "/album/artists/0", "expected an artist, got null"),),
    ),
    _credited("credit null", None, "expected an artist, got null"),
    _credited("credit without an id", credit(9, id=None), "artist_id: is missing"),
    _credited("credit with a bad id", credit(9, id="a"), f"artist_id: a breaks {ID}"),
    _credited("credit with a number for a name", credit(9, name=9), "name: expected text, got 9"),
    _artist("name null", "name: is missing", name=None),
    _artist("name a number", "name: expected text, got 5", name=5),
    _artist("popularity 101", "popularity: 101 breaks less_than_or_equal_to(100)", popularity=101),
    _artist("popularity as text", 'popularity: expected a whole number, got "6"', popularity="6"),
    _artist(
        "followers as text",
        'followers: expected a whole number, got "6"',
        followers={"total": "6"},
    ),
    _artist(
        "followers below 0",
        "followers: -6 breaks greater_than_or_equal_to(0)",
        followers={"total": -6},
    ),
    _artist("a genre a number", 'genres: expected texts, got ["a", 5]', genres=["a", 5]),
    _artist("a genre null", "genres: expected texts, got [NULL]", genres=[None]),
    _album("name null", "name: is missing", name=None),
    _album("unknown type", f"album_type: mixtape breaks {TYPES}", album_type="mixtape"),
    _album("type a number", f"album_type: 5 breaks {TYPES}", album_type=5),
    _album("tracks as text", 'total_tracks: expected a whole number, got "9"', total_tracks="9"),
    _album(
        "tracks below 0", "total_tracks: -9 breaks greater_than_or_equal_to(0)", total_tracks=-9
    ),
    _released(
        "year 0", "0000", "year", 'release_date: expected a date with precision year, got "0000"'
    ),
    _released(
        "month 13",
        "2020-13-01",
        "day",
        'release_date: expected a date with precision day, got "2020-13-01"',
    ),
    _released(
        "February 30",
        "2020-02-30",
        "day",
        'release_date: expected a date with precision day, got "2020-02-30"',
    ),
    _released(
        "a year for a day",
        "2020",
        "day",
        'release_date: expected a date with precision day, got "2020"',
    ),
    _released(
        "a day for a year",
        "2020-05-17",
        "year",
        'release_date: expected a date with precision year, got "2020-05-17"',
    ),
    _released(
        "a month for a day",
        "2020-05",
        "day",
        'release_date: expected a date with precision day, got "2020-05"',
    ),
    _released(
        "no dashes",
        "20200517",
        "day",
        'release_date: expected a date with precision day, got "20200517"',
    ),
    _released("a leading space", " 202", "year", f"release_date:  202 breaks {DATE}"),
    _released(
        "no date", "soon", "year", 'release_date: expected a date with precision year, got "soon"'
    ),
    _released(
        "unknown precision",
        "2020-05-17",
        "hour",
        'release_date: expected a date with precision hour, got "2020-05-17"',
    ),
    _released(
        "precision null",
        "2020",
        None,
        'release_date: expected a date with precision null, got "2020"',
    ),
    _released("date null", None, "day", "release_date: is missing; released_from: is missing"),
    _released(
        "both null",
        None,
        None,
        "release_date: is missing; release_date_precision: is missing; released_from: is missing",
    ),
)
"""Wrong in a value: responses with these still have their shape."""

SHAPES: tuple[Corrupted, ...] = (
    *(
        _no_object(kind, f"{json} for an object", thing, f"expected an object, got {json}")
        for kind in ("track", "artist", "album")
        for thing, json in ((5, "5"), ("x", '"x"'), ([], "[]"), (True, "true"))
    ),
    _track("artists an object", "artists: expected a list, got {}", artists={}),
    _track("artists a number", "artists: expected a list, got 5", artists=5),
    _track("ids a number", "external_ids: expected an object, got 5", external_ids=5),
    Corrupted(
        "track",
        "album a number",
        track(2, album=5),
        (("albums", "/album", ALL_OF_AN_ALBUM), ("tracks", "", "album: expected an object, got 5")),
    ),
    Corrupted(
        "track",
        "artists of the album an object",
        track(2, album=album(2, artists={})),
        (("albums", "/album", "artists: expected a list, got {}"),),
    ),
    _credited("credit a number", 5, "expected an object, got 5"),
    _credited("credit a text", "x", 'expected an object, got "x"'),
    _artist("followers a number", "followers: expected an object, got 5", followers=5),
    _artist("genres a text", 'genres: expected a list, got "forró"', genres="forró"),
    _album("artists a text", 'artists: expected a list, got "x"', artists="x"),
    Corrupted(
        "track",
        "wrong in shape and in value",
        track(2, artists=5, popularity=5.7),
        (
            (
                "tracks",
                "",
                "artists: expected a list, got 5; popularity: expected a whole number, got 5.7",
            ),
        ),
    ),
)
"""Wrong in shape: one of these makes the batch be read as loose JSON."""
