"""What listeners write: what it is and about what, what waits for a person, how good labels are.

Belongs here: how it looks. Does not belong here: what a decision is and where it goes
(``operations.curation``), and the rules (``docs/comments.md``).
"""

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from spotify_assets.lake.comment_decisions import decision_files, decisions
from spotify_assets.operations.curation import Curator, Waiting, Wanted, work_list
from spotify_assets.pages.dashboard.visit import Visit, choose, headline, plain
from spotify_assets.pages.reading import questions
from spotify_assets.schemas.comments import CATEGORIES
from spotify_assets.storage.errors import ProjectError
from spotify_assets.warehouse.export.csv_fields import FORMULA

SQL = questions("dashboard/comments")
ALL = "all"
DAYS = {"28d": 28, "90d": 90, "365d": 365}
VIEWS = ("comments", "work", "quality")
KEYS = dict(zip(CATEGORIES, "12345", strict=False))
"""By category; letters are taken: Streamlit has C and R of its own."""
MAX_SHOWN, MAX_EXPORTED = 500, 100_000
"""Comments of a table, and of a file."""


def show(visit: Visit) -> None:
    """The page."""
    say = visit.say
    there = visit.rows(SQL["What is there to choose?"]).row(0, named=True)
    if there["last_day"] is None:
        visit.nothing(say("No comments yet. `spotify-assets label` reads files of them."))
        return
    view = choose(
        "view", st.segmented_control, say("View"), VIEWS, "comments",
        required=True, format_func=say.choice, label_visibility="collapsed",
    )  # fmt: skip
    names = _names(visit, SQL["What are categories called?"])
    topics = _names(visit, SQL["What are topics called?"])
    if view == "quality":
        _quality(visit, names)
        return
    told = _filters(visit, there, names, topics, is_work=view == "work")
    if view == "work":
        _work(visit, told, names)
    else:
        _list(visit, told, names, topics)


def _names(visit: Visit, sql: str) -> dict[str, str]:
    """Codes and what they are called, in the language of the page."""
    named = visit.rows(sql)
    return dict(zip(named.to_series(0), named[f"name_{visit.say.language}"], strict=True))


def _filters(
    visit: Visit,
    there: Mapping[str, Any],
    names: Mapping[str, str],
    topics: Mapping[str, str],
    *,
    is_work: bool,
) -> dict[str, Any]:
    """What is chosen, as the questions take it."""
    say = visit.say
    releases = {one["code"]: one["title"] for one in there["releases"] or []}
    one, two, three, four, five = st.columns(5)
    chosen: dict[str, str] = {}
    with one:
        chosen["category"] = choose(
            "category", st.selectbox, say("Category"), [ALL, *names], "unsure" if is_work else ALL,
            format_func=lambda code: names.get(code, say.choice(code)),
        )  # fmt: skip
    with two:
        chosen["topic"] = choose(
            "topic", st.selectbox, say("Topic"), [ALL, *topics], ALL,
            format_func=lambda code: topics.get(code, say.choice(code)),
        )  # fmt: skip
    with three:
        chosen["language"] = choose(
            "language", st.selectbox, say("Language"), [ALL, *(there["languages"] or [])], ALL,
            format_func=say.choice,
        )  # fmt: skip
    with four:
        chosen["release"] = choose(
            "release", st.selectbox, say("Release"), [ALL, *releases], ALL,
            format_func=lambda code: releases.get(code, say.choice(code)),
        )  # fmt: skip
    with five:
        period = choose(
            "period", st.selectbox, say("Period"), [*DAYS, ALL], ALL, format_func=say.choice
        )
    until = there["last_day"]
    since = until - dt.timedelta(days=DAYS[period] - 1) if period in DAYS else there["first_day"]
    told = {name: None if code == ALL else code for name, code in chosen.items()}
    return {**told, "since": since, "until": until}


def _list(
    visit: Visit, told: Mapping[str, Any], names: Mapping[str, str], topics: Mapping[str, str]
) -> None:
    say = visit.say
    days = visit.rows(SQL["How many comments of a day are what?"], **told)
    if days.is_empty():
        visit.nothing(say("No comment is like that."))
        return
    total = int(days["comments"].sum())
    counts = dict(days.group_by("category").agg(pl.col("comments").sum()).iter_rows())
    headline(
        {
            names[code]: (
                say.number(counts.get(code, 0)),
                None,
                say.share(counts.get(code, 0) / total),
            )
            for code in CATEGORIES
            if told["category"] in (None, code)
        }
    )
    shown = days.with_columns(pl.col("category").replace_strict(dict(names)).alias("name"))
    chart = (
        alt.Chart(shown)
        .mark_bar()
        .encode(
            x=alt.X("date:T", title=say("Day"), axis=alt.Axis(format="%d/%m/%y")),
            y=alt.Y("comments:Q", title=say("Comments"), stack=True),
            color=alt.Color(
                "name:N", title=None, sort=list(names.values()),
                legend=alt.Legend(orient="bottom", columns=3, labelLimit=0),
            ),
            tooltip=[
                alt.Tooltip("date:T", title=say("Day"), format="%Y-%m-%d"),
                alt.Tooltip("name:N", title=say("Category")),
                alt.Tooltip("comments:Q", title=say("Comments")),
            ],
        )
    )  # fmt: skip
    columns = {"date": say("Day"), "name": say("Category"), "comments": say("Comments")}
    visit.chart(chart, say("Comments a day"), shown, columns)
    about = visit.rows(SQL["What are these comments about?"], **told)
    if about.height:
        named = about.with_columns(
            name=pl.col("topic").replace(dict(topics)), share=pl.col("comments") / total
        )
        bars = (
            alt.Chart(named.head(12))
            .mark_bar()
            .encode(
                x=alt.X("comments:Q", title=say("Comments")),
                y=alt.Y("name:N", title=None, sort="-x", axis=alt.Axis(labelLimit=200)),
                tooltip=[
                    alt.Tooltip("name:N", title=say("Topic")),
                    alt.Tooltip("comments:Q", title=say("Comments")),
                ],
            )
        )
        visit.chart(bars, say("Topics"), named, {"name": say("Topic"), "comments": say("Comments")})
    st.subheader(say("Comments"))
    rows = visit.rows(SQL["Which comments are these?"], **told, most=MAX_SHOWN)
    deciders = {"person": say("a person"), "labeller": say("a labeller")}
    visit.table(
        rows.with_columns(
            pl.col("category").replace(dict(names)),
            pl.col("decided_by").replace(deciders),
            pl.col("label_confidence").round(2),
            topics=pl.Series(_called(one, topics) for one in rows["topics"]),
        ),
        {
            "date": say("Day"), "category": say("Category"), "text": say("Comment"),
            "topics": say("Topics"), "label_confidence": say("Confidence"),
            "decided_by": say("By"), "language": say("Language"), "source": say("Source"),
            "release": say("Release"),
        },
        height=420,
    )  # fmt: skip
    if total > rows.height:
        st.caption(
            say("The newest {shown} of {total}.", shown=rows.height, total=say.number(total))
        )
    _downloads(visit, told)


def _called(codes: str | None, topics: Mapping[str, str]) -> str:
    """Topics by their names."""
    return ", ".join(topics.get(code, code) for code in (codes or "").split(", "))


def _downloads(visit: Visit, told: Mapping[str, Any]) -> None:
    say = visit.say

    def rows() -> pl.DataFrame:
        return visit.rows(SQL["Which comments are these?"], **told, most=MAX_EXPORTED)

    st.caption(say("What is chosen, as a file:"))
    with st.container(horizontal=True):
        for name, (mime, write) in FILES.items():
            st.download_button(
                name.upper() if name != "parquet" else "Parquet",
                lambda write=write: write(rows()),
                f"comments.{name}",
                mime,
                on_click="ignore",
                key=f"download {name}",
            )


def as_csv(rows: pl.DataFrame) -> bytes:
    """CSV of which no cell is a formula, as `spotify-assets export` writes it."""
    texts = pl.col(pl.String)
    safe = pl.when(texts.str.contains(FORMULA)).then("'" + texts).otherwise(texts).name.keep()
    return rows.with_columns(safe).write_csv().encode()


def as_json(rows: pl.DataFrame) -> bytes:
    """A list of objects."""
    return rows.write_json().encode()


def as_parquet(rows: pl.DataFrame) -> bytes:
    """Parquet, with the types of the warehouse."""
    file = io.BytesIO()
    rows.write_parquet(file)
    return file.getvalue()


FILES = {
    "csv": ("text/csv", as_csv),
    "json": ("application/json", as_json),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
}


def _work(visit: Visit, told: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """One comment after the other, the least sure first."""
    say = visit.say
    lake, database = visit.deployment.lake, visit.deployment.database
    wanted = Wanted(
        told["category"], told["language"], told["topic"],
        release_id=told["release"], since=told["since"], until=told["until"],
    )  # fmt: skip
    if said := st.session_state.pop("decided", None):
        (st.warning if said[1] else st.success)(said[0])
    waiting = work_list(database, lake, wanted)
    skipped = st.session_state.setdefault("skipped", set())
    left = [one for one in waiting if one.comment_id not in skipped]
    if not left:
        skipped.clear()
        visit.nothing(say("Nothing waits for a decision."))
        _contested(visit, names)
        return
    comment = left[0]
    st.text(say("{left} comments wait.", left=say.number(len(waiting))))
    with st.container(border=True):
        place = [comment.source, comment.language, str(comment.date), comment.release]
        st.text(" · ".join(filter(None, place)))
        with st.container(key="comment"):
            st.text(comment.text)
        label = names.get(comment.category or "", say("no label"))
        sure = "" if comment.confidence is None else f" ({say.share(comment.confidence)})"
        st.text(f"{say('Label')}: {label}{sure} · {', '.join(comment.topics) or say('no topic')}")
    if not visit.may_decide:
        st.info(say("Curators decide; you may look."))
    else:
        with st.container(horizontal=True):
            for code, key in KEYS.items():
                st.button(
                    names[code], key=f"as {code}", shortcut=key,
                    on_click=_decide, args=(visit, comment, code, names),
                )  # fmt: skip
            st.button(
                say("Skip"), key="skip", shortcut="n", type="tertiary",
                on_click=skipped.add, args=(comment.comment_id,),
            )  # fmt: skip
        st.caption(say("One key decides. It is kept before the next comment is shown."))
    _contested(visit, names)


def _decide(visit: Visit, comment: Waiting, category: str, names: Mapping[str, str]) -> None:
    """Keep a decision; what the person is told comes after it is on the disk."""
    say = visit.say
    account = visit.deployment.accounts.of_session(visit.token)
    if account is None or not visit.may_decide:
        st.session_state["decided"] = (say("Your session has ended."), True)
        return
    others = [
        one
        for one in decisions(decision_files(visit.deployment.lake))
        if (one["comment_id"], one.get("text_id")) == (comment.comment_id, comment.text_id)
        and one["curator"] != account.name
    ]
    curator = st.session_state.setdefault("curator", Curator(account.name, visit.deployment.lake))
    try:
        curator.decide(comment, category)
    except ProjectError as error:
        st.session_state["decided"] = (f"{say('Not kept:')} {plain(str(error))}", True)
        return
    kept = say("Kept: {category}.", category=names[category])
    if others and others[-1]["category"] != category:
        conflict = say(
            "{name} decided {other} meanwhile: both are kept, and the comment is contested.",
            name=plain(others[-1]["curator"]), other=names[others[-1]["category"]],
        )  # fmt: skip
        st.session_state["decided"] = (f"{kept} {conflict}", True)
    else:
        st.session_state["decided"] = (kept, False)


def _contested(visit: Visit, names: Mapping[str, str]) -> None:
    say = visit.say
    rows = visit.rows(SQL["About which comments do persons disagree?"])
    if rows.height:
        st.subheader(say("Persons disagree"))
        visit.table(
            rows.with_columns(pl.col("category").replace(dict(names))),
            {
                "text": say("Comment"), "category": say("Decided last"),
                "curator": say("By"), "decided_at": say("When (UTC)"),
            },
        )  # fmt: skip


def _quality(visit: Visit, names: Mapping[str, str]) -> None:
    say = visit.say
    measures = visit.rows(SQL["How good is each labeller, those in use first?"])
    if measures.is_empty():
        visit.nothing(say("No labeller was evaluated yet: `spotify-assets evaluate`."))
    else:
        labellers = {
            f"{name} {version}": {"labeller": name, "version": version}
            for name, version in measures.select("labeller", "version").iter_rows()
        }
        names_of = list(labellers)
        chosen = choose("labeller", st.selectbox, say("Labeller"), names_of, names_of[0])
        version = labellers[chosen]
        own = measures.filter(pl.struct("labeller", "version") == version)
        titles = {
            "accuracy": say("Right, of what it labels"), "coverage": say("Labels, of all"),
            "macro_f1": say("F1, mean of categories"),
        }  # fmt: skip
        shown = {}
        for one in own.iter_rows(named=True):
            band = (
                f"{say.share(one['low'])} – {say.share(one['high'])}"
                if one["low"] is not None
                else say("{comments} comments", comments=say.number(one["comments"]))
            )
            shown[titles[one["measure"]]] = (say.share(one["estimate"]), None, band)
        headline(shown)
        _confusion(visit, visit.rows(SQL["What does it take for what?"], **version), names)
    weeks = visit.rows(SQL["How often do persons decide otherwise than the label that they saw?"])
    if weeks.is_empty():
        visit.nothing(say("No decision of a person is published yet."))
        return
    chart = (
        alt.Chart(weeks)
        .mark_line(point=True)
        .encode(
            x=alt.X("week:T", title=say("Week"), axis=alt.Axis(format="%d/%m/%y")),
            y=alt.Y(
                "share:Q", title=say("Decided otherwise"), axis=alt.Axis(format="%"),
                scale=alt.Scale(domainMin=0),
            ),
        )
    )  # fmt: skip
    columns = {
        "week": say("Week"), "decisions": say("Decisions"), "sure": say("Of sure labels"),
        "disagreements": say("Decided otherwise"),
    }  # fmt: skip
    visit.chart(chart, say("How often persons decide otherwise than a sure label"), weeks, columns)


def _confusion(visit: Visit, rows: pl.DataFrame, names: Mapping[str, str]) -> None:
    say = visit.say
    if rows.is_empty():
        return
    order, most = list(names.values()), max(rows["comments"].to_list())
    named = rows.with_columns(pl.col("truth", "said").replace(dict(names)))
    x = alt.X("said:N", title=say("Label"), sort=order, axis=alt.Axis(labelAngle=-40))
    y = alt.Y("truth:N", title=say("By people"), sort=order)
    base = alt.Chart(named).encode(x=x, y=y)
    chart = alt.layer(
        base.mark_rect().encode(
            color=alt.Color(
                "comments:Q", title=say("Comments"), scale=alt.Scale(scheme="greens"), legend=None
            )
        ),
        base.mark_text(baseline="middle").encode(
            text="comments:Q",
            color=alt.condition(
                f"datum.comments > {most / 2}",
                alt.value("white"),
                alt.value("black"),
            ),
        ),
    ).properties(height=360)
    columns = {"truth": say("By people"), "said": say("Label"), "comments": say("Comments")}
    visit.chart(chart, say("What the labeller takes for what"), named, columns)
