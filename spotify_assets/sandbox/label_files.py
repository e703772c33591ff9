"""The files of an invented label, as each platform words them.

Belongs here: names, columns, encodings, line ends, and what each platform counts of the streams.
Does not belong here: how many there were (``label``).
"""

import csv
import datetime as dt
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from spotify_assets.sandbox.draws import keys_for, uniform
from spotify_assets.sandbox.label import ARTISTS, Release, artist_spotify_id

SPOTIFY, META, LINKS, SALES = "Spotify for Artists", "Meta Ads", "Hypeddit", "Distributors"
WINDOWS = {"28day": 28, "1year": 365}
PLAYLISTS_EVERY_DAYS, PLAYLISTS_FOR_DAYS = 28, 364
AGES = ("18-24", "25-34", "35-44")
AGE_SHARES = (0.5, 0.3, 0.2)
STORES = (("Spotify", 1.0, 0.0031), ("Apple Music", 0.25, 0.0062))
"""Name, streams for each of Spotify's, dollars a stream."""
Row = Sequence[object]


@dataclass(frozen=True)
class LabelFile:
    """A file as it is downloaded."""

    name: str
    body: bytes
    downloaded: dt.date
    """Its date of change: nothing in the file says it."""

    def write(self, folder: Path) -> Path:
        """Put it into a folder of its platform, as it was downloaded at noon."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.body)
        noon = dt.datetime.combine(self.downloaded, dt.time(12), dt.UTC).timestamp()
        os.utime(path, (noon, noon))
        return path


def files(seed: int, releases: Sequence[Release], until: dt.date) -> Iterator[LabelFile]:
    """Every file of the label, and the declaration of its artists and releases."""
    yield LabelFile("releases.toml", _declared(seed, releases).encode(), until)
    for release in releases:
        yield _timeline(release, until)
        yield from _playlists(release, until)
    for artist in ARTISTS:
        theirs = [release for release in releases if release.artist_id == artist]
        spotify_id = artist_spotify_id(seed, artist)
        yield _audience(spotify_id, theirs, until)
        for window, days in WINDOWS.items():
            yield _songs(spotify_id, theirs, window, until - dt.timedelta(days=days - 1), until)
    advertised = [release for release in releases if release.campaign]
    yield _ads_in_english(advertised[:2], until)
    yield _ads_in_portuguese(advertised[2:], until)
    yield from (_link(release, until) for release in advertised)
    yield _distrokid(releases[:6], until)
    yield _tunecore(releases[6:], until)


def _timeline(release: Release, until: dt.date) -> LabelFile:
    rows = [(day, streams) for day, streams in _told(release)]
    return _spotify(f"{_in_name(release.title)}-timeline.csv", ("date", "streams"), rows, until)


def _audience(spotify_id: str, releases: Sequence[Release], until: dt.date) -> LabelFile:
    """Of each day the artist's streams and listeners; a listener of a month counts in it once."""
    streams: dict[dt.date, int] = {}
    for release in releases:
        for day, count in release.streams.items():
            streams[day] = streams.get(day, 0) + count
    listeners: list[int] = []
    followers, rows = 400, []
    for day, count in sorted(streams.items()):
        listeners.append(round(count / 1.7))
        month = round(sum(listeners[-28:]) * 0.55)
        followers += round(count * 0.004)
        adds, saves = round(count * 0.012), round(count * 0.03)
        active = round(month * 0.6)
        loyal = round(month * 0.02)
        rows.append((day, listeners[-1], month, active, loyal, count, adds, saves, followers))
    columns = (
        *("date", "listeners", "monthly listeners", "monthly active listeners"),
        *("super listeners", "streams", "playlist adds", "saves", "followers"),
    )
    return _spotify(f"{spotify_id}-audience-timeline.csv", columns, rows, until)


def _songs(
    spotify_id: str, releases: Sequence[Release], window: str, since: dt.date, until: dt.date
) -> LabelFile:
    rows = []
    for release in releases:
        streams = sum(count for day, count in release.streams.items() if day >= since)
        rows.append(
            (release.title, round(streams / 2.3), streams, round(streams * 0.03), release.date)
        )
    columns = ("song", "listeners", "streams", "saves", "release_date")
    return _spotify(f"{spotify_id}-songs-{window}.csv", columns, rows, until)


def _playlists(release: Release, until: dt.date) -> Iterator[LabelFile]:
    """The playlists of 28 days, as somebody downloads them every 28 days of a year."""
    for ago in range(0, PLAYLISTS_FOR_DAYS, PLAYLISTS_EVERY_DAYS):
        last = until - dt.timedelta(days=ago)
        window = [last - dt.timedelta(days=day) for day in range(28)]
        if last < release.date:
            return
        rows = []
        for one in release.playlists:
            boosts = ((day, one.boost * 0.5 ** ((day - one.first).days / 10)) for day in window)
            streams = round(
                sum(
                    release.streams.get(day, 0) * boost / (1 + boost)
                    for day, boost in boosts
                    if day >= one.first
                )
            )
            if streams:
                added = one.first if one.author != "Spotify" else "n/a"
                rows.append((one.title, one.author, round(streams / 1.3), streams, added))
        name = f"{last}/{_in_name(release.title)}-playlists-28day.csv"
        if not rows:
            continue
        yield _spotify(name, ("title", "author", "listeners", "streams", "date_added"), rows, last)


def _ads_in_english(releases: Sequence[Release], until: dt.date) -> LabelFile:
    """By age, with the sums of all ages between them."""
    columns = (
        *("Reporting starts", "Reporting ends", "Campaign name", "Age", "Result indicator"),
        *("Results", "Cost per results", "Amount spent (EUR)", "Impressions", "Link clicks"),
    )
    rows: list[Row] = []
    for day, name, spend, impressions, clicks, results in _ads(releases):
        parts = [
            (age, round(spend * part, 2), *(int(n * part) for n in (impressions, clicks, results)))
            for age, part in zip(AGES, AGE_SHARES, strict=True)
        ]
        _, *counts = zip(*parts, strict=True)
        spends, *others = (sum(column) for column in counts)
        for age, spent, seen, clicked, result in (("All", round(spends, 2), *others), *parts):
            cost = f"{spent / result:.4f}" if result else ""
            indicator = "actions:link_click"
            said = (day, day, name, age, indicator, result, cost, f"{spent:.2f}", seen, clicked)
            rows.append(said)
    return LabelFile(f"{META}/Ads by age.csv", _csv(columns, rows, quoting=csv.QUOTE_ALL), until)


def _ads_in_portuguese(releases: Sequence[Release], until: dt.date) -> LabelFile:
    columns = (
        *("Dia", "Nome da campanha", "Resultados", "Indicador de resultados"),
        *("Custo por resultado", "Valor usado (EUR)", "Impressões", "Cliques no link"),
        *("Início dos relatórios", "Término dos relatórios"),
    )
    rows: list[Row] = []
    for day, name, spend, impressions, clicks, results in _ads(releases):
        cost = f"{spend / results:.4f}".replace(".", ",") if results else ""
        spent = f"{spend:.2f}".replace(".", ",")
        said = (day, name, results, "actions:landing_page_view", cost, spent, impressions, clicks)
        rows.append((*said, day, day))
    body = _csv(columns, rows, delimiter=";", lineterminator="\r\n", encoding="utf-8-sig")
    return LabelFile(f"{META}/Relatório.csv", body, until)


def _ads(releases: Sequence[Release]) -> Iterator[tuple[dt.date, str, float, int, int, int]]:
    """Day, campaign, spend, impressions, link clicks, results."""
    for release in releases:
        if (campaign := release.campaign) is None:
            continue
        drawn = uniform(keys_for(release.isrc, len(campaign.days)), "spend")
        for day, one in zip(campaign.days, drawn.tolist(), strict=True):
            spend = round(campaign.spend * (0.85 + 0.3 * one), 2)
            impressions = int(spend * 160)
            clicks = int(impressions * 0.012)
            yield day, campaign.name, spend, impressions, clicks, int(clicks * 0.8)


def _link(release: Release, until: dt.date) -> LabelFile:
    """The documented template: Hypeddit publishes no format."""
    rows = []
    url = f"https://hypeddit.example/{release.release_id}"
    for day, _, _, _, clicks, _ in _ads([release]):
        visits = int(clicks * 0.7)
        rows.append((day, visits, int(visits * 0.45), url))
    name = f"{LINKS}/{_in_name(release.title)}.csv"
    return LabelFile(name, _csv(("date", "visits", "clicks", "landing_url"), rows), until)


def _distrokid(releases: Sequence[Release], until: dt.date) -> LabelFile:
    columns = (
        *("Reporting Date", "Sale Month", "Store", "Artist", "Title", "ISRC", "UPC", "Quantity"),
        *("Team Percentage", "Song/Album", "Country of Sale", "Songwriter Royalties Withheld"),
        "Earnings (USD)",
    )
    rows = [
        (
            *(month + dt.timedelta(days=58), f"{month:%Y-%m}", store, ARTISTS[release.artist_id]),
            *(release.title, release.isrc, release.upc, quantity),
            *(100, "Song", country, 0, f"{earned:.10f}"),
        )
        for month, store, release, country, quantity, earned in _sales(releases, until)
    ]
    body = _csv(columns, rows, delimiter="\t", lineterminator="\r", encoding="latin-1")
    return LabelFile(f"{SALES}/DistroKid.tsv", body, until)


def _tunecore(releases: Sequence[Release], until: dt.date) -> LabelFile:
    columns = (
        *("Sales Period", "Posted Date", "Store Name", "Country Of Sale", "Artist"),
        *("Release Type", "Release Title", "Song Title", "Label", "UPC", "Optional UPC"),
        *("TC Song ID", "Optional ISRC", "Sales Type", "# Units Sold", "Per Unit Price"),
        *("Net Sales", "Net Sales Currency", "Exchange Rate", "Total Earned", "Currency"),
    )
    rows = [
        (
            *(month, month + dt.timedelta(days=70), store, country, ARTISTS[release.artist_id]),
            *("Single", release.title, release.title, "Sample Label", release.upc, ""),
            *(int(release.isrc[-5:]), release.isrc, "Stream", quantity),
            *(f"{earned / quantity:.8f}", f"{earned:.6f}", "USD", "1.0", f"{earned:.6f}", "USD"),
        )
        for month, store, release, country, quantity, earned in _sales(releases, until)
    ]
    return LabelFile(f"{SALES}/TuneCore.csv", _csv(columns, rows), until)


def _sales(
    releases: Sequence[Release], until: dt.date
) -> Iterator[tuple[dt.date, str, Release, str, int, float]]:
    """Month, store, release, country, streams, dollars; of months that are two months over."""
    for release in releases:
        for month, days in groupby(sorted(release.streams), key=lambda day: day.replace(day=1)):
            streams = sum(release.streams[day] for day in days)
            if month + dt.timedelta(days=92) > until:
                continue
            for store, share, price in STORES:
                for country, part in (("PT", 0.6), ("GB", 0.4)):
                    quantity = int(streams * share * part)
                    if quantity:
                        yield month, store, release, country, quantity, quantity * price


def _declared(seed: int, releases: Sequence[Release]) -> str:
    """The file in which a label says which artists and releases it has."""
    parts = []
    for artist, name in ARTISTS.items():
        spotify_id = artist_spotify_id(seed, artist)
        parts.append(f'[artists.{artist}]\nname = "{name}"\nspotify_id = "{spotify_id}"\n')
    for release in releases:
        title = release.title.replace('"', '\\"')
        parts.append(
            f'[releases.{release.release_id}]\nartist = "{release.artist_id}"\n'
            f'title = "{title}"\ndate = {release.date}\n'
            f'spotify_id = "{release.spotify_id}"\nisrc = "{release.isrc}"\n'
            f'upc = "{release.upc}"\n'
        )
    return "\n".join(parts)


def _told(release: Release) -> Iterable[tuple[dt.date, int]]:
    return ((day, count) for day, count in release.streams.items() if day not in release.missing)


def _in_name(title: str) -> str:
    """A title as browsers save it: what a file name cannot hold is an underscore."""
    return re.sub(r'[\\/:*?"<>|]', "_", title)


def _spotify(
    name: str, columns: Sequence[str], rows: Iterable[Row], downloaded: dt.date
) -> LabelFile:
    return LabelFile(f"{SPOTIFY}/{name}", _csv(columns, rows, encoding="utf-8-sig"), downloaded)


def _csv(
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    delimiter: str = ",",
    lineterminator: str = "\n",
    encoding: str = "utf-8",
    quoting: int = csv.QUOTE_MINIMAL,
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=lineterminator,
        quoting=quoting,  # type: ignore[arg-type]
    )
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)
