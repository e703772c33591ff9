"""Names as they are compared: the canonical caseless match of the Unicode standard.

Belongs here: when two names are the same. Does not belong here: what has the same names.
"""

import unicodedata

import polars as pl


def normal(text: str | None) -> str:
    """The normal form of a name; a missing one is empty."""
    if not text:
        return ""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())


def with_normal_forms(names: pl.DataFrame) -> pl.DataFrame:
    """Each column of names a second time, in normal form, as ``<column>_normal``."""
    return names.with_columns(
        pl.Series(f"{column}_normal", [normal(name) for name in names[column]], pl.String)
        for column in names.columns
    )
