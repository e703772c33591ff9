"""Program: the peer of ``rebuild``: rankings and star tables as most pipelines make them.

``python -m benchmarks.plain_pandas <lake> <database> <genres>`` reads the files of the first genres
with pandas, ranks, looks up the day before, drops duplicates for the dimensions, and stores all by
`to_sql` in SQLite. Prints wall and CPU seconds and the track rows as JSON. It makes less than we
do: no departures, no versions of names, no check.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]

from benchmarks.measuring import taking

GENRE_DAY = ["genre", "date"]
SOURCE = ["source_file", "source_line"]


def main() -> None:
    """Read, make, store, and print what it took."""
    lake, database, genres = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with taking() as cost, closing(sqlite3.connect(database)) as connection:
        names = ("tracks", "artists", "albums", "track_artists", "search_results")
        read = {name: _read(lake / "processed" / name, genres) for name in names}
        for name, rows in _made(read).items():
            rows.to_sql(name, connection, index=False)
        connection.commit()
    print(json.dumps([cost.wall_s, cost.cpu_s, len(read["tracks"])]))


def _read(folder: Path, genres: int) -> pd.DataFrame:
    files = [
        file for genre in sorted(folder.iterdir())[:genres] for file in genre.rglob("*.parquet")
    ]
    # As a file each: given the folder, pandas would take genre and date from its name as well.
    return pd.concat([pd.read_parquet(file, partitioning=None) for file in files])


def _made(read: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    tracks, artists = read["tracks"], read["artists"]
    made = {}
    for kind, rows in (("track", tracks), ("artist", artists)):
        facts = _with_rank(rows, read["search_results"], kind)
        measures = ["popularity", "search_position", "rank"]
        made[f"fact_{kind}_daily"] = facts[[*GENRE_DAY, f"{kind}_id", *measures]]
        made[f"top_{kind}s"] = _top(facts, kind)
    by_day = {name: rows.sort_values("date").drop(columns=SOURCE) for name, rows in read.items()}
    made["dim_track"] = by_day["tracks"].drop_duplicates("track_id", keep="last")
    made["dim_artist"] = by_day["artists"].drop(columns="spotify_genres")
    made["dim_artist"] = made["dim_artist"].drop_duplicates("artist_id", keep="last")
    made["dim_album"] = by_day["albums"].drop(columns="artist_ids")
    made["dim_album"] = made["dim_album"].drop_duplicates("album_id", keep="last")
    credited = by_day["track_artists"].drop_duplicates(["track_id", "position"], keep="last")
    made["bridge_track_artist"] = credited.drop(columns=GENRE_DAY)
    collected = tracks.groupby("genre")["date"]
    made["dim_genre"] = collected.agg(["min", "max", "nunique"]).reset_index()
    made["dim_date"] = tracks[["date"]].drop_duplicates()
    return made


def _with_rank(rows: pd.DataFrame, results: pd.DataFrame, kind: str) -> pd.DataFrame:
    found = results[results["kind"] == kind].groupby([*GENRE_DAY, "id"])["position"].min()
    positions = found.rename("search_position").reset_index()
    merged = rows.merge(positions.rename(columns={"id": f"{kind}_id"}), how="left")
    ordered = merged.sort_values(
        [*GENRE_DAY, "popularity", "search_position", f"{kind}_id"],
        ascending=[True, True, False, True, True],
    )
    ordered["rank"] = ordered.groupby(GENRE_DAY).cumcount() + 1
    return ordered


def _top(facts: pd.DataFrame, kind: str) -> pd.DataFrame:
    columns = [*GENRE_DAY, "rank", f"{kind}_id", "name", "popularity", "search_position"]
    top = facts[columns].sort_values("date")
    top["previous_rank"] = top.groupby(["genre", f"{kind}_id"])["rank"].shift()
    top["movement"] = top["previous_rank"] - top["rank"]
    return top


if __name__ == "__main__":
    main()
