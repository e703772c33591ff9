"""The project's rankings and star tables in pandas, as someone who knows it well writes them.

The rules are those of `spotify_assets.transforms`, which say why; a test holds both to the same
rows. Belongs here: making tables of tables. Does not belong here: files and databases.
"""

from itertools import pairwise

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

GENRE_DAY = ["genre", "date"]
SERIES = ["genre", "basis"]
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
    "collections": [
        *GENRE_DAY,
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
    tracks, artists, collections = read["tracks"], read["artists"], read["collections"]
    tables: Tables = {}
    departures = []
    for kind, rows in (("track", tracks), ("artist", artists)):
        key = f"{kind}_id"
        positions = _first_positions(read["search_results"], kind)
        ranked = _ranked(rows.merge(positions, on=[*GENRE_DAY, key]), collections, kind)
        if kind == "track":
            names = _artist_names(read["track_artists"], artists)
            ranked = ranked.merge(names, on=[*GENRE_DAY, "track_id"], how="left")
            unnamed = ranked["artist_names"].isna()
            ranked.loc[unnamed, "artist_names"] = pd.Series(
                [[]] * int(unnamed.sum()), index=ranked.index[unnamed], dtype=object
            )
        asked = _asked_days(ranked, collections, kind)
        tables[f"top_{kind}s"] = _with_movement(ranked, asked, kind)
        tables[f"fact_{kind}_daily"] = _facts(rows, positions, ranked, kind)
        departures.append(_departures(ranked, asked, kind))
    tables["departures"] = pd.concat(departures, ignore_index=True)
    tables["dim_date"] = _dim_date(collections)
    tables["dim_genre"] = (
        collections.groupby("genre")["date"]
        .agg(first_date="min", last_date="max", days_collected="count")
        .reset_index()
    )
    tables["dim_artist"] = _dim_artist(artists, read["track_artists"])
    tables["dim_track"] = _versions(
        _one_a_day(tracks[["track_id", *GENRE_DAY, *TRACK]], "track_id"), "track_id", TRACK
    )
    tables["dim_album"] = _dim_album(read["albums"], tracks)
    tables["bridge_track_artist"] = _bridge(read["track_artists"])
    return tables


def _first_positions(results: pd.DataFrame, kind: str) -> pd.DataFrame:
    found = results[results["kind"] == kind].rename(columns={"id": f"{kind}_id"})
    first = found.groupby([*GENRE_DAY, f"{kind}_id"], sort=False)["position"].min()
    return first.rename("search_position").reset_index()


def _ranked(found: pd.DataFrame, collections: pd.DataFrame, kind: str) -> pd.DataFrame:
    key = f"{kind}_id"
    wanted = collections[[*GENRE_DAY, f"{kind}s_wanted"]]
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


def _asked_days(ranked: pd.DataFrame, collections: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Grain: one asked day of a genre and basis, with its number and the next one."""
    depth = collections.rename(columns={f"{kind}s_asked": "depth"})[[*GENRE_DAY, "depth"]]
    answered = ranked[[*GENRE_DAY, "basis"]].drop_duplicates()
    collected = depth.loc[depth["depth"] > 0, GENRE_DAY]
    empty = collected.merge(answered[GENRE_DAY], on=GENRE_DAY, how="left_anti")
    asked = pd.concat([answered, empty.merge(answered[SERIES].drop_duplicates(), on="genre")])
    asked = asked.merge(depth, on=GENRE_DAY).sort_values([*SERIES, "date"])
    series = asked.groupby(SERIES)
    following = series[["date", "depth"]].shift(-1)
    return asked.drop(columns="depth").assign(
        number=series.cumcount(), next_date=following["date"], next_depth=following["depth"]
    )


def _with_movement(ranked: pd.DataFrame, asked: pd.DataFrame, kind: str) -> pd.DataFrame:
    key = f"{kind}_id"
    numbered = ranked.merge(asked, on=[*GENRE_DAY, "basis"]).sort_values("date")
    before = numbered.groupby([*SERIES, key])[["rank", "date", "number"]].shift()
    days_away = numbered["number"] - before["number"]
    movement = (before["rank"] - numbered["rank"]).where(days_away == 1)
    status = np.select(
        [before["rank"].isna(), days_away > 1, movement > 0, movement < 0],
        ["new", "re-entry", "up", "down"],
        "same",
    )
    names = ["artist_names"] if kind == "track" else []
    columns = [*GENRE_DAY, "rank", key, "name", *names, "score", "basis", "search_position"]
    return numbered[columns].assign(
        previous_rank=before["rank"].astype("Int32"),
        previous_date=before["date"],
        movement=movement.astype("Int32"),
        status=status,
    )


def _departures(ranked: pd.DataFrame, asked: pd.DataFrame, kind: str) -> pd.DataFrame:
    key = f"{kind}_id"
    followed = ranked.merge(asked.dropna(subset="next_date"), on=[*GENRE_DAY, "basis"])
    there = ranked[[*SERIES, key, "date"]].rename(columns={"date": "next_date"})
    missing = followed.merge(there, on=[*SERIES, key, "next_date"], how="left_anti")
    deep_enough = missing["search_position"] <= missing["next_depth"]
    missing = missing.assign(
        missing_date=missing["next_date"], reason=np.where(deep_enough, "left", "not_asked")
    )
    skipped = followed[followed["next_date"] > followed["date"] + DAY]
    skipped = skipped.assign(missing_date=skipped["date"] + DAY, reason="not_asked")
    left = pd.concat([missing, skipped]).assign(kind=kind)
    left = left.rename(
        columns={"date": "last_date", "missing_date": "date", key: "id", "rank": "last_rank"}
    )
    return left[[*GENRE_DAY, "kind", "id", "name", "basis", "last_rank", "last_date", "reason"]]


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


def _dim_date(collections: pd.DataFrame) -> pd.DataFrame:
    dates = pd.date_range(collections["date"].min(), collections["date"].max(), name="date")
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


def _bridge(credited: pd.DataFrame) -> pd.DataFrame:
    last = _last_seen(credited[["track_id", *GENRE_DAY]], "track_id")
    return credited.merge(last, on=["track_id", *GENRE_DAY])[["track_id", "position", "artist_id"]]


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
    return versions[[key, *attributes]].assign(
        valid_from=versions["date"], valid_to=valid_to, is_current=valid_to.isna()
    )
