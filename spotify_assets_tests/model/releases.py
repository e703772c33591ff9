"""releases.md: the tables of a label from its downloads alone, whichever platform wrote them.

Days are ISO, as the files of the tests have them; a file is known by the columns of the page's
table, and a row that breaks a rule is left out of all but the account.
"""

import csv
import datetime as dt
import io
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
AUDIENCE = {
    **{"date": "date", "listeners": "listeners", "streams": "streams", "saves": "saves"},
    **{"monthly listeners": "monthly_listeners", "super listeners": "super_listeners"},
    "monthly active listeners": "monthly_active_listeners",
    **{"playlist adds": "playlist_adds", "followers": "followers"},
}
ADS = {
    **{"reporting starts": "starts", "início dos relatórios": "starts"},
    **{"reporting ends": "ends", "término dos relatórios": "ends"},
    **{"day": "date", "dia": "date", "campaign name": "campaign", "nome da campanha": "campaign"},
    **{"amount spent (eur)": "spend", "valor usado (eur)": "spend"},
    **{"impressions": "impressions", "impressões": "impressions"},
    **{"link clicks": "link_clicks", "cliques no link": "link_clicks"},
    **{"results": "results", "resultados": "results"},
    **{"result indicator": "result_indicator", "indicador de resultados": "result_indicator"},
}
DISTROKID = {
    **{"sale month": "month", "store": "store", "title": "title", "quantity": "quantity"},
    **{"earnings (usd)": "earnings", "artist": "artist", "isrc": "isrc", "upc": "upc"},
    "country of sale": "country",
}
TUNECORE = {
    **{"sales period": "month", "store name": "store", "song title": "title"},
    **{"# units sold": "quantity", "total earned": "earnings", "artist": "artist"},
    **{"optional isrc": "isrc", "upc": "upc", "country of sale": "country"},
    "currency": "currency",
}
COUNTS = {
    *("streams", "listeners", "saves", "monthly_listeners", "monthly_active_listeners"),
    *("super_listeners", "playlist_adds", "followers", "impressions", "link_clicks", "results"),
    *("visits", "clicks", "quantity"),
}
KEYS = {
    "song_streams": ("date",),
    "audience": ("date",),
    "songs": ("song",),
    "playlists": ("title", "author"),
    "links": ("date", "landing_url"),
}
REQUIRED = {
    "song_streams": {"date", "streams"},
    "audience": {"date", "listeners", "streams"},
    "songs": {"song", "listeners", "streams"},
    "playlists": {"title", "author", "listeners", "streams"},
    "links": {"date", "visits", "clicks"},
    "campaigns": {"spend"},
    "sales": {"month", "store", "title", "quantity", "earnings"},
}
NAME = re.compile(r"(.+?)-(?:(?:audience-)?timeline|(?:songs|playlists)-(\w+?))", re.DOTALL)


@dataclass(frozen=True)
class Download:
    """A file, when it was saved, and what the tables call it."""

    name: str
    body: bytes
    saved: dt.datetime
    file_id: str


@dataclass
class _File:
    download: Download
    kind: str
    source: str
    rows: list[Row]
    currency: str | None = None
    received: int = 0
    duplicate: int = 0
    sums: int = 0
    wrong: set[int] = field(default_factory=set)
    unmatched: int = 0

    @property
    def title(self) -> str:
        stem = re.sub(r"\s*\(\d+\)$", "", self.download.name.rpartition(".")[0])
        found = NAME.fullmatch(stem)
        return found[1] if found else stem

    @property
    def window(self) -> str | None:
        stem = re.sub(r"\s*\(\d+\)$", "", self.download.name.rpartition(".")[0])
        found = NAME.fullmatch(stem)
        return found[2] if found else None


def tables(downloads: Sequence[Download], today: dt.date) -> dict[str, list[Row]]:
    """Rows of each table, as `layer.table`."""
    in_order = sorted(downloads, key=lambda one: (one.saved, one.file_id))
    said = [one for one in in_order if one.name.endswith(".toml")]
    label = _Label(tomllib.loads(said[-1].body.decode()) if said else {})
    files = [_read(one, today) for one in in_order if not one.name.endswith(".toml")]
    for file in files:
        label.match(file)
    return {
        "star.dim_artist_profile": label.artists,
        "star.dim_release": label.releases,
        "star.fact_streams_daily": _last(files, "song_streams", ("release_id", "date")),
        "star.fact_audience_daily": _last(files, "audience", ("artist_id", "date")),
        "star.fact_song_window": _last(
            files, "songs", ("release_id", "window_name", "downloaded_on")
        ),
        "star.fact_playlist_window": _last(
            files,
            "playlists",
            ("release_id", "window_name", "downloaded_on", "playlist", "author"),
        ),
        "star.fact_link_daily": _last(files, "links", ("landing_url", "date"), optional=True),
        "star.fact_campaign_daily": _added(
            files, "campaigns", ("campaign", "date", "currency", "result_indicator")
        ),
        "star.fact_sale_monthly": _added(
            files,
            "sales",
            ("release_id", "sales_month", "distributor", "store", "country", "currency"),
        ),
        "monitoring.release_revisions": [*_revisions(files)],
        "monitoring.release_files": [_account(file) for file in files],
    }


def _read(download: Download, today: dt.date) -> _File:
    """How a file is read."""
    try:
        text = download.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = download.body.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for separator in ",;\t":
        cells = list(csv.reader(io.StringIO(text), delimiter=separator))
        header = [name.strip().casefold().replace("_", " ") for name in cells[0]]
        if found := _recognised(header):
            break
    else:
        raise AssertionError(f"{download.name} is of no known kind")
    kind, source, names = found
    currency = next((c[0].upper() for n in header if (c := re.findall(r"\((\w{3})\)$", n))), None)
    file = _File(download, kind, source, [], currency if kind in ("campaigns", "sales") else None)
    others = [n for n, name in enumerate(header) if name not in names]
    mark = _decimal_mark(cells[1:], header, names)
    for line, row in enumerate(cells[1:], start=2):
        if not row:
            continue
        file.received += 1
        if len(row) != len(header):
            file.wrong.add(line)
            continue
        told: Row = {"source_line": line}
        for name, cell in zip(header, row, strict=True):
            if column := names.get(name):
                told[column] = _value(column, cell.strip(), mark, kind)
        if any(isinstance(value, _Unreadable) for value in told.values()):
            file.wrong.add(line)
            continue
        told["breakdown"] = [row[n].strip() for n in others]
        file.rows.append(told)
    if kind == "campaigns":
        _without_sums(file, any(names.get(name) == "date" for name in header))
    _sound(file, today)
    _once(file)
    return file


def _recognised(header: Sequence[str]) -> tuple[str, str, dict[str, str]] | None:  # noqa: PLR0911
    columns = set(header)
    if {"campaign name", "amount spent (eur)"} <= columns or "nome da campanha" in columns:
        return "campaigns", "Meta Ads", ADS
    if "sale month" in columns:
        return "sales", "DistroKid", DISTROKID
    if "sales period" in columns:
        return "sales", "TuneCore", TUNECORE
    if {"date", "visits", "clicks"} <= columns:
        return "links", "smart links", {**_same("date visits clicks"), "landing url": "landing_url"}
    spotify = "Spotify for Artists"
    if {"song", "listeners", "streams"} <= columns:
        same = _same("song listeners streams saves")
        return "songs", spotify, {**same, "release date": "release_date"}
    if {"title", "author", "listeners"} <= columns:
        same = _same("title author listeners streams")
        return "playlists", spotify, {**same, "date added": "date_added"}
    if {"date", "listeners", "streams"} <= columns:
        return "audience", spotify, AUDIENCE
    if columns == {"date", "streams"}:
        return "song_streams", spotify, {"date": "date", "streams": "streams"}
    return None


def _same(names: str) -> dict[str, str]:
    return {name: name for name in names.split()}


class _Unreadable:
    """What a cell is that cannot be read."""


def _value(column: str, text: str, mark: str, kind: str) -> Any:  # noqa: PLR0911
    if text.casefold() in ("", "-", "n/a", "na", "null", "—"):
        is_sum = kind == "campaigns" and column in ("campaign", "date") and not text
        return None if is_sum or column not in REQUIRED[kind] else _Unreadable()
    if column in ("date", "starts", "ends", "release_date", "date_added"):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            return _Unreadable()
    if column == "month":
        return dt.date.fromisoformat(f"{text[:7]}-01")
    if column in COUNTS:
        return int(text) if text.isdigit() else _Unreadable()
    if column in ("spend", "earnings"):
        thousands = "." if mark == "," else ","
        shape = rf"-?(\d+|\d{{1,3}}([{thousands} ]\d{{3}})+)({re.escape(mark)}\d+)?"
        if not re.fullmatch(shape, text):
            return _Unreadable()
        return float(text.replace(thousands, "").replace(" ", "").replace(mark, "."))
    return text


def _decimal_mark(rows: Sequence[Sequence[str]], header: Sequence[str], names: Row) -> str:
    """That of most of the values of the column of money."""
    places = [n for n, name in enumerate(header) if names.get(name) in ("spend", "earnings")]
    values = {row[n] for row in rows for n in places if len(row) == len(header)}
    commas = sum(bool(re.fullmatch(r"[\d. ]+,\d{1,2}|\d+,\d{4,}", one)) for one in values)
    points = sum(bool(re.fullmatch(r"[\d, ]+\.\d{1,2}|\d+\.\d{4,}", one)) for one in values)
    return "," if commas > points else "."


def _without_sums(file: _File, has_days: bool) -> None:
    """Rows without a campaign or, in a file of days, a day; and `All` beside its parts."""
    kept = [
        row
        for row in file.rows
        if row["campaign"] is not None and not (has_days and row.get("date") is None)
    ]
    file.sums += len(file.rows) - len(kept)
    for number in range(len(kept[0]["breakdown"]) if kept else 0):
        parts = {_campaign_day(row) for row in kept if row["breakdown"][number].lower() != "all"}
        left = [
            row
            for row in kept
            if row["breakdown"][number].lower() != "all" or _campaign_day(row) not in parts
        ]
        file.sums += len(kept) - len(left)
        kept = left
    file.rows = []
    for row in kept:
        day = row.get("date") or (row.get("starts") if row.get("starts") == row.get("ends") else 0)
        if day:
            file.rows.append({**row, "date": day})
        else:
            file.wrong.add(row["source_line"])


def _campaign_day(row: Row) -> tuple[Any, Any]:
    return row["campaign"], row.get("date") or row.get("starts")


def _sound(file: _File, today: dt.date) -> None:
    """Rows that can be true."""
    kept = []
    for row in file.rows:
        day = row.get("date") or row.get("month")
        is_wrong = day is not None and not dt.date(2006, 1, 1) <= day <= today
        if "listeners" in row and "streams" in row:
            is_wrong |= row["listeners"] > row["streams"]
        is_wrong |= row.get("spend", 0) < 0
        if is_wrong:
            file.wrong.add(row["source_line"])
        else:
            kept.append(row)
    file.rows = kept


def _once(file: _File) -> None:
    """What is said again is a duplicate, what is said otherwise is set aside."""
    if not (key := KEYS.get(file.kind)):
        return
    seen, unique = set(), []
    for row in file.rows:
        said = tuple(
            (k, v) for k, v in sorted(row.items()) if k not in ("source_line", "breakdown")
        )
        if said in seen:
            file.duplicate += 1
        else:
            seen.add(said)
            unique.append(row)
    of_key = defaultdict(list)
    for row in unique:
        of_key[tuple(row.get(name) for name in key)].append(row)
    file.rows = []
    for rows in of_key.values():
        if len(rows) == 1:
            file.rows += rows
        else:
            file.wrong |= {row["source_line"] for row in rows}
    file.rows.sort(key=lambda row: int(row["source_line"]))


def _normal(name: str) -> str:
    """Letters and digits alone are compared."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in unicodedata.normalize("NFC", folded) if c.isalnum()) or folded.strip()


class _Label:
    """What `releases.toml` declares."""

    def __init__(self, said: Row) -> None:
        same = ("name", "spotify_id", "apple_id", "youtube_id")
        self.artists = [
            {"artist_id": key, **{name: one.get(name) for name in same}}
            for key, one in said.get("artists", {}).items()
        ]
        ids = ("title", "spotify_id", "apple_id", "youtube_id", "isrc", "upc")
        self.releases = [
            {
                **{"release_id": key, "artist_id": one["artist"]},
                **{"released_on": one.get("date"), **{name: one.get(name) for name in ids}},
            }
            for key, one in said.get("releases", {}).items()
        ]
        self.more = said.get("releases", {})

    def match(self, file: _File) -> None:
        """Say of each row what it is of."""
        subject = "artist_id" if file.kind == "audience" else "release_id"
        for row in file.rows:
            row[subject] = self._of(file, row)
        file.unmatched = sum(row[subject] is None for row in file.rows)

    def _of(self, file: _File, row: Row) -> str | None:  # noqa: PLR0911
        match file.kind:
            case "audience":
                return self._artist(file.title)
            case "song_streams" | "playlists":
                return self._release(file.title)
            case "songs":
                return self._release(row["song"], self._artist(file.title))
            case "links":
                url = row.get("landing_url")
                of_url = (k for k, one in self.more.items() if url in one.get("landing_urls", []))
                return next(of_url, None) or self._release(file.title)
            case "campaigns":
                return self._advertised(row["campaign"])
        for name in ("isrc", "upc"):
            for one in self.releases:
                if row.get(name) and one[name] == row[name]:
                    return str(one["release_id"])
        artist = self._artist(row["artist"]) if row.get("artist") else None
        return self._release(row["title"], artist)

    def _artist(self, name: str) -> str | None:
        by_id = [one for one in self.artists if one["spotify_id"] == name]
        found = by_id or [one for one in self.artists if _normal(one["name"]) == _normal(name)]
        return str(found[0]["artist_id"]) if len(found) == 1 else None

    def _release(self, name: str, artist: str | None = None) -> str | None:
        for one in self.releases:
            if name in (one["spotify_id"], one["isrc"], one["upc"]):
                return str(one["release_id"])
        found = [
            one["release_id"]
            for one in self.releases
            if artist in (None, one["artist_id"]) and _normal(one["title"]) == _normal(name)
        ]
        return str(found[0]) if len(found) == 1 else None

    def _advertised(self, campaign: str) -> str | None:
        for key, one in self.more.items():
            if campaign in one.get("campaigns", []):
                return str(key)
        titles = [
            title
            for title in {_normal(one["title"]) for one in self.releases}
            if len(title) >= 3 and title in _normal(campaign) and self._release(title)
        ]
        return self._release(max(titles, key=len)) if titles else None


def _keyed(files: Sequence[_File], kind: str) -> Iterator[Row]:
    """Rows of a kind by the names of their table, in the order of the downloads."""
    renamed = {
        "playlists": {"title": "playlist", "date_added": "added_on"},
        "sales": {"month": "sales_month"},
    }
    for file in files:
        if file.kind != kind:
            continue
        for row in file.rows:
            made = {renamed.get(kind, {}).get(name, name): it for name, it in row.items()}
            made |= {"file_id": file.download.file_id, "window_name": file.window or "unknown"}
            made |= {"downloaded_on": file.download.saved.date(), "distributor": file.source}
            if kind == "links":
                made["landing_url"] = row.get("landing_url") or file.download.name
            if kind in ("campaigns", "sales"):
                made["currency"] = row.get("currency") or file.currency or "unknown"
                made["result_indicator"] = row.get("result_indicator") or "unknown"
                made["country"] = row.get("country") or "unknown"
            yield made


def _last(
    files: Sequence[_File], kind: str, key: Sequence[str], *, optional: bool = False
) -> list[Row]:
    """Each key from the file that was saved last."""
    made = {}
    for row in _keyed(files, kind):
        if optional or row[key[0]] is not None:
            made[tuple(row[name] for name in key)] = row
    return list(made.values())


def _added(files: Sequence[_File], kind: str, key: Sequence[str]) -> list[Row]:
    """Each key added up within a file, from the file that was saved last."""
    last: dict[tuple[Any, ...], tuple[str, list[Row]]] = {}
    for row in _keyed(files, kind):
        if kind == "sales" and row["release_id"] is None:
            continue
        place = tuple(row[name] for name in key)
        if place not in last or last[place][0] != row["file_id"]:
            last[place] = (row["file_id"], [])
        last[place][1].append(row)
    made = []
    for _, rows in last.values():
        one = dict(rows[0])
        for name in ("spend", "impressions", "link_clicks", "results", "quantity", "earnings"):
            known = [row[name] for row in rows if row.get(name) is not None]
            one[name] = sum(known) if known else None
        one["cost_per_result"] = one["spend"] / one["results"] if one.get("results") else None
        made.append(one)
    return made


def _revisions(files: Sequence[_File]) -> Iterator[Row]:
    """What a later download says otherwise than the one before it."""
    for table, kind, subject in (
        ("star.fact_streams_daily", "song_streams", "release_id"),
        ("star.fact_audience_daily", "audience", "artist_id"),
    ):
        before: dict[tuple[Any, ...], Row] = {}
        for row in _keyed(files, kind):
            if row[subject] is None:
                continue
            place = (row[subject], row["date"])
            was = before.get(place, {})
            for measure in set(AUDIENCE.values()) - {"date"}:
                earlier, later = was.get(measure), row.get(measure)
                if None not in (earlier, later) and earlier != later:
                    yield {
                        **{"table_name": table, "subject_id": row[subject], "date": row["date"]},
                        **{"measure": measure, "earlier": earlier, "later": later},
                        **{"earlier_file_id": was["file_id"], "file_id": row["file_id"]},
                    }
            before[place] = row


def _account(file: _File) -> Row:
    one = file.download
    return {
        **{"file_id": one.file_id, "file_name": one.name, "kind": file.kind},
        **{"source": file.source, "window_name": file.window, "received": file.received},
        **{"kept": len(file.rows), "duplicate": file.duplicate, "sums": file.sums},
        **{"quarantined": len(file.wrong), "unmatched": file.unmatched},
        "downloaded_at": one.saved.replace(tzinfo=None),
    }
