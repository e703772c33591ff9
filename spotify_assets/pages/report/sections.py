"""A report in words of a language: figures with how complete they are, charts with their tables.

Belongs here: what is said, and of what. Does not belong here: markup (``page``, ``mail``), and what
is asked of the warehouse (``contents``).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from spotify_assets.pages.report.contents import Part, Report
from spotify_assets.pages.words import Say
from spotify_assets.schemas.comments import CATEGORIES
from spotify_assets.text.visible import in_line

MAX_LABEL = 40
"""Characters of a name beside a bar; the table has all of it."""


@dataclass(frozen=True)
class Figure:
    """One number, and what one has to know to read it."""

    title: str
    number: str
    beside: Sequence[str]
    """Against what it changed, and how much of it is known."""


@dataclass(frozen=True)
class Chart:
    """One chart, whoever draws it."""

    title: str
    unit: str
    kind: Literal["columns", "bars"]
    """Over time, stacked; or one below the other."""
    labels: Sequence[str]
    """Of each place on the axis."""
    series: Mapping[str, Sequence[float]]
    """By its name the value at each of the labels; at least one."""
    shown: Sequence[str]
    """The value at each label as it is written, of all series together."""
    columns: Sequence[str]
    """Of the table behind it."""
    rows: Sequence[Sequence[str]]
    """Of the table, a line a label."""
    partial: Sequence[bool] = ()
    """Whether what is at a label is known in part only."""
    lacks: str = ""
    """What is not known there, in a sentence without its end."""
    note: str = ""
    sums: str = ""
    """The title of the sums of each series, where there are several."""


@dataclass(frozen=True)
class Section:
    """One part of a report."""

    title: str
    period: str
    """Its first and last day; empty where there is nothing yet."""
    figures: Sequence[Figure] = ()
    charts: Sequence[Chart] = ()
    nothing: str = ""
    """The sentence that stands there instead."""


def sections(report: Report, say: Say) -> list[Section]:
    """The parts of a report, in a language."""
    made = {
        "comments": _comments,
        "topics": _topics,
        "releases": _releases,
        "listening": _listening,
    }
    nothing = {
        "comments": say("No comments yet."),
        "topics": say("No comments yet."),
        "releases": say("No streams of releases yet."),
        "listening": say("No plays yet."),
    }
    titles = {
        "comments": say("What listeners write"),
        "topics": say("What it is about"),
        "releases": say("Releases"),
        "listening": say("What was listened to"),
    }
    found = []
    for part in report.parts:
        title, totals = titles[part.name], part.totals
        if totals is None:
            found.append(Section(title, "", nothing=nothing[part.name]))
        else:
            period = say("{since} to {until}", since=totals["since"], until=totals["until"])
            found.append(made[part.name](part, totals, say, title, period))
    return found


def _comments(part: Part, totals: Mapping[str, Any], say: Say, title: str, period: str) -> Section:
    number = totals["comments"]
    figures = [
        Figure(
            say("Comments"),
            say.number(number),
            _against(say, number, totals["comments_before"], say("the 28 days before")),
        ),
        Figure(
            say("With a sure label"),
            say.share(totals["labelled"] / number),
            [say("of {all} comments", all=say.number(number))],
        ),
    ]
    by_day = part.tables["by_day"]
    days = [totals["since"] + dt.timedelta(days=n) for n in range(28)]
    named = dict(by_day.select("category", f"name_{say.language}").iter_rows())
    counts = {
        (day, code): n for day, code, n in by_day.select("date", "category", "comments").iter_rows()
    }
    order = [code for code in CATEGORIES if code in named] + sorted(named.keys() - {*CATEGORIES})
    series = {
        in_line(named[code]).capitalize(): [counts.get((day, code), 0) for day in days]
        for code in order
    }
    sums = [sum(counts.get((day, code), 0) for code in order) for day in days]
    chart = Chart(
        say("Comments a day, by what they are"),
        say("comments"),
        "columns",
        [say.day(day) for day in days],
        series,
        [say.number(one) for one in sums],
        [say("Day (UTC)"), *series, say("All")],
        [
            [str(day), *(say.number(values[n]) for values in series.values()), say.number(sums[n])]
            for n, day in enumerate(days)
        ],
        sums=say("Comments, by what they are"),
    )
    return Section(title, period, figures, [chart])


def _topics(part: Part, totals: Mapping[str, Any], say: Say, title: str, period: str) -> Section:
    number, top = totals["comments"], part.tables["top"]
    figure = Figure(
        say("With a topic"),
        say.share(totals["with_topic"] / number),
        [say("of {all} comments", all=say.number(number))],
    )
    names = [in_line(name) for name in top[f"name_{say.language}"]]
    chart = Chart(
        say("Topics of comments"),
        say("comments"),
        "bars",
        [_short(name) for name in names],
        {say("Comments"): top["comments"].to_list()},
        [say.number(n) for n in top["comments"]],
        [say("Topic"), say("Comments"), say("Share of comments")],
        [
            [name, say.number(n), say.share(n / number)]
            for name, n in zip(names, top["comments"], strict=True)
        ],
        note=say("A comment may have several topics."),
    )
    return Section(title, period, [figure], [chart] if names else [])


def _releases(part: Part, totals: Mapping[str, Any], say: Say, title: str, period: str) -> Section:
    whole = (
        totals["release_days"] == totals["release_days_wanted"]
        and totals["release_days_before"] == totals["release_days_wanted_before"]
    )
    figure = Figure(
        say("Streams in 7 days"),
        say.number(totals["streams"]),
        [
            *_against(
                say, totals["streams"], totals["streams_before"], say("the 7 days before"), whole
            ),
            say(
                "{complete} of {days} days of releases known",
                complete=say.number(totals["release_days"]),
                days=say.number(totals["release_days_wanted"]),
            ),
        ],
    )
    weeks, top = part.tables["weeks"], part.tables["top"]
    known = [
        say("{complete} of {days}", complete=have, days=want)
        for have, want in weeks.select("release_days", "release_days_wanted").iter_rows()
    ]
    over_time = Chart(
        say("Streams a week"),
        say("streams"),
        "columns",
        [say.day(day) for day in weeks["week"]],
        {say("Streams"): [n or 0 for n in weeks["streams"]]},
        [say.number(n) for n in weeks["streams"]],
        [say("Seven days from"), say("Streams"), say("Days of releases known")],
        [
            [str(day), say.number(n), known[i]]
            for i, (day, n) in enumerate(weeks.select("week", "streams").iter_rows())
        ],
        _partial(weeks, "release_days", "release_days_wanted"),
        say("not every day of every release is known"),
    )
    best = Chart(
        say("The releases with the most streams in 7 days"),
        say("streams"),
        "bars",
        [_short(in_line(one)) for one in top["title"]],
        {say("Streams"): top["streams"].to_list()},
        [say.number(n) for n in top["streams"]],
        [
            *(say("Release"), say("Artist"), say("Released"), say("Streams")),
            *(say("The 7 days before"), say("Days known")),
        ],
        [
            [
                *(in_line(one["title"]), in_line(one["artist"]), str(one["released_on"] or "–")),
                *(say.number(one["streams"]), say.number(one["streams_before"])),
                say("{complete} of {days}", complete=one["days_known"], days=7),
            ]
            for one in top.iter_rows(named=True)
        ],
        top["days_known"].lt(7).to_list(),
        say("not every day of it is known"),
    )
    return Section(title, period, [figure], [over_time, best])


def _listening(part: Part, totals: Mapping[str, Any], say: Say, title: str, period: str) -> Section:
    whole = totals["days_complete"] == totals["days_complete_before"] == totals["days"]
    known = say("{complete} of {days} days known", complete=totals["days_complete"], days=28)
    before = say("the 28 days before")
    figures = [
        Figure(
            name,
            say.number(totals[column], digits),
            [*_against(say, totals[column], totals[f"{column}_before"], before, whole), known],
        )
        for name, column, digits in (
            (say("Hours in 28 days"), "hours", 1),
            (say("Plays in 28 days"), "plays", 0),
        )
    ]
    months, artists = part.tables["months"], part.tables["artists"]
    over_time = Chart(
        say("Hours a month"),
        say("hours"),
        "columns",
        [say.month(day) for day in months["month"]],
        {say("Hours"): months["hours"].to_list()},
        [say.number(n, 1) for n in months["hours"]],
        [say("Month"), say("Hours"), say("Plays"), say("Days known")],
        [
            [
                *(f"{one['month']:%Y-%m}", say.number(one["hours"], 1), say.number(one["plays"])),
                say("{complete} of {days}", complete=one["days_complete"], days=one["days"]),
            ]
            for one in months.iter_rows(named=True)
        ],
        _partial(months, "days_complete", "days"),
        say("not every day of the month is known"),
    )
    names = [in_line(name) for name in artists["name"]]
    longest = Chart(
        say("Artists, by the time listened in 28 days"),
        say("hours"),
        "bars",
        [_short(name) for name in names],
        {say("Hours"): artists["hours"].to_list()},
        [say.number(n, 1) for n in artists["hours"]],
        [say("Rank"), say("Artist"), say("Hours"), say("Plays")],
        [
            [
                str(one["rank"]),
                in_line(one["name"]),
                say.number(one["hours"], 1),
                say.number(one["plays"]),
            ]
            for one in artists.iter_rows(named=True)
        ],
        note="" if totals["days_complete"] == totals["days"] else f"{known}.",
    )
    return Section(title, period, figures, [over_time, *([longest] if names else [])])


def _against(
    say: Say, now: float | None, before: float | None, what: str, whole: bool = True
) -> list[str]:
    """By how much it changed, where both are known as a whole."""
    change = say.change(now, before) if whole else None
    return [say("{change} against {before}", change=change, before=what)] if change else []


def _partial(table: pl.DataFrame, known: str, wanted: str) -> list[bool]:
    return table.select(pl.col(known) < pl.col(wanted)).to_series().to_list()


def _short(name: str) -> str:
    return name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1].rstrip()}…"
