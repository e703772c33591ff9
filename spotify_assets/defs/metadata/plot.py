"""Small plots as Markdown images, for the metadata of a materialization.

Belongs here: drawing. Does not belong here: what is drawn, and any reading.
"""

import base64
import html
import re
from collections.abc import Sequence

from spotify_assets.text.visible import visible

WIDTH, HEIGHT = 300, 76
BARS_BOTTOM, BARS_HEIGHT = 58, 40
# Grey and blue that can be read on the light and on the dark theme.
BAR_COLOUR, TEXT_COLOUR = "#6b7de0", "#8a8f98"
MAX_LABEL = 60


def bars(values: Sequence[float | None], above: str, below: str) -> str:
    """One bar a value, from the left, as SVG of less than 3 kB for 31 values.

    Args:
        values: Not negative; the tallest bar is the largest of them. ``None`` is a gap.
        above: A line of text over the bars.
        below: A line of text under them.
    """
    most = max((value for value in values if value is not None), default=0) or 1
    step = WIDTH / max(len(values), 1)
    path = "".join(
        # A pixel at least, so that 0 is not a gap.
        f"M{at * step:.4g} {BARS_BOTTOM}v-{max(1, value / most * BARS_HEIGHT):.3g}"
        f"h{step * 0.8:.3g}V{BARS_BOTTOM}z"
        for at, value in enumerate(values)
        if value is not None
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        f'<path fill="{BAR_COLOUR}" d="{path}"/>'
        f'<g fill="{TEXT_COLOUR}" font-family="sans-serif" font-size="11">'
        f'<text y="12">{_text(above)}</text><text y="{HEIGHT - 5}">{_text(below)}</text></g></svg>'
    )


def image(svg: str, description: str) -> str:
    """A picture as Markdown that needs no other file."""
    encoded = base64.b64encode(svg.encode()).decode()
    described = re.sub(r"[^\w ,.:%-]", " ", description)
    return f"![{described}](data:image/svg+xml;base64,{encoded})"


def _text(line: str) -> str:
    shown = visible(line)
    return html.escape(shown if len(shown) <= MAX_LABEL else shown[: MAX_LABEL - 1] + "…")
