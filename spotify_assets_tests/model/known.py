"""listening.md: what the API's reports and the catalog say of the tracks that were played."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from spotify_assets_tests.model.exports import UNKNOWN, normal

KEY_BITS = 66


def item_key(item: str) -> int:
    """The MD5 of the text, as a little-endian number, shifted right by 66 bits."""
    digest = hashlib.md5(item.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest, "little") >> KEY_BITS


@dataclass(frozen=True)
class Said:
    """What one of them says of a track."""

    item: str
    name: str | None
    artist: str | None
    isrc: str | None = None

    @property
    def names(self) -> tuple[str, str]:
        """Artist and name in normal form."""
        return normal(self.artist), normal(self.name)

    @property
    def has_name(self) -> bool:
        """Whether it is a name by which things are known."""
        return bool(self.name) and self.names != UNKNOWN


@dataclass(frozen=True)
class Known:
    """What is known of tracks but from exports."""

    reported: tuple[Said, ...] = ()
    """Of each report."""
    catalog: tuple[Said, ...] = ()
    """Of each track that was played."""

    def tracks(self) -> Iterator[tuple[str, Said]]:
        """All that is said, by the item."""
        for said in (*self.reported, *self.catalog):
            yield said.item, said

    def reports(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """The item and the names of each report that has names."""
        for said in self.reported:
            if said.has_name:
                yield said.item, said.names
