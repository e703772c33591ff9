"""Charts as inline SVG, without a script.

A drawing is as wide as its place: what lies across it is in percent, and what is written has the
size of other text, on a phone too.

Belongs here: drawing. Does not belong here: what is drawn (``sections``).
"""

import html
import math
from collections.abc import Iterator

from spotify_assets.pages.report.sections import Chart

HEIGHT, TOP, LABELS = 180, 10, 24
"""Of columns, in pixels: the plot, the room above it, that for the days below it."""
AXIS = 52
"""Pixels of the numbers beside it."""
ROW, BAR = 44, 12
"""Of bars, in pixels: a line with its text, the bar in it."""
FILL = 0.72
"""Share of its place that a column fills."""
TICKS = 4


def draw(chart: Chart) -> str:
    """The chart, as HTML with SVG in it; what came from outside is text."""
    return _columns(chart) if chart.kind == "columns" else _bars(chart)


def _columns(chart: Chart) -> str:
    heights = [sum(values[n] for values in chart.series.values()) for n in range(len(chart.labels))]
    step = nice_step(max(heights, default=0) / TICKS)
    ticks = [step * n for n in range(math.ceil(max(heights, default=0) / step) + 1)]
    scale = HEIGHT / (ticks[-1] or 1)
    grid = "".join(
        f'<line class="grid" x1="0" x2="100%" y1="{_y(one * scale)}" y2="{_y(one * scale)}"/>'
        for one in ticks
    )
    numbers = "".join(
        f'<text x="{AXIS - 8}" y="{TOP + HEIGHT - one * scale + 4:.1f}" text-anchor="end">'
        f"{_tick(one)}</text>"
        for one in ticks
    )
    whole = HEIGHT + TOP + LABELS
    return (
        f'<div class="plot"><svg width="{AXIS}" height="{whole}">{numbers}</svg>'
        f'<svg width="100%" height="{whole}">{grid}{"".join(_stacked(chart, scale))}'
        f"{''.join(_written(chart))}</svg></div>"
    )


def _stacked(chart: Chart, scale: float) -> Iterator[str]:
    wide = 100 / len(chart.labels)
    for n, label in enumerate(chart.labels):
        below = 0.0
        for place, (name, values) in enumerate(chart.series.items()):
            if not values[n]:
                continue
            tall, below = values[n] * scale, below + values[n] * scale
            told = f"{label}: {chart.shown[n]}" if len(chart.series) == 1 else f"{label}, {name}"
            if len(chart.series) > 1:
                told += f": {values[n]}"
            yield (
                f'<rect class="s{place}{_pale(chart, n)}" x="{(n + (1 - FILL) / 2) * wide:.3f}%" '
                f'width="{wide * FILL:.3f}%" y="{_y(below)}" height="{tall:.1f}">'
                f"<title>{html.escape(told)}</title></rect>"
            )


def _written(chart: Chart) -> Iterator[str]:
    """The first label, the one in the middle, and the last: on a phone no more have room."""
    last = len(chart.labels) - 1
    for n in sorted({0, last // 2, last}):
        anchor = "start" if n == 0 else "end" if n == last else "middle"
        at = 0 if n == 0 else 100 if n == last else (n + 0.5) * 100 / (last + 1)
        yield (
            f'<text x="{at:.3f}%" y="{TOP + HEIGHT + 18}" text-anchor="{anchor}">'
            f"{html.escape(chart.labels[n])}</text>"
        )


def _bars(chart: Chart) -> str:
    [values] = chart.series.values()
    most = max(values, default=0) or 1
    rows = "".join(
        f'<text x="0" y="{n * ROW + 18}">{html.escape(chart.labels[n])}</text>'
        f'<text x="100%" y="{n * ROW + 18}" text-anchor="end">{html.escape(chart.shown[n])}</text>'
        f'<rect class="track" x="0" width="100%" y="{n * ROW + 25}" height="{BAR}" rx="2"/>'
        f'<rect class="s0{_pale(chart, n)}" x="0" width="{100 * value / most:.3f}%" '
        f'y="{n * ROW + 25}" height="{BAR}" rx="2"/>'
        for n, value in enumerate(values)
    )
    return f'<div class="bars"><svg width="100%" height="{len(values) * ROW}">{rows}</svg></div>'


def nice_step(at_least: float) -> float:
    """The next of 1, 2 and 5, times a power of ten."""
    if at_least <= 1:
        return 1
    power = 10 ** math.floor(math.log10(at_least))
    return float(next(one * power for one in (1, 2, 5, 10) if one * power >= at_least))


def _tick(value: float) -> str:
    """A number of the axis, short: 1.5k, 20M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def _y(above: float) -> str:
    return f"{TOP + HEIGHT - above:.1f}"


def _pale(chart: Chart, n: int) -> str:
    return " pale" if chart.partial and chart.partial[n] else ""
