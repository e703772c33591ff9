"""Which schema of the target a layer of the warehouse goes to.

Belongs here: the mapping, and the names that follow from it. Does not belong here: any SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spotify_assets.warehouse.databases.errors import TargetError

OTHERS = "*"
DEFAULT = {
    "processed": "silver",
    "quarantine": "silver",
    "monitoring": "monitoring",
    OTHERS: "gold",
}
PREFIXED = ("quarantine", "listening", "comments", "predictions")
"""Their names would meet others, or say too little alone: `quarantine.plays` is set aside from
`processed.plays`, `listening.top_tracks` answers of plays what `rankings.top_tracks` is of the
catalog, and both `comments` and `predictions` have their `evaluations`."""


@dataclass(frozen=True)
class Layers:
    """For each layer its schema; those that are not named go where `OTHERS` goes."""

    schemas: Mapping[str, str] = field(default_factory=lambda: DEFAULT)

    @classmethod
    def read(cls, text: str) -> "Layers":
        """What a setting says, such as ``processed=silver,*=analytics``; the rest as by default.

        Raises:
            ValueError: It cannot be read.
        """
        named = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            layer, found, schema = (word.strip() for word in part.partition("="))
            if not (layer and found and schema):
                raise ValueError("write layer=schema, such as processed=silver,*=gold")
            named[layer] = schema
        return cls(DEFAULT | named)

    def schema(self, layer: str) -> str:
        """The schema of a layer."""
        return self.schemas.get(layer, self.schemas[OTHERS])

    def place(self, name: str) -> tuple[str, str]:
        """Schema and name of what is called ``layer.name`` in the DuckDB file."""
        layer, _, alone = name.partition(".")
        return self.schema(layer), f"{layer}_{alone}" if layer in PREFIXED else alone

    def places(self, names: list[str]) -> dict[str, tuple[str, str]]:
        """The same for all of them.

        Raises:
            TargetError: Two would be one table.
        """
        placed: dict[tuple[str, str], str] = {}
        for name in names:
            if (other := placed.setdefault(self.place(name), name)) != name:
                raise TargetError(
                    f"{other} and {name} would both be {'.'.join(self.place(name))}. Give their "
                    "layers schemas of their own in SPOTIFY_PUBLISH_SCHEMAS."
                )
        return {name: place for place, name in placed.items()}
