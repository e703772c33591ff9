"""The project's rankings and star tables in pandas, as someone who knows it well writes them.

The rules are those of `spotify_assets.transforms`, which say why; a test holds both to the same
rows. Belongs here: making tables of tables. Does not belong here: files and databases.
"""

import hashlib
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

GENRE_DAY = ["genre", "date"]
SERIES = ["genre", "market", "basis", "wanted"]
DECISIVE = ["left", "fell_below"]
DAY = pd.Timedelta(days=1)
TRACK = ["name", "album_id", "duration_ms", "is_explicit", "isrc"]
ALBUM = [
    "name",
    "album_type",
    "release_date",
    "release_date_precision",
    "released_from",
    "total_tracks",
]
READ = {
    "extracts": [
        *(*GENRE_DAY, "market"),
        *("artists_wanted", "tracks_wanted", "artists_asked", "tracks_asked"),
    ],
    "artists": [*GENRE_DAY, "artist_id", "name", "popularity", "followers", "is_full"],
    "albums": [*GENRE_DAY, "album_id", *ALBUM],
    "tracks": [*GENRE_DAY, "track_id", "popularity", *TRACK],
    "track_artists": [*GENRE_DAY, "track_id", "position", "artist_id"],
    "search_results": [*GENRE_DAY, "kind", "position", "id"],
}
"""The columns of the tables of `processed` that it takes to make them."""
Tables = dict[str, pd.DataFrame]


def made(read: Tables) -> Tables:
    """All rankings and star tables, by their names without the layer.

    Args:
        read: The tables and columns of `READ`; days as timestamps.
    """
    tracks, artists, extracts = read["tracks"], read["artists"], read["extracts"]
    tables: Tables = {}
    departures = []
    for kind, rows in (("track", tracks), ("artist", artists)):
        key = f"{kind}_id"
        positions = _first_positions(read["search_results"], kind)
        ranked = _ranked(rows.merge(positions, on=[*GENRE_DAY, key]), extracts, kind)
        if kind == "track":
            names = _artist_names(read["track_artists"], artists)
            ranked = ranked.merge(names, on=[*GENRE_DAY, "track_id"], how="left")
            unnamed = ranked["artist_names"].isna()
            ranked.loc[unnamed, "artist_names"] = pd.Series(
                [[]] * int(unnamed.sum()), index=ranked.index[unnamed], dtype=object
            )
        days = _days(ranked, positions, extracts, kind)
        left = _departures(ranked, days, positions, kind)
        tables[f"top_{kind}s"] = _with_movement(ranked, days, left, kind)
        tables[f"fact_{kind}_daily"] = _facts(rows, positions, ranked, kind)
        departures.append(left)
    tables["departures"] = pd.concat(departures, ignore_index=True)
    tables["dim_date"] = _dim_date(extracts)
    tables["dim_genre"] = (
        extracts.groupby("genre")["date"]
        .agg(first_date="min", last_date="max", days_collected="count")
        .reset_index()
    )
    tables["dim_artist"] = _dim_artist(artists, read["track_artists"])
    tables["dim_track"] = _versions(
        _one_a_day(tracks[["track_id", *GENRE_DAY, *TRACK]], "track_id"), "track_id", TRACK
    )
    tables["dim_album"] = _dim_album(read["albums"], tracks)
    tables["bridge_track_artist"] = _bridge(read["track_artists"], tracks, tables)
    return tables


def _first_positions(results: pd.DataFrame, kind: str) -> pd.DataFrame:
    found = results[results["kind"] == kind].rename(columns={"id": f"{kind}_id"})
    first = found.groupby([*GENRE_DAY, f"{kind}_id"], sort=False)["position"].min()
    return first.rename("search_position").reset_index()


def _ranked(found: pd.DataFrame, extracts: pd.DataFrame, kind: str) -> pd.DataFrame:
    key = f"{kind}_id"
    wanted = extracts[[*GENRE_DAY, f"{kind}s_wanted"]]
    first = found.merge(wanted, on=GENRE_DAY).sort_values([*GENRE_DAY, "search_position", key])
    first = first[first.groupby(GENRE_DAY).cumcount() < first[f"{kind}s_wanted"]]
    known = first.assign(known=first["popularity"].notna()).groupby(GENRE_DAY)["known"]
    by_popularity = known.transform("any").astype(bool)
    based = first.assign(
        basis=np.where(by_popularity, "popularity", "search_position"),
        score=first["popularity"].where(by_popularity, first["search_position"]).astype("Int32"),
    )
    # `first` is in the order of the ties already, and the sort keeps it.
    ordered = based.sort_values(
        [*GENRE_DAY, "popularity"], ascending=[True, True, False], kind="stable"
    )
    return ordered.assign(rank=ordered.groupby(GENRE_DAY).cumcount() + 1)


def _artist_names(credited: pd.DataFrame, artists: pd.DataFrame) -> pd.DataFrame:
    """Grain: one track of a genre-day; the names as a list, in the order of the credits."""
    of_track = [*GENRE_DAY, "track_id"]
    named = credited.merge(artists[[*GENRE_DAY, "artist_id", "name"]], on=[*GENRE_DAY, "artist_id"])
    named = named.sort_values([*of_track, "position"])
    begins = ~named.duplicated(of_track)
    names = named["name"].tolist()
    # `agg(list)` calls Python for each track, which takes ten times as long.
    bounds = pairwise([*np.flatnonzero(begins), len(names)])
    lists = pd.Series([names[start:end] for start, end in bounds], dtype=object)
    return named.loc[begins, of_track].reset_index(drop=True).assign(artist_names=lists)


def _days(
    ranked: pd.DataFrame, positions: pd.DataFrame, extracts: pd.DataFrame, kind: str
) -> pd.DataFrame:
    """Grain: one collected genre-day, with how deep it was ranked and the next asked one."""
    names = {f"{kind}s_asked": "asked", f"{kind}s_wanted": "wanted"}
    days = extracts.rename(columns=names)[[*GENRE_DAY, "market", "asked", "wanted"]]
    of_day = ranked.groupby(GENRE_DAY)["search_position"].agg(ranked="count", deepest="max")
    found = positions.groupby(GENRE_DAY).size().rename("shown")
    days = days.merge(of_day.reset_index(), on=GENRE_DAY, how="left")
    days = days.merge(found.reset_index(), on=GENRE_DAY, how="left").sort_values(GENRE_DAY)
    days[["ranked", "deepest", "shown"]] = days[["ranked", "deepest", "shown"]].fillna(0)
    cut = days["deepest"].clip(upper=days["asked"])
    days["reach"] = days["asked"].where(days["ranked"] < days["wanted"], cut)
    days["has_results"] = (days["shown"] > 0) & (days["asked"] > 0)
    asked_on = days["date"].where(days["asked"] > 0)
    days["next_asked"] = asked_on.groupby(days["genre"]).shift(-1)
    days["next_asked"] = days.groupby("genre")["next_asked"].bfill()
    shown = days["reach"].where(days["has_results"], 0)
    markets = [days["genre"], days["market"]]
    # Of all days before this one: it itself is shifted away.
    deepest = shown.groupby(markets).cummax()
    days["could_show"] = deepest.groupby(markets).shift(fill_value=0)
    return days


def _with_movement(
    ranked: pd.DataFrame, days: pd.DataFrame, left: pd.DataFrame, kind: str
) -> pd.DataFrame:
    key = f"{kind}_id"
    gone = left.loc[left["reason"].isin(DECISIVE), ["genre", "id", "last_date"]]
    gone = gone.rename(columns={"id": key, "last_date": "date"}).assign(is_gone=1)
    terms = days[[*GENRE_DAY, "market", "wanted", "could_show"]]
    seen = ranked.drop(columns=f"{kind}s_wanted").merge(terms, on=GENRE_DAY)
    seen = seen.merge(gone, on=[*GENRE_DAY, key], how="left").sort_values("date", kind="stable")
    ever, comparable = seen.groupby(["genre", key]), seen.groupby([*SERIES, key])
    is_gone = seen["is_gone"].fillna(0)
    seen["times_gone"] = is_gone.groupby([seen["genre"], seen[key]]).cumsum() - is_gone
    before = comparable[["rank", "date", "times_gone"]].shift()
    gone_then = before["times_gone"].fillna(ever["times_gone"].shift())
    is_first = ever.cumcount() == 0
    is_back = ~is_first & (seen["times_gone"] > gone_then)
    is_first_day = seen["date"] == seen.groupby("genre")["date"].transform("min")
    is_new = is_first & (is_first_day | (seen["could_show"] >= seen["search_position"]))
    movement = (before["rank"] - seen["rank"]).where(~is_back)
    status = np.select(
        [is_new, is_back, before["rank"].isna(), movement > 0, movement < 0],
        ["new", "re-entry", "not_comparable", "up", "down"],
        "same",
    )
    names = ["artist_names"] if kind == "track" else []
    columns = [*GENRE_DAY, "rank", key, "name", *names, "score", "basis", "search_position"]
    return seen[columns].assign(
        previous_rank=before["rank"].astype("Int32"),
        previous_date=before["date"],
        movement=movement.astype("Int32"),
        status=status,
    )


def _departures(
    ranked: pd.DataFrame, days: pd.DataFrame, positions: pd.DataFrame, kind: str
) -> pd.DataFrame:
    key = f"{kind}_id"
    absence = ["genre", key, "last_date"]
    seen = ranked.merge(days[[*GENRE_DAY, "market", "next_asked"]], on=GENRE_DAY)
    seen = seen.rename(columns={"date": "last_date", "rank": "last_rank"}).sort_values("last_date")
    seen["next_date"] = seen.groupby(["genre", key])["last_date"].shift(-1)
    seen["day_after"] = seen["last_date"] + DAY
    is_away = seen["next_date"].isna() | (seen["next_date"] > seen["day_after"])
    away = seen[is_away & seen["next_asked"].notna()]
    asked = away[~(away["next_asked"] >= away["next_date"])]
    asked = asked.assign(date=asked["next_asked"])
    first = _said(asked, days, positions, kind)
    undecided = first[~first["reason"].isin(DECISIVE)]
    able = days.loc[days["has_results"], [*GENRE_DAY, "market", "reach"]]
    further = undecided.drop(columns=["date", "reason"]).merge(able, on=["genre", "market"])
    is_within = (further["date"] > further["next_asked"]) & ~(
        further["date"] >= further["next_date"]
    )
    further = further[is_within & (further["search_position"] <= further["reach"])]
    later = _said(further.drop(columns="reach"), days, positions, kind).sort_values("date")
    later = later[later["reason"].isin(DECISIVE)].drop_duplicates(absence)
    decided = first[first["reason"].isin(DECISIVE)]
    at_once = undecided[undecided["date"] == undecided["day_after"]]
    nobody = away.assign(date=away["day_after"], reason="not_asked")
    # The first that is there says it.
    said = pd.concat([decided, later, at_once, nobody]).drop_duplicates(absence)
    left = said.rename(columns={key: "id"}).assign(kind=kind)
    return left[[*GENRE_DAY, "kind", "id", "name", "basis", "last_rank", "last_date", "reason"]]


def _said(
    absent: pd.DataFrame, days: pd.DataFrame, positions: pd.DataFrame, kind: str
) -> pd.DataFrame:
    """What the day `date` says of what is not ranked on it."""
    shown = positions.rename(columns={"search_position": "shown_at"})
    day = days[[*GENRE_DAY, "market", "has_results", "reach"]].rename(columns={"market": "there"})
    seen = absent.merge(day, on=GENRE_DAY).merge(shown, on=[*GENRE_DAY, f"{kind}_id"], how="left")
    reason = np.select(
        [
            ~seen["has_results"],
            seen["there"] != seen["market"],
            seen["shown_at"] <= seen["reach"],
            seen["search_position"] > seen["reach"],
            seen["shown_at"].notna(),
        ],
        ["no_results", "other_market", "quarantined", "not_reached", "fell_below"],
        "left",
    )
    return seen.drop(columns=["there", "has_results", "reach", "shown_at"]).assign(reason=reason)


def _facts(
    rows: pd.DataFrame, positions: pd.DataFrame, ranked: pd.DataFrame, kind: str
) -> pd.DataFrame:
    key = [*GENRE_DAY, f"{kind}_id"]
    facts = rows.merge(positions, on=key, how="left").merge(
        ranked[[*key, "rank"]], on=key, how="left"
    )
    measured = ["popularity", *(["followers"] if kind == "artist" else []), "search_position"]
    # What can be missing is a float to pandas, and would be stored as one.
    return facts[[*key, *measured, "rank"]].astype(dict.fromkeys([*measured, "rank"], "Int64"))


def _dim_date(extracts: pd.DataFrame) -> pd.DataFrame:
    dates = pd.date_range(extracts["date"].min(), extracts["date"].max(), name="date")
    return pd.DataFrame(
        {
            "date": dates,
            "year": dates.year,
            "quarter": dates.quarter,
            "month": dates.month,
            "day": dates.day,
            "iso_week": dates.isocalendar()["week"].to_numpy(),
            "weekday": dates.day_of_week + 1,
            "is_weekend": dates.day_of_week >= 5,
        }
    )


def _dim_artist(artists: pd.DataFrame, credited: pd.DataFrame) -> pd.DataFrame:
    described = artists[["artist_id", "name", "is_full", *GENRE_DAY]]
    first = described.groupby("artist_id")["date"].min().rename("described_from")
    named = credited[["artist_id", *GENRE_DAY]].drop_duplicates().join(first, on="artist_id")
    inferred = named[~(named["date"] >= named["described_from"])]
    inferred = inferred.drop(columns="described_from").assign(name=None, is_full=False)
    seen = pd.concat([described, inferred]) if len(inferred) else described
    versions = _versions(_one_a_day(seen, "artist_id", "is_full"), "artist_id", ["name"])
    return versions.assign(is_inferred=versions["name"].isna())


def _dim_album(albums: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    named = tracks[["album_id", *GENRE_DAY]].dropna(subset="album_id")
    inferred = named[~named["album_id"].isin(albums["album_id"])]
    seen = pd.concat([albums, inferred]) if len(inferred) else albums
    last = _last_seen(seen, "album_id").rename(columns={"date": "last_date"})
    last = last.assign(
        is_inferred=last["name"].isna(), total_tracks=last["total_tracks"].astype("Int32")
    )
    return last[["album_id", *ALBUM, "last_date", "is_inferred"]]


def _bridge(credited: pd.DataFrame, tracks: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    last = _last_seen(tracks[["track_id", *GENRE_DAY]], "track_id")
    bridge = credited.merge(last, on=["track_id", *GENRE_DAY])
    for kind in ("track", "artist"):
        versions = tables[f"dim_{kind}"]
        current = versions.loc[versions["is_current"], [f"{kind}_id", f"{kind}_key"]]
        bridge = bridge.merge(current, on=f"{kind}_id")
    return bridge[["track_id", "position", "artist_id", "track_key", "artist_key"]]


def _one_a_day(seen: pd.DataFrame, key: str, preferred: str = "") -> pd.DataFrame:
    """Grain: one id on one day; the first genre decides, after what is preferred if true."""
    order = {key: True, "date": True, **({preferred: False} if preferred else {}), "genre": True}
    ordered = seen.sort_values(list(order), ascending=list(order.values()))
    return ordered.drop_duplicates([key, "date"])


def _last_seen(seen: pd.DataFrame, key: str) -> pd.DataFrame:
    """Grain: one id, of the first genre of its last day."""
    ordered = seen.sort_values(["date", "genre"], ascending=[False, True])
    return ordered.drop_duplicates(key)


def _versions(seen: pd.DataFrame, key: str, attributes: list[str]) -> pd.DataFrame:
    """Grain: one version of an id. Takes one row a day of each, in order."""
    now, before = seen[attributes], seen[attributes].shift()
    is_same = (now.eq(before) | (now.isna() & before.isna())).all(axis=1)
    versions = seen[~seen.duplicated(key) | ~is_same]
    valid_to = versions.groupby(key)["date"].shift(-1)
    returns = versions.groupby([key, *attributes], dropna=False).cumcount()
    said = zip(versions[key], returns, *(versions[name] for name in attributes), strict=True)
    return versions[[key, *attributes]].assign(
        **{key.replace("_id", "_key"): [_hashed(values) for values in said]},
        valid_from=versions["date"],
        valid_to=valid_to,
        is_current=valid_to.isna(),
    )


def _hashed(values: Iterable[object]) -> int:
    texts = ["-" if pd.isna(value) else _md5(_text(value)) for value in values]
    return int(_md5("".join(texts))[:15], 16)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
