"""What the listener played: headline numbers, a calendar, rankings, an artist, a year.

Belongs here: how it looks. Does not belong here: what counts as a play (``docs/listening.md``).
"""

import datetime as dt
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from spotify_assets.pages.dashboard.visit import Visit, choose, headline
from spotify_assets.pages.reading import questions

SQL = questions("dashboard/listening")
DAYS = {"28d": 28, "90d": 90, "365d": 365}
ALL = "all"
CALENDAR_DAYS = 371
"""53 weeks: more of them are too small to see."""
VIEWS = ("overview", "artist", "year")
RANKED = ("track", "artist", "album")
MONTHS = alt.Axis(format="%m/%y", tickCount="month", labelOverlap=True)
GREENS = alt.Scale(scheme="greens", domainMin=0)
ARROWS = {"new": "✱", "re-entry": "↩", "up": "▲", "down": "▼", "same": "="}


def show(visit: Visit) -> None:
    """The page."""
    say = visit.say
    known = visit.rows(SQL["Which days are known of?"]).row(0, named=True)
    if known["last_day"] is None:
        visit.nothing(say("No plays yet. `spotify-assets import` reads your exports."))
        return
    view = choose(
        "view", st.segmented_control, say("View"), VIEWS, "overview",
        required=True, format_func=say.choice, label_visibility="collapsed",
    )  # fmt: skip
    years = [str(year) for year in range(known["last_day"].year, known["first_day"].year - 1, -1)]
    if view == "year":
        _year(visit, int(choose("year", st.selectbox, say("Year"), years, years[0])))
        return
    period = choose(
        "period", st.selectbox, say("Period"), [*DAYS, *years, ALL], "365d", format_func=say.choice
    )
    since, until = window(period, known["first_day"], known["last_day"])
    if view == "artist":
        _artist(visit, since, until)
    else:
        _overview(visit, since, until)


def window(period: str, first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The days of a period, both inclusive, of the days that are known."""
    if period == ALL:
        return first, last
    if period in DAYS:
        return last - dt.timedelta(days=DAYS[period] - 1), last
    year = int(period)
    return dt.date(year, 1, 1), min(dt.date(year, 12, 31), last)


def _overview(visit: Visit, since: dt.date, until: dt.date) -> None:
    say = visit.say
    told = {"since": since, "until": until}
    question = "How much was played in a window, and in the one before it?"
    one = visit.rows(SQL[question], **told).row(0, named=True)
    st.text(f"{since} – {until}")
    hours, before = one["ms_played"] / 3_600_000, (one["ms_before"] or 0) / 3_600_000
    is_comparable = one["coverage"] == one["coverage_before"] == "complete"
    known = say("{complete} of {days} days known", complete=one["days_complete"], days=one["days"])
    headline(
        {
            say("Plays"): (
                say.number(one["plays"]),
                say.change(one["plays"], one["plays_before"]) if is_comparable else None,
                known,
            ),
            say("Hours"): (
                say.number(hours),
                say.change(hours, before) if is_comparable else None,
                known,
            ),
            say("Tracks"): (say.number(one["tracks"]), None, known),
            say("Artists"): (say.number(one["artists"]), None, known),
            say("New to you"): (say.number(one["first_plays"]), None, known),
        },
    )
    if is_comparable:
        st.caption(say("Changes are against the window of the same length before."))
    _calendar(visit, max(since, until - dt.timedelta(days=CALENDAR_DAYS - 1)), until)
    _top(visit, told)
    _discovery(visit, told)


def _calendar(visit: Visit, since: dt.date, until: dt.date) -> None:
    say = visit.say
    days = visit.rows(SQL["What was played on each day?"], since=since, until=until)
    shown = days.with_columns(known=pl.col("coverage") != "unknown")
    weekdays = say.weekdays
    chart = (
        alt.Chart(shown)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("week:O", timeUnit="yearmonthdate", title=say("Week"), axis=_months(shown)),
            y=alt.Y(
                "weekday:O",
                title=None,
                axis=alt.Axis(labelExpr=f"{list(weekdays)}[datum.value - 1]", domain=False),
            ),
            color=alt.condition(
                "datum.known",
                alt.Color("plays:Q", title=say("Plays"), scale=GREENS),
                alt.value("transparent"),
            ),
            tooltip=[
                alt.Tooltip("day:T", title=say("Day"), format="%Y-%m-%d"),
                alt.Tooltip("plays:Q", title=say("Plays")),
                alt.Tooltip("minutes:Q", title=say("Minutes")),
                alt.Tooltip("coverage:N", title=say("Completeness")),
            ],
        )
        .properties(height=190)
    )
    visit.chart(
        chart,
        say("Plays a day"),
        days,
        {
            "day": say("Day"),
            "plays": say("Plays"),
            "minutes": say("Minutes"),
            "coverage": say("Completeness"),
        },
    )


def _months(days: pl.DataFrame) -> alt.Axis:
    """A label for the first week of each month."""
    firsts = (
        days.select(pl.col("week")).unique().sort("week")
        .filter(pl.col("week").dt.month() != pl.col("week").dt.month().shift(1))
    )["week"].to_list()  # fmt: skip
    values: list[Any] = [alt.DateTime(year=d.year, month=d.month, date=d.day) for d in firsts[1:]]
    return alt.Axis(values=values, format="%m/%y", labelAngle=0, domain=False, ticks=False)


def _top(visit: Visit, told: dict[str, dt.date]) -> None:
    say = visit.say
    st.subheader(say("Played most"))
    what = choose(
        "what", st.segmented_control, say("What"), RANKED, "track",
        required=True, format_func=say.choice, label_visibility="collapsed",
    )  # fmt: skip
    top = visit.rows(SQL["What was played most?"], what=what, **told)
    columns = {"rank": "#", "moved": say("Movement"), "name": say("Name"), "artist": say("Artist")}
    if what == "artist":
        del columns["artist"]
    shown = top.with_columns(moved=moved(top))
    visit.table(shown, {**columns, "plays": say("Plays"), "hours": say("Hours")})
    st.caption(say("✱ never played before, ↩ played before, but not in the window before"))


def moved(top: pl.DataFrame) -> pl.Series:
    """How each rank moved, in a word: `▲ 3`, `▼ 1`, `=`, `✱`."""
    return pl.Series(
        "moved",
        [
            f"{ARROWS[status]} {abs(movement)}" if movement else ARROWS.get(status, "")
            for status, movement in top.select("status", "movement").iter_rows()
        ],
        dtype=pl.String,
    )


def _discovery(visit: Visit, told: dict[str, dt.date]) -> None:
    say = visit.say
    months = visit.rows(SQL["How much of what was played was new?"], **told)
    names = {"share_new": say("new"), "share_old_favourites": say("first heard over a year before")}
    shown = months.rename(names).unpivot(
        on=list(names.values()), index="month", variable_name="kind", value_name="share"
    )
    chart = (
        alt.Chart(shown)
        .mark_line(point=True)
        .encode(
            x=alt.X("month:T", title=say("Month"), axis=MONTHS),
            y=alt.Y("share:Q", title=say("Share of plays"), axis=alt.Axis(format="%")),
            color=alt.Color("kind:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=0)),
            strokeDash=alt.StrokeDash("kind:N", title=None),
        )
    )
    columns = {
        "month": say("Month"), "plays": say("Plays"), "share_new": names["share_new"],
        "share_old_favourites": names["share_old_favourites"], "coverage": say("Completeness"),
    }  # fmt: skip
    visit.chart(chart, say("New, and old favourites"), months, columns)


def _artist(visit: Visit, since: dt.date, until: dt.date) -> None:
    say = visit.say
    names = visit.rows(SQL["Whom can one choose?"], since=since, until=until)["name"].to_list()
    if not names:
        visit.nothing(say("Nothing was played in this period."))
        return
    artist = choose("artist", st.selectbox, say("Artist"), names, names[0])
    question = "How much is there of an artist, since when and until when?"
    one = visit.rows(SQL[question], artist=artist).row(0, named=True)
    span = f"{one['first_day']} – {one['last_day']}"
    headline(
        {
            say("Plays"): (say.number(one["plays"]), None, span),
            say("Hours"): (say.number(one["ms_played"] / 3_600_000), None, span),
            say("Tracks"): (say.number(one["tracks"]), None, span),
        }
    )
    st.text(
        say("First heard {first}, last heard {last}.", first=one["first_day"], last=one["last_day"])
    )
    months = visit.rows(SQL["How was an artist played over the months?"], artist=artist)
    chart = (
        alt.Chart(months)
        .mark_bar()
        .encode(
            x=alt.X("month:T", timeUnit="yearmonth", title=say("Month")),
            y=alt.Y("plays:Q", title=say("Plays")),
            tooltip=[
                alt.Tooltip("month:T", title=say("Month"), format="%Y-%m"),
                alt.Tooltip("plays:Q", title=say("Plays")),
                alt.Tooltip("hours:Q", title=say("Hours")),
            ],
        )
    )
    visit.chart(
        chart,
        say("Plays a month"),
        months,
        {"month": say("Month"), "plays": say("Plays"), "hours": say("Hours")},
    )
    st.subheader(say("Tracks"))
    tracks = visit.rows(SQL["Which tracks of an artist were played most?"], artist=artist)
    visit.table(
        tracks,
        {
            "rank": "#",
            "name": say("Name"),
            "plays": say("Plays"),
            "hours": say("Hours"),
            "first_day": say("First heard"),
            "last_day": say("Last heard"),
        },
    )


def _year(visit: Visit, year: int) -> None:
    say = visit.say
    one, before = (
        visit.rows(SQL["What was a year like?"], year=asked).row(0, named=True)
        for asked in (year, year - 1)
    )
    known = say("{complete} of {days} days known", complete=one["days_complete"], days=one["days"])
    is_comparable = one["coverage"] == before["coverage"] == "complete"
    numbers = {
        say("Plays"): ("plays", 1), say("Hours"): ("minutes", 60), say("Tracks"): ("tracks", 1),
        say("Artists"): ("artists", 1), say("New to you"): ("discovered", 1),
    }  # fmt: skip
    shown = {
        title: (
            say.number(one[name] / of),
            say.change(one[name], before[name]) if is_comparable else None,
            known,
        )
        for title, (name, of) in numbers.items()
    }
    headline(shown)
    if is_comparable:
        st.caption(say("Changes are against {year}.", year=year - 1))
    else:
        st.caption(say("Not compared with {year}: a year is not completely known.", year=year - 1))
    firsts = pl.DataFrame(_firsts(visit, one), orient="row", schema={"what": str, "first": str})
    visit.table(firsts, {"what": say("What"), "first": say("Most")})


def _firsts(visit: Visit, one: dict[str, Any]) -> list[tuple[str, str]]:
    """The first of each ranking of a year, where there is one."""
    say = visit.say
    found = []
    for title, name in (
        (say("Track"), "top_track"), (say("Artist"), "top_artist"), (say("Album"), "top_album"),
    ):  # fmt: skip
        if top := one[name]:
            who = f" – {top['artist']}" if top.get("artist") else ""
            found.append((title, f"{top['name']}{who} ({say.number(top['plays'])})"))
    if day := one["busiest_day"]:
        found.append((say("Busiest day"), f"{day['day']} ({say.number(day['plays'])})"))
    if streak := one["longest_streak"]:
        span = f"{streak['first_day']} – {streak['last_day']}"
        found.append((say("Longest streak"), f"{say.number(streak['days'])} {say('days')}: {span}"))
    if session := one["longest_session"]:
        at = f"{session['started_at']:%Y-%m-%d %H:%M}"
        found.append((say("Longest session"), f"{say.number(session['minutes'])} min: {at}"))
    return found
