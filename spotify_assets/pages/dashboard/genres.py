"""What is ranked in the genres of the catalog: now, since when, what came and what went.

Belongs here: how it looks. Does not belong here: how a rank comes about (``docs/catalog.md``).
"""

import altair as alt
import polars as pl
import streamlit as st

from spotify_assets.pages.dashboard.listening import moved
from spotify_assets.pages.dashboard.visit import Visit, choose, headline
from spotify_assets.pages.reading import questions

SQL = questions("dashboard/genres")
DAYS = alt.Axis(format="%d/%m", tickMinStep=86_400_000)
KINDS = ("track", "artist")


def show(visit: Visit) -> None:
    """The page."""
    say = visit.say
    genres = visit.rows(SQL["Which genres are there?"])
    if genres.is_empty():
        visit.nothing(say("No genre yet. `spotify-assets collect` collects one."))
        return
    names = genres["genre"].to_list()
    left, middle, right = st.columns(3)
    with left:
        genre = choose("genre", st.selectbox, say("Genre"), names, names[0])
    days = visit.rows(SQL["Which days of a genre are there?"], genre=genre)["date"].to_list()
    if not days:
        visit.nothing(say("Nothing of this genre is ranked yet."))
        return
    shown = [str(day) for day in days]
    with middle:
        day = days[shown.index(choose("day", st.selectbox, say("Day"), shown, shown[0]))]
    with right:
        kind = choose(
            "kind", st.segmented_control, say("Of what"), KINDS, "track",
            required=True, format_func=say.choice,
        )  # fmt: skip
    told = {"genre": genre, "day": day}
    of = "tracks" if kind == "track" else "artists"
    ranking = visit.rows(SQL[f"What is ranked on a day, of {of}?"], **told)
    entered = visit.rows(SQL[f"Which {of} entered in the week before?"], **told)
    left_it = visit.rows(SQL["What left in the week before?"], kind=kind, **told)
    known = genres.row(by_predicate=pl.col("genre") == genre, named=True)
    span = (known["last_date"] - known["first_date"]).days + 1
    collected = say(
        "{complete} of {days} days collected", complete=known["days_collected"], days=span
    )
    headline(
        {
            say("Ranked"): (say.number(ranking.height), None, collected),
            say("Entered in 7 days"): (say.number(entered.height), None, collected),
            say("Left in 7 days"): (
                say.number(left_it.filter(pl.col("reason") == "left").height), None, collected
            ),
        }
    )  # fmt: skip
    st.subheader(say("Ranking"))
    columns = {"rank": "#", "moved": say("Movement"), "name": say("Name"), "artist": say("Artist")}
    columns |= {"score": say("Score")}
    visit.table(
        ranking.with_columns(moved=moved(ranking)),
        {name: title for name, title in columns.items() if kind == "track" or name != "artist"},
    )
    if ranking.height and ranking["basis"][0] == "popularity":
        st.caption(say("The score is Spotify's popularity of that day, 0 to 100."))
    else:
        st.caption(say("The score is the position in the search: Spotify gives no popularity."))
    _history(visit, visit.rows(SQL[f"How did the first ten {of} of a day stand before?"], **told))
    st.subheader(say("Entered in 7 days"))
    states = {"new": say("new to the genre"), "re-entry": say("came back")}
    columns = {"date": say("Day"), "rank": "#", "name": say("Name"), "status": say("How")}
    visit.table(entered.with_columns(pl.col("status").replace(states)), columns)
    st.subheader(say("Left in 7 days"))
    reasons = {
        "left": say("left"),
        "fell_below": say("fell below what is ranked"),
        "not_reached": say("the search did not reach so far"),
        "quarantined": say("set aside"),
        "other_market": say("another market was asked"),
        "no_results": say("the search had no results"),
        "not_asked": say("was not asked"),
    }
    columns = {
        "date": say("Day"), "name": say("Name"), "last_rank": say("Last rank"),
        "last_date": say("Last ranked"), "reason": say("Why"),
    }  # fmt: skip
    visit.table(left_it.with_columns(pl.col("reason").replace(reasons)), columns)


def _history(visit: Visit, rows: pl.DataFrame) -> None:
    """Popularity of the first ten over the days; ranks where Spotify gives none."""
    say = visit.say
    has_popularity = rows["popularity"].is_not_null().any()
    value, title = ("popularity", say("Popularity")) if has_popularity else ("rank", say("Rank"))
    # Ranks grow downwards.
    scale = alt.Scale(zero=False) if has_popularity else alt.Scale(reverse=True, zero=False)
    names = rows["name"].unique(maintain_order=True).to_list()
    chart = (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("date:T", title=say("Day"), axis=DAYS),
            y=alt.Y(f"{value}:Q", title=title, scale=scale),
            color=alt.Color("name:N", title=None, sort=names,
                            legend=alt.Legend(orient="bottom", columns=1, labelLimit=0)),
            tooltip=[
                alt.Tooltip("name:N", title=say("Name")),
                alt.Tooltip("date:T", title=say("Day"), format="%Y-%m-%d"),
                alt.Tooltip("rank:Q", title=say("Rank")),
                alt.Tooltip("popularity:Q", title=say("Popularity")),
            ],
        )
        .properties(height=640)
    )  # fmt: skip
    columns = {
        "date": say("Day"), "name": say("Name"), "rank": say("Rank"),
        "popularity": say("Popularity"),
    }  # fmt: skip
    visit.chart(chart, say("The first ten over 90 days"), rows, columns)
