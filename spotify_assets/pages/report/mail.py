"""The report as a mail: text, and HTML that every program shows; nothing in it is loaded.

Belongs here: its markup, and what of a chart fits into a mail. Does not belong here: what is said
(``sections``), and how it is carried (``operations.alerts``).
"""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotify_assets.operations.alerts import Letter
from spotify_assets.pages.report.contents import Report, read
from spotify_assets.pages.report.sections import Chart, Section, sections
from spotify_assets.pages.words import Say

NEWEST = 6
"""Of what is over time, places that a mail shows."""
MARK = "*"
"""Of what is known in part only."""
BAR = "#2e8b57"
"""Seen on light and dark."""
QUIET = "font-size:14px;opacity:.75"
CELL = "padding:2px 8px 2px 0;font-size:14px"


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    label: str
    shown: str
    share: float
    """Of the longest line."""


def of(database: Path, parts: Sequence[str], language: str, message_id: str) -> Letter:
    """The mail of what is published now.

    Args:
        database: The DuckDB file.
        parts: What is in it.
        language: Of `pages.words.LANGUAGES`.
        message_id: As of `letter`.

    Raises:
        NoReport: There is no warehouse, or it cannot be opened.
    """
    return letter(read(database, parts), Say(language), message_id)


def letter(report: Report, say: Say, message_id: str) -> Letter:
    """The mail, in a language.

    Args:
        report: What it says.
        say: In which language.
        message_id: The same at each attempt to deliver it.
    """
    made = sections(report, say)
    title = f"{say('Report')} {report.published:%Y-%m-%d}"
    published = say(
        "As published on {published} UTC.", published=f"{report.published:%Y-%m-%d %H:%M}"
    )
    text = "\n\n".join([f"{title}\n{published}", *(_text(one, say) for one in made)])
    shown = "".join(_html(one, say) for one in made)
    page = (
        f'<!doctype html><html lang="{say.tag}"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(title)}</title></head>"
        '<body style="font-family:system-ui,sans-serif;max-width:600px">'
        f'<h1 style="font-size:24px;margin:0">{html.escape(title)}</h1>'
        f'<p style="{QUIET}">{html.escape(published)}</p>{shown}</body></html>\n'
    )
    return Letter(f"[spotify-assets] {title}", f"{text}\n", message_id, html=page)


def lines(chart: Chart, say: Say) -> list[Line]:
    """What of a chart fits into a mail: of several series their sums; of time the newest."""
    if len(chart.series) > 1:
        sums = {name: sum(values) for name, values in chart.series.items()}
        found = [(name, say.number(total), total) for name, total in sums.items()]
    else:
        [values] = chart.series.values()
        partial = chart.partial or [False] * len(values)
        labels = (label + MARK * part for label, part in zip(chart.labels, partial, strict=True))
        found = list(zip(labels, chart.shown, values, strict=True))
        if chart.kind == "columns":
            found = found[-NEWEST:]
    most = max((value for *_, value in found), default=0) or 1
    return [Line(label, shown, value / most) for label, shown, value in found]


def _titles(chart: Chart, told: list[Line]) -> tuple[str, str]:
    """Of a chart in a mail: its title with its unit, and what stands under it."""
    title = chart.sums or chart.title
    marked = any(one.label.endswith(MARK) for one in told)
    return f"{title} ({chart.unit})", f"{MARK} {chart.lacks}" if marked else chart.note


def _text(section: Section, say: Say) -> str:
    return "\n".join(_texts(section, say))


def _texts(section: Section, say: Say) -> Iterator[str]:
    yield section.title.upper()
    yield section.period or section.nothing
    for figure in section.figures:
        yield f"  {figure.title}: {figure.number} ({'; '.join(figure.beside)})"
    for chart in section.charts:
        yield ""
        told = lines(chart, say)
        title, note = _titles(chart, told)
        yield f"  {title}"
        wide = max((len(one.label) for one in told), default=0)
        tall = max((len(one.shown) for one in told), default=0)
        for one in told:
            yield f"    {one.label:<{wide}}  {one.shown:>{tall}}"
        if note:
            yield f"    {note}"


def _html(section: Section, say: Say) -> str:
    figures = "".join(
        f'<p style="margin:8px 0"><span style="font-size:22px">{html.escape(one.number)}</span> '
        f"{html.escape(one.title)}<br>"
        f'<span style="{QUIET}">{html.escape("; ".join(one.beside))}</span></p>'
        for one in section.figures
    )
    charts = "".join(_drawn(one, say) for one in section.charts)
    return (
        f'<h2 style="font-size:19px;margin:28px 0 0">{html.escape(section.title)}</h2>'
        f'<p style="{QUIET}">{html.escape(section.period or section.nothing)}</p>{figures}{charts}'
    )


def _drawn(chart: Chart, say: Say) -> str:
    told = lines(chart, say)
    title, note = _titles(chart, told)
    rows = "".join(
        f'<tr><td style="{CELL}">{html.escape(one.label)}</td>'
        f'<td style="{CELL}" align="right">{html.escape(one.shown)}</td>'
        f'<td style="{CELL}" width="45%"><table role="presentation" cellspacing="0" '
        f'cellpadding="0" width="{max(round(100 * one.share), 1)}%"><tr>'
        f'<td bgcolor="{BAR}" height="10" style="font-size:1px">&nbsp;</td></tr></table></td></tr>'
        for one in told
    )
    return (
        f'<h3 style="font-size:15px;margin:16px 0 4px">{html.escape(title)}</h3>'
        f'<table width="100%" cellspacing="0" cellpadding="0">{rows}</table>'
        f'<p style="{QUIET};margin:4px 0">{html.escape(note)}</p>'
    )
