"""How the warehouse is doing: how fresh, which runs, how much was asked, what was set aside.

Belongs here: how it looks. Does not belong here: what to do about it (``docs/operations.md``).
"""

import datetime as dt

import altair as alt
import polars as pl
import streamlit as st

from spotify_assets.pages.dashboard.visit import Visit, choose, headline
from spotify_assets.pages.reading import questions

SQL = questions("dashboard/operations")
RUNS = ("all", "failed")


def show(visit: Visit) -> None:
    """The page."""
    say = visit.say
    # To the minute: the same question is asked once, however many look.
    now = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0, tzinfo=None)
    url = visit.deployment.dagster_url.rstrip("/")
    week = visit.rows(SQL["How did the runs of a week end?"], now=now).row(0, named=True)
    fresh = visit.rows(SQL["How fresh is what?"])
    checks = visit.rows(SQL["Which checks do not hold now?"])
    days = say("in 7 days")
    headline(
        {
            say("Runs"): (say.number(week["runs"]), None, days),
            say("Failed runs"): (say.number(week["failed"]), None, days),
            say("Rows set aside"): (say.number(week["quarantined"]), None, days),
            say("Checks that do not hold"): (say.number(checks.height), None, say("now")),
        }
    )
    with st.container(horizontal=True):
        for title, path in (
            (say("Runs in Dagster"), "/runs"),
            (say("Assets in Dagster"), "/assets"),
            (say("Automation in Dagster"), "/automation"),
        ):
            st.link_button(title, f"{url}{path}", icon=":material/open_in_new:")
    _freshness(visit, fresh, now.date())
    _runs(visit, url)
    _quota(visit, now)
    st.subheader(say("Set aside"))
    aside = visit.rows(SQL["Why was something set aside?"])
    if aside.is_empty():
        visit.nothing(say("Nothing is in quarantine."))
    else:
        columns = {"rows": say("Rows"), "place": say("Where"), "reason": say("Why")}
        visit.table(aside, columns)
    st.subheader(say("Checks that do not hold"))
    if checks.is_empty():
        st.text(say("All checks hold."))
        return
    columns = {
        "asset": say("What"), "check_name": say("Check"), "severity": say("Severity"),
        "genre": say("Genre"), "date": say("Day"), "details": say("Details"),
        "checked_at": say("When (UTC)"),
    }  # fmt: skip
    visit.table(checks, columns)


def _freshness(visit: Visit, fresh: pl.DataFrame, today: dt.date) -> None:
    say = visit.say
    st.subheader(say("Freshness"))
    if fresh.is_empty():
        visit.nothing(say("Nothing was collected or imported yet."))
        return
    kinds = {
        "genre": say("Genre"), "plays": say("Plays"), "releases": say("Releases"),
        "comments": say("Comments"),
    }  # fmt: skip
    shown = fresh.with_columns(
        pl.col("what").replace(kinds), days=(pl.lit(today) - pl.col("last_day")).dt.total_days()
    )
    columns = {
        "what": say("What"), "name": say("Name"), "last_day": say("Last day"),
        "days": say("Days ago"),
    }  # fmt: skip
    visit.table(shown, columns)


def _runs(visit: Visit, url: str) -> None:
    say = visit.say
    st.subheader(say("Runs"))
    which = choose(
        "runs", st.segmented_control, say("Runs"), RUNS, "all",
        required=True, format_func=say.choice, label_visibility="collapsed",
    )  # fmt: skip
    runs = visit.rows(SQL["Which runs ended last?"], failed=which == "failed")
    if runs.is_empty():
        visit.nothing(say("No run has ended like that."))
        return
    states = {
        "success": say("success"), "failure": say("failure"), "canceled": say("canceled")
    }  # fmt: skip
    columns = {
        "started_at": say("Started (UTC)"), "job": say("Job"), "partition": say("Partition"),
        "status": say("Status"), "seconds": say("Seconds"), "requests": say("Requests"),
        "rows_out": say("Rows"), "quarantined": say("Rows set aside"), "failure": say("Why"),
        "link": "Dagster",
    }  # fmt: skip
    shown = runs.with_columns(
        pl.col("status").replace(states),
        pl.col("seconds").round(1),
        link=pl.lit(f"{url}/runs/") + pl.col("run_id"),
    )
    link = st.column_config.LinkColumn(display_text=say("open"))
    visit.table(shown, columns, column_config={"Dagster": link})


def _quota(visit: Visit, now: dt.datetime) -> None:
    say = visit.say
    asked = visit.rows(SQL["How much was asked of the API, by day?"], now=now)
    if asked.is_empty():
        st.subheader(say("Requests to the API"))
        visit.nothing(say("Nothing was asked in 30 days."))
        return
    outcomes = {
        "answered": say("answered"),
        "refused": say("too many (429)"),
        "failed": say("failed"),
    }
    named = asked.with_columns(pl.col("outcome").replace(outcomes))
    chart = (
        alt.Chart(named)
        .mark_bar()
        .encode(
            x=alt.X("day:O", title=say("Day"), timeUnit="yearmonthdate",
                    axis=alt.Axis(format="%d/%m", labelAngle=0)),
            y=alt.Y("requests:Q", title=say("Requests")),
            color=alt.Color("outcome:N", title=None, sort=list(outcomes.values()),
                            legend=alt.Legend(orient="bottom")),
            tooltip=[
                alt.Tooltip("day:T", title=say("Day"), format="%Y-%m-%d"),
                alt.Tooltip("outcome:N", title=say("Outcome")),
                alt.Tooltip("requests:Q", title=say("Requests")),
            ],
        )
    )  # fmt: skip
    columns = {"day": say("Day"), "outcome": say("Outcome"), "requests": say("Requests")}
    visit.chart(chart, say("Requests to the API"), named, columns)
    day = visit.rows(SQL["How much was asked in the last day, by family of endpoints?"], now=now)
    if day.height:
        columns = {
            "endpoint": say("Family"), "requests": say("Requests in 24 h"),
            "refused": say("too many (429)"), "longest_block_s": say("Longest block, in seconds"),
            "last_at": say("Last (UTC)"),
        }  # fmt: skip
        visit.table(day, columns)
