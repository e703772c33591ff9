"""A sealed collection of the lake, in the form that ``transforms`` takes, which knows no lake."""

from spotify_assets.lake.raw import Sealed
from spotify_assets.transforms.catalog.responses import RawFile


def raw_file(sealed: Sealed) -> RawFile:
    """What is processed of a sealed collection."""
    return RawFile(
        sealed.path,
        sealed.source_file,
        sealed.genre_day.genre,
        sealed.genre_day.date,
        sealed.terms.source,
        sealed.terms.market,
        sealed.terms.artists,
        sealed.terms.tracks,
    )
