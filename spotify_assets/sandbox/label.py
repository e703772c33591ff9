"""An invented label: its artists, releases and campaigns, and how often each release was streamed.

Belongs here: what really happened, the effect of each campaign among it. Does not belong here: the
files that tell of it (``label_files``), which never name an effect.
"""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from spotify_assets.sandbox.draws import Floats, identifiers, keys_for, uniform

DAYS = 730
ARTISTS = {
    "ana-lume": "Ana Lumé",
    "northern-pier": "Northern Pier",
    "os-vidros": "Os Vidros",
}
TITLES = (
    "Maré Baixa",
    "Paper Lanterns",
    "Quem Vem Lá?",
    "Slow - Original Mix",
    "Vidro, Fumo e Sal",
    "Harbour Lights",
    "Noite/Dia",
    "Ten Past Four",
    "Saudade nº 2",
    'The "Other" Room',
    "Falésia",
    "Undertow",
)
"""With what file names and CSV trip over: accents, dashes, commas, quotes, a slash, `?`."""
WEEKDAYS = (0.92, 0.94, 0.97, 1.0, 1.12, 1.1, 0.95)
"""Streams of a weekday, Monday first, as a share of the average."""
NOISE, PERSISTENCE = 0.22, 0.6
"""Standard deviation of the noise of a day (in logarithms), and its correlation with the last."""
SHOCKS = 4
"""Playlists that take a release up, for some weeks each."""
MISSING = 0.01
"""Share of the days that the downloads lack."""
LIFTS = (0.5, 0.0, 0.3, 0.8)
"""What the campaigns really did: of these streams more, a day; the second did nothing."""
CAMPAIGN_DAYS = 21


@dataclass(frozen=True)
class Campaign:
    """Three weeks of advertising for a release."""

    name: str
    first: dt.date
    lift: float
    """Share of streams that it added on each of its days."""
    spend: float
    """A day, in euros."""

    @property
    def days(self) -> list[dt.date]:
        """The days on which it ran."""
        return [self.first + dt.timedelta(days=day) for day in range(CAMPAIGN_DAYS)]


@dataclass(frozen=True)
class Playlist:
    """A playlist that a release was put on."""

    title: str
    author: str
    first: dt.date
    boost: float
    """Streams that it added on its first day, as a share; they fall by half in ten days."""


@dataclass(frozen=True)
class Release:
    """A single, and its streams from its date on."""

    release_id: str
    artist_id: str
    title: str
    date: dt.date
    spotify_id: str
    isrc: str
    upc: str
    campaign: Campaign | None
    playlists: tuple[Playlist, ...]
    streams: dict[dt.date, int]
    """Of every day; what the downloads lack is in ``missing``."""
    missing: frozenset[dt.date]


def releases(seed: int, until: dt.date) -> list[Release]:
    """The twelve releases of a label, in the order of their dates.

    Args:
        seed: Which label.
        until: The last day of its two years.
    """
    begin = until - dt.timedelta(days=DAYS - 1)
    return [_release(seed, number, begin, until) for number in range(len(TITLES))]


def artist_spotify_id(seed: int, artist_id: str) -> str:
    """The artist's id on Spotify."""
    return identifiers(keys_for(f"{seed}:label:{artist_id}", 1))[0]


def _release(seed: int, number: int, begin: dt.date, until: dt.date) -> Release:
    name = f"{seed}:label:{number}"
    # A Friday, as singles are released; the last is half a year old.
    about = begin + dt.timedelta(days=int(number * (DAYS - 180) / (len(TITLES) - 1)))
    date = about + dt.timedelta(days=(4 - about.weekday()) % 7)
    size = (until - date).days + 1
    campaign = _campaign(name, number, date)
    playlists = _playlists(name, date, size)
    expected = _baseline(name, date, size)
    for playlist in playlists:
        since = np.arange(size) - (playlist.first - date).days
        expected *= 1 + np.where(since >= 0, playlist.boost * 0.5 ** (since / 10), 0)
    if campaign:
        since = np.arange(size) - (campaign.first - date).days
        expected *= np.where((since >= 0) & (since < CAMPAIGN_DAYS), 1 + campaign.lift, 1)
    drawn = np.rint(expected * np.exp(_noise(name, size))).astype(int)
    days = [date + dt.timedelta(days=day) for day in range(size)]
    lost = uniform(keys_for(name, size), "missing") < MISSING
    return Release(
        release_id=f"release-{number + 1:02}",
        artist_id=list(ARTISTS)[number % len(ARTISTS)],
        title=TITLES[number],
        date=date,
        spotify_id=identifiers(keys_for(name, 1))[0],
        isrc=f"ZZX00{date:%y}{number + 1:05}",
        upc=f"0000000{number + 1:05}",
        campaign=campaign,
        playlists=playlists,
        streams=dict(zip(days, drawn.tolist(), strict=True)),
        missing=frozenset(day for day, is_lost in zip(days, lost, strict=True) if is_lost),
    )


def _baseline(name: str, date: dt.date, size: int) -> Floats:
    """Streams a day without noise, playlists or advertising: a steep fall, then a long one."""
    (popularity,) = uniform(keys_for(name, 1), "popularity")
    age = np.arange(size)
    level = 200 * 8**popularity
    weekdays = np.array(WEEKDAYS)[(age + date.weekday()) % 7]
    curve: Floats = level * (3 * np.exp(-age / 18) + np.exp(-age / 420)) * weekdays
    return curve


def _noise(name: str, size: int) -> Floats:
    """An autoregressive process of first order."""
    keys = keys_for(f"{name}:noise", size)
    # Box-Muller; the logarithm of zero is none.
    radius = np.sqrt(-2 * np.log(1 - uniform(keys, "radius")))
    shocks = radius * np.cos(2 * math.pi * uniform(keys, "angle")) * NOISE
    noise: Floats = shocks.copy()
    for day in range(1, size):
        noise[day] = PERSISTENCE * noise[day - 1] + math.sqrt(1 - PERSISTENCE**2) * shocks[day]
    return noise


def _playlists(name: str, date: dt.date, size: int) -> tuple[Playlist, ...]:
    keys = keys_for(f"{name}:playlists", SHOCKS)
    after = (uniform(keys, "day") * size).astype(int)
    boosts = 0.3 + 1.5 * uniform(keys, "boost") ** 2
    names = (
        ("Release Radar", "Spotify"),
        ("Discover Weekly", "Spotify"),
        ("Late Trains", "curator"),
        ("=Fresh finds", "curator"),
    )
    # Nobody's radar knows a release before or long after its date.
    days = [0, *(int(day) for day in after[1:])]
    return tuple(
        Playlist(title, author, date + dt.timedelta(days=day), float(boost))
        for (title, author), day, boost in zip(names, days, boosts, strict=True)
    )


def _campaign(name: str, number: int, date: dt.date) -> Campaign | None:
    """Every third release is advertised, six weeks to four months after its date."""
    if number % 3 != 1:
        return None
    which = number // 3
    (after,) = uniform(keys_for(name, 1), "campaign")
    return Campaign(
        name=f"{TITLES[number]} | conversions",
        first=date + dt.timedelta(days=42 + int(after * 80)),
        lift=LIFTS[which],
        spend=12.0 + 6 * which,
    )
