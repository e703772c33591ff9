"""Which fields of a comment are kept, and what stands for its author.

Belongs here: names of fields, and the pseudonym. Does not belong here: the forms of files.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

NAMES: dict[str, tuple[str, ...]] = {
    "text": ("text", "comment", "message", "body", "content", "comentario", "texto", "mensagem",
             "mensaje"),
    "id": ("id", "comment_id", "commentid"),
    "author": ("author", "author_name", "user", "username", "user_name", "name", "autor", "nome",
               "nombre", "usuario"),
    "created_at": ("created_at", "date", "time", "timestamp", "published_at", "data", "fecha",
                   "commented_at"),
    "source": ("source", "platform", "channel", "fonte", "origem", "fuente", "plataforma"),
    "language": ("language", "lang", "idioma", "lingua"),
    "release": ("release", "song", "track", "title", "release_id", "musica", "faixa", "cancion",
                "lancamento"),
}  # fmt: skip
"""Of each field that is kept, how others call it; case, accents and spaces do not count."""
_FIELDS = {theirs: ours for ours, names in NAMES.items() for theirs in names}
AUTHOR_DIGITS = 16
MAX_NESTED = 1_000
"""Characters of a value that is no text, that are kept to show what is wrong."""
MAX_LEFT_OUT = 50
"""Names of columns that are not kept, of which each is noted."""


def normal(name: str) -> str:
    """A name of a field as `NAMES` has it."""
    plain = unicodedata.normalize("NFKD", name.strip().casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return letters.replace(" ", "_").replace("-", "_")


@lru_cache(maxsize=1000)
def field_of(name: str) -> str | None:
    """Which field a name means; ``None``: it is not kept."""
    return _FIELDS.get(normal(name))


@dataclass
class Records:
    """The lines of a batch, as they are read."""

    key: str
    """What makes pseudonyms, as `lake.history.secret` gives it."""
    source: str
    """Where comments are from that do not say it."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, None] = field(default_factory=dict)

    def add(self, record: Any) -> None:
        """Add a comment as it came, without what could name its author."""
        if not isinstance(record, Mapping):
            self.set_aside("It is no object with a text.")
            return
        line: dict[str, Any] = {"row": len(self.lines) + 1}
        author = None
        for name, value in record.items():
            ours = field_of(str(name))
            if ours is None:
                if len(self.left_out) < MAX_LEFT_OUT:
                    self.left_out.setdefault(str(name)[:100])
            elif value is None or value == "" or ours in line:
                continue
            elif ours == "author":
                author = author or value
            else:
                line[ours] = value if isinstance(value, str | int | float) else _told(value)
        if author is not None:
            line["author"] = pseudonym(self.key, str(line.get("source", self.source)), author)
        self.lines.append(line)

    def set_aside(self, reason: str, column: str = "row") -> None:
        """Add a row that cannot be read. What it held is not kept: it may name somebody."""
        self.lines.append({"row": len(self.lines) + 1, "column": column, "reason": reason})

    def extend(self, records: Iterable[Any]) -> None:
        """Add comments."""
        for record in records:
            self.add(record)


def _told(value: Any) -> list[str]:
    """What is no text: it will be set aside, with so much of it."""
    return [json.dumps(value)[:MAX_NESTED]]


def pseudonym(key: str, source: str, author: Any) -> str:
    """What stands for an author: the same for the same name of the same source."""
    named = author if isinstance(author, str) else json.dumps(author, sort_keys=True)
    said = f"{source}\0{named}".encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()[:AUTHOR_DIGITS]
