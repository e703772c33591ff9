"""Text from outside, such as names of music and genres, as people can be shown it.

Belongs here: what no output can show as it is. Does not belong here: what one output alone takes
for its own, such as markup or formulas; that stands where the output is written.
"""

import unicodedata

OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode that are obeyed or hidden: controls, directions, half characters."""
SHOWN = {"\n", "\t", "\u200c", "\u200d"}
"""Of those, what is left: the layout of a text, and the joiners that scripts and emoji need."""


def visible(text: str) -> str:
    r"""The text with what would be obeyed or hidden written as JSON writes it, e.g. ``\u001b``."""
    return "".join(
        _escaped(char) if unicodedata.category(char) in OBEYED and char not in SHOWN else char
        for char in text
    )


def in_line(text: str) -> str:
    r"""The same on one line, for messages and logs: a line break in it is written as ``\n``."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
