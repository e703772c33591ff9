"""The label's week: numbers of artists, streams and what is expected of them, campaigns.

Belongs here: how it looks. Does not belong here: how a prediction or a lift comes about
(``docs/releases.md``).
"""

from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from spotify_assets.pages.dashboard.visit import Visit, choose, headline
from spotify_assets.pages.reading import questions

SQL = questions("dashboard/releases")
ALL = "all"
WEEK = "How was the last week, against the week before and the same week a year before?"


def show(visit: Visit) -> None:
    """The page."""
    say = visit.say
    releases = visit.rows(SQL["Which releases are there?"])
    if releases.is_empty():
        visit.nothing(say("No releases yet. `spotify-assets import` reads the files of a label."))
        return
    artists = dict(releases.select("artist_id", "artist").unique(maintain_order=True).iter_rows())
    artist = choose(
        "artist", st.selectbox, say("Artist"), [ALL, *artists], ALL,
        format_func=lambda code: artists.get(code, say.choice(code)),
    )  # fmt: skip
    told = {"artist": None if artist == ALL else artist}
    _week(visit, visit.rows(SQL[WEEK], **told))
    _campaigns(visit, visit.rows(SQL["What did campaigns cost, and what did they add?"], **told))
    of_artist = releases if artist == ALL else releases.filter(pl.col("artist_id") == artist)
    titles = dict(of_artist.select("release_id", "title").iter_rows())
    st.header(say("A release"))
    first = next(iter(titles))
    release = choose(
        "release", st.selectbox, say("Release"), list(titles), first, format_func=titles.__getitem__
    )
    _release(visit, release)


def _week(visit: Visit, weeks: pl.DataFrame) -> None:
    say = visit.say
    now, before, year = weeks.iter_rows(named=True)
    if now["until"] is None:
        visit.nothing(say("No daily numbers of artists yet."))
        return
    st.text(f"{now['since']} – {now['until']}")
    names = {
        "streams": say("Streams"), "listeners": say("Listeners a day"), "saves": say("Saves"),
        "playlist_adds": say("Playlist adds"), "followers": say("Followers"),
    }  # fmt: skip
    known = say(
        "{complete} of {days} days known",
        complete=now["artist_days"], days=now["artist_days_wanted"],
    )  # fmt: skip
    shown = {}
    for name, title in names.items():
        changes = [
            (say.change(now[name], other[name]) or "–") if _whole(now, other) else "–"
            for other in (before, year)
        ]
        later = say("year: {change}", change=changes[1])
        change = None if changes[0] == "–" else changes[0]
        shown[title] = (say.number(now[name]), change, later if change else known)
    headline(shown)
    compared = say("Changes are against the week before and the same week a year before.")
    apart = say("Where a week is not known as a whole, nothing is compared.")
    st.caption(f"{known}. {compared} {apart}")


def _whole(*weeks: dict[str, Any]) -> bool:
    """Whether each day of each artist is known."""
    return all(week["artist_days"] == week["artist_days_wanted"] for week in weeks)


def _campaigns(visit: Visit, campaigns: pl.DataFrame) -> None:
    say = visit.say
    st.header(say("Campaigns"))
    if campaigns.is_empty():
        visit.nothing(say("No campaigns yet."))
        return
    verdicts = {
        "more": say("more"), "fewer": say("fewer"), "no difference": say("no difference"),
        "cannot tell": say("cannot tell"),
    }  # fmt: skip
    shown = campaigns.with_columns(
        pl.col("verdict").replace(verdicts),
        *(pl.col(name).round(3) for name in ("lift", "lift_low", "lift_high")),
        *(pl.col(name).round(3) for name in ("cost_per_added", "cost_low", "cost_high")),
        pl.col("added_streams").round(0),
    )
    known = shown.filter(pl.col("lift").is_not_null())
    base = alt.Chart(known).encode(
        y=alt.Y("campaign:N", title=None, sort=None, axis=alt.Axis(labelLimit=180))
    )
    axis = alt.Axis(format="+%")
    bars = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("lift_low:Q", title=say("Streams added, as a share"), axis=axis),
        x2="lift_high:Q",
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=alt.X("lift:Q", axis=axis),
        tooltip=[
            alt.Tooltip("campaign:N", title=say("Campaign")),
            alt.Tooltip("verdict:N", title=say("Verdict")),
            alt.Tooltip("lift:Q", title=say("Lift"), format="+.0%"),
            alt.Tooltip("lift_low:Q", title=say("at least"), format="+.0%"),
            alt.Tooltip("lift_high:Q", title=say("at most"), format="+.0%"),
        ],
    )
    zero = alt.Chart().mark_rule(strokeDash=[4, 4], opacity=0.6, aria=False).encode(x=alt.datum(0))
    columns = {
        "campaign": say("Campaign"), "title": say("Release"), "verdict": say("Streams"),
        "lift": say("Lift"), "lift_low": say("at least"), "lift_high": say("at most"),
        "added_streams": say("Streams added"), "spend": say("Spend"), "currency": say("Currency"),
        "cost_per_added": say("An added stream"), "needs": say("What it would take"),
        "first_day": say("First day"), "last_day": say("Last day"),
    }  # fmt: skip
    if known.height:
        chart = alt.layer(bars, points, zero, data=known).properties(
            height=60 + 36 * known["campaign"].n_unique()
        )
        st.subheader(say("What campaigns added, with 90 % bands"))
        st.altair_chart(chart, alt=say("What campaigns added, with 90 % bands"))
    visit.table(shown, columns)


def _release(visit: Visit, release: str) -> None:
    say = visit.say
    days = visit.rows(
        SQL["How many streams had a release a day, and how many are expected?"], release=release
    )
    expected = days.filter(pl.col("predicted").is_not_null())
    if days.is_empty():
        visit.nothing(say("No streams of this release yet."))
        return
    x = alt.X("date:T", title=say("Day"), axis=alt.Axis(format="%d/%m"))
    tooltip = [
        alt.Tooltip("date:T", title=say("Day"), format="%Y-%m-%d"),
        alt.Tooltip("streams:Q", title=say("Streams")),
        alt.Tooltip("predicted:Q", title=say("Expected"), format=".0f"),
        alt.Tooltip("low:Q", title=say("at least"), format=".0f"),
        alt.Tooltip("high:Q", title=say("at most"), format=".0f"),
    ]
    title = say("Streams")
    chart = alt.layer(
        alt.Chart(expected).mark_area(opacity=0.25)
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q"),
        alt.Chart(expected).mark_line(strokeDash=[6, 4])
        .encode(x=x, y=alt.Y("predicted:Q", title=title), tooltip=tooltip),
        alt.Chart(days.filter(pl.col("streams").is_not_null())).mark_line()
        .encode(x=x, y=alt.Y("streams:Q", title=title), tooltip=tooltip),
    ).properties(height=320)  # fmt: skip
    visit.chart(
        chart,
        say("Streams a day, and those expected"),
        days.with_columns(pl.col("predicted", "low", "high").round(0)),
        {
            "date": say("Day"), "streams": say("Streams"), "predicted": say("Expected"),
            "low": say("at least"), "high": say("at most"),
        },
    )  # fmt: skip
    for needs in visit.rows(SQL["What is missing where nothing is predicted?"], release=release)[
        "needs"
    ]:
        st.text(needs)
    st.caption(say("The dashed line is what is expected; the band should hold 80 of 100 days."))
    _scores(visit, release)
    _playlists(visit, release)


def _scores(visit: Visit, release: str) -> None:
    say = visit.say
    st.subheader(say("How good predictions were"))
    question = "How good were predictions so far?"
    one = visit.rows(SQL[question], release=release).row(0, named=True)
    if not one["days"]:
        one = visit.rows(SQL[question], release=None).row(0, named=True)
        st.caption(say("Of all releases: no predicted day of this one has come yet."))
    if one["days"]:
        days = say("{days} predicted days have come", days=say.number(one["days"]))
        headline(
            {
                say("Missed by"): (say.share(one["missed"]), None, days),
                say("The last day going on misses by"): (
                    say.share(one["naive_missed"]),
                    None,
                    days,
                ),
                say("Within the band (80 % is meant)"): (say.share(one["inside"]), None, days),
            }
        )
    else:
        visit.nothing(say("No predicted day has come yet."))
    tests = visit.rows(SQL["What do tests with earlier days say of the model that predicts now?"])
    if tests.height:
        with st.expander(say("Tests with earlier days")):
            visit.table(
                tests.with_columns(pl.col("wape", "share_inside").round(3)),
                {
                    "days_ahead": say("Days ahead"), "candidate": say("What predicts"),
                    "wape": say("Missed by, as a share"), "share_inside": say("Share in the band"),
                    "is_winner": say("Used"), "errors": say("Days compared"),
                },
            )  # fmt: skip


def _playlists(visit: Visit, release: str) -> None:
    say = visit.say
    question = (
        "How likely is it that a release enters a playlist in the 28 days after the last list?"
    )
    chances = visit.rows(SQL[question], release=release)
    if chances.is_empty():
        return
    st.subheader(say("Playlists of Spotify: the chance to enter within 28 days"))
    states = {
        "predicted": say("predicted"), "on it": say("on it"),
        "too little data": say("too little data"),
    }  # fmt: skip
    visit.table(
        chances.with_columns(
            pl.col("status").replace(states), pl.col("probability", "base_rate").round(3)
        ),
        {
            "playlist": say("Playlist"), "status": say("Status"), "probability": say("Chance"),
            "base_rate": say("Chance of any release"), "since": say("First day"),
            "until": say("Last day"), "needs": say("What it would take"),
        },
    )  # fmt: skip
