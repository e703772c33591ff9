"""The kinds of files, and the columns by which each is known.

Belongs here: what the platforms call their columns, in each language. Does not belong here: what
stands in them.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum


class Type(StrEnum):
    """What the values of a column are."""

    DATE = "date"
    MONTH = "month"
    COUNT = "count"
    DECIMAL = "decimal"
    TEXT = "text"


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    name: str
    source: str
    """Who writes it."""
    required: Mapping[str, Type]
    optional: Mapping[str, Type] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    """Columns of which each combination stands once in a file; empty: rows are added up."""
    named: Mapping[str, str] = field(default_factory=dict)
    """For a header of the file our column, where they differ."""

    @property
    def columns(self) -> dict[str, Type]:
        """All columns that are read."""
        return {**self.required, **self.optional}


D, M, N, X, T = Type.DATE, Type.MONTH, Type.COUNT, Type.DECIMAL, Type.TEXT
SPOTIFY = "Spotify for Artists"
STREAMS = Kind("song_streams", SPOTIFY, {"date": D, "streams": N}, key=("date",))
AUDIENCE = Kind(
    "audience",
    SPOTIFY,
    {"date": D, "listeners": N, "streams": N},
    {
        "monthly_listeners": N,
        "monthly_active_listeners": N,
        "super_listeners": N,
        "playlist_adds": N,
        "saves": N,
        "followers": N,
    },
    key=("date",),
)
SONGS = Kind(
    "songs",
    SPOTIFY,
    {"song": T, "listeners": N, "streams": N},
    {"saves": N, "release_date": D},
    key=("song",),
)
PLAYLISTS = Kind(
    "playlists",
    SPOTIFY,
    {"title": T, "author": T, "listeners": N, "streams": N},
    {"date_added": D},
    key=("title", "author"),
)
LINKS = Kind(
    "links",
    "smart links",
    {"date": D, "visits": N, "clicks": N},
    {"landing_url": T},
    key=("date", "landing_url"),
)
SALE: dict[str, Type] = {"month": M, "store": T, "title": T, "quantity": N, "earnings": X}
SALE_TOO: dict[str, Type] = {"artist": T, "isrc": T, "upc": T, "country": T, "currency": T}
SALES = Kind("sales", "a distributor", SALE, SALE_TOO)
DISTROKID = Kind(
    "sales",
    "DistroKid",
    SALE,
    SALE_TOO,
    named={"sale month": "month", "country of sale": "country", "earnings (usd)": "earnings"},
)
TUNECORE = Kind(
    "sales",
    "TuneCore",
    SALE,
    SALE_TOO,
    named={
        "sales period": "month",
        "store name": "store",
        "country of sale": "country",
        "song title": "title",
        "optional isrc": "isrc",
        "# units sold": "quantity",
        "total earned": "earnings",
    },
)
META_WORDS: dict[str, tuple[str, ...]] = {
    "date": ("day", "dia", "jour", "día", "tag"),
    "starts": (
        *("reporting starts", "início dos relatórios", "début des rapports"),
        *("inicio del informe", "berichtsbeginn", "auswertungsstart"),
    ),
    "ends": (
        *("reporting ends", "término dos relatórios", "encerramento dos relatórios"),
        *("fin des rapports", "fin del informe", "berichtsende", "auswertungsende"),
    ),
    "campaign": (
        *("campaign name", "nome da campanha", "nom de la campagne"),
        *("nombre de la campaña", "name der kampagne", "kampagnenname"),
    ),
    "spend": (
        *("amount spent", "valor usado", "montant dépensé", "importe gastado"),
        *("ausgegebener betrag", "valor gasto"),
    ),
    "impressions": ("impressions", "impressões", "impresiones", "impressionen"),
    "link_clicks": (
        *("link clicks", "cliques no link", "clics sur un lien", "clics sur le lien"),
        *("clics en el enlace", "link-klicks"),
    ),
    "results": ("results", "resultados", "résultats", "ergebnisse"),
    "result_indicator": (
        *("result indicator", "indicador de resultados", "indicateur de résultat"),
        *("indicateur de résultats", "ergebnisindikator"),
    ),
}
"""What Ads Manager calls its columns in English, Portuguese, French, Spanish and German."""
META = Kind(
    "campaigns",
    "Meta Ads",
    {"campaign": T, "spend": X},
    {
        "date": D,
        "starts": D,
        "ends": D,
        "impressions": N,
        "link_clicks": N,
        "results": N,
        "result_indicator": T,
    },
    named={word: column for column, words in META_WORDS.items() for word in words},
)
KINDS = (META, DISTROKID, TUNECORE, LINKS, SONGS, PLAYLISTS, AUDIENCE, STREAMS, SALES)
"""The first that fits is it: a column set that holds another comes before it."""
CURRENCY = re.compile(r"(.+?) \(([a-z]{3})\)")


@dataclass(frozen=True)
class Recognised:
    """What a header says."""

    kind: Kind
    places: Mapping[str, int]
    """For each of our columns, its number in the file."""
    currency: str | None
    """Where the header says it."""
    ignored: tuple[str, ...]
    """Columns of the file that are not read."""
    others: Mapping[str, int]
    """The same with their numbers: a breakdown may be among them."""

    @property
    def texts(self) -> Set[int]:
        """Numbers of the columns that may hold any text."""
        typed = {self.places[one] for one in self.places if self.kind.columns[one] is not T}
        return {*self.places.values(), *self.others.values()} - typed


def normal(header: str) -> str:
    """A header without what differs between two versions of a file."""
    text = unicodedata.normalize("NFKC", header).casefold().replace("_", " ")
    return " ".join(text.split())


def recognise(header: Sequence[str], own: Iterable[Kind] = ()) -> Recognised | None:
    """What a file with this header is; ``None`` if it is none of ours.

    Args:
        header: As it stands in the file.
        own: Kinds that the label has declared itself, as ``releases.toml`` maps their columns.
    """
    names = [normal(name) for name in header]
    for kind in (*own, *KINDS):
        places: dict[str, int] = {}
        currency = None
        for number, name in enumerate(names):
            column = kind.named.get(name)
            if column is None and (found := CURRENCY.fullmatch(name)):
                column = kind.named.get(found[1])
                if column in kind.required:
                    currency = found[2].upper()
            elif column and (found := CURRENCY.fullmatch(name)):
                currency = found[2].upper()
            column = column or name.replace(" ", "_")
            if column in kind.columns and column not in places:
                places[column] = number
        # Many a table has a day and streams; of a song there is nothing else.
        is_it = kind is not STREAMS or {*names, ""} == {*STREAMS.required, ""}
        if is_it and set(kind.required) <= set(places):
            others = {name: i for i, name in enumerate(header) if i not in places.values()}
            return Recognised(kind, places, currency, tuple(others), others)
    return None
