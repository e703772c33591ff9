"""The report as one page of HTML: no script, nothing of another server, all text is text.

Belongs here: its markup. Does not belong here: what is said (``sections``), and the charts
(``svg``).
"""

import base64
import hashlib
import html
import re
from importlib import resources

from spotify_assets.pages.report.contents import Report
from spotify_assets.pages.report.sections import Chart, Figure, Section, sections
from spotify_assets.pages.report.svg import draw
from spotify_assets.pages.words import LANGUAGES, Say

FILES = {"en": "index.html", "pt": "pt.html"}
"""Of each language; one links to the other."""
DATA = "report.json"
STYLE = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
PAGE = resources.files(__package__).joinpath("report.html").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
"""Of the page itself, so that it holds in a bucket too: nothing runs, nobody is asked anything."""
NUMBER = re.compile(r"[-+]?[\d.,]+( %)?|–|\d+ \w+ \d+")
"""What stands to the right in a table: numbers, shares, "3 of 7"."""


def page(report: Report, say: Say) -> str:
    """The page, in a language."""
    other = Say("pt" if say.language == "en" else "en")
    shown = [_section(one, say) for one in sections(report, say)]
    nothing = f"<section><p>{html.escape(say('Nothing is public yet.'))}</p></section>"
    return PAGE.format(
        language=say.tag,
        policy=html.escape(POLICY, quote=True),
        title=html.escape(say("Report")),
        style=STYLE,
        other_file=FILES[other.language],
        other_language=other.tag,
        other_name=LANGUAGES[other.language],
        published=html.escape(
            say("As published on {published} UTC.", published=f"{report.published:%Y-%m-%d %H:%M}")
        ),
        sections="\n".join(shown) or nothing,
        data_file=DATA,
        data=html.escape(say("The same as data (JSON)")),
    )


def _section(section: Section, say: Say) -> str:
    figures = "".join(_figure(one) for one in section.figures)
    return "\n".join(
        [
            "<section>",
            f"<h2>{html.escape(section.title)}</h2>",
            f'<p class="quiet">{html.escape(section.period or section.nothing)}</p>',
            f'<dl class="figures">{figures}</dl>' if figures else "",
            *(_chart(one, say) for one in section.charts),
            "</section>",
        ]
    )


def _figure(figure: Figure) -> str:
    beside = "".join(f'<dd class="quiet">{html.escape(one)}</dd>' for one in figure.beside)
    return (
        f"<div><dt>{html.escape(figure.title)}</dt>"
        f'<dd class="number">{html.escape(figure.number)}</dd>{beside}</div>'
    )


def _chart(chart: Chart, say: Say) -> str:
    title, notes = html.escape(chart.title), [say("In {unit}.", unit=chart.unit)]
    if any(chart.partial):
        notes.append(say("Faint: {what}.", what=chart.lacks))
    if chart.note:
        notes.append(chart.note)
    said = html.escape(" ".join(notes))
    return (
        f"<figure><figcaption><h3>{title}</h3>"
        f'<p class="quiet">{said}</p></figcaption>'
        f'<div role="img" aria-label="{title}. {said}">{draw(chart)}</div>{_legend(chart)}'
        f"<details><summary>{html.escape(say('Table: {title}', title=chart.title))}</summary>"
        f"{_table(chart)}</details></figure>"
    )


def _legend(chart: Chart) -> str:
    if len(chart.series) == 1:
        return ""
    marks = "".join(
        f'<li><svg width="12" height="12" aria-hidden="true">'
        f'<rect class="s{n}" width="12" height="12" rx="2"/></svg>{html.escape(name)}</li>'
        for n, name in enumerate(chart.series)
    )
    return f'<ul class="legend">{marks}</ul>'


def _table(chart: Chart) -> str:
    right = [
        bool(chart.rows) and all(NUMBER.fullmatch(row[n]) for row in chart.rows)
        for n in range(len(chart.columns))
    ]
    classes = [' class="n"' if one else "" for one in right]
    head = "".join(
        f'<th scope="col"{classes[n]}>{html.escape(name)}</th>'
        for n, name in enumerate(chart.columns)
    )
    rows = (
        "".join(f"<td{classes[n]}>{html.escape(cell)}</td>" for n, cell in enumerate(row))
        for row in chart.rows
    )
    body = "".join(f"<tr>{cells}</tr>" for cells in rows)
    # A wide table moves in its place; a keyboard gets there too.
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(chart.title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
