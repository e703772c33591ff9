"""PostgreSQL as one of the targets."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql import migrations, publishing, verifying
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.session import Session, completed
from spotify_assets.warehouse.databases.targets import Difference, Sent


@dataclass(frozen=True)
class PostgreSQL:
    """A database of it."""

    url: SecretStr
    layers: Layers
    time_zone: str

    @property
    def name(self) -> str:
        """Host and database."""
        split = urlsplit(completed(self.url.get_secret_value()))
        return f"{split.hostname or 'local'}{split.path}"

    @cached_property
    def structure(self) -> Structure:
        """What it should hold."""
        return Structure.of(self.layers, self.time_zone)

    def publish(self, path: Path, *, full_refresh: bool = False) -> Sent:
        """Make it equal to the DuckDB file, in one transaction."""
        return publishing.publish(self.url, self.structure, path, full_refresh=full_refresh)

    def verify(self, path: Path) -> list[Difference]:
        """Compare every row, both ways, in one snapshot."""
        return verifying.verify(self.url, self.structure, path)

    def statements(self) -> str:
        """For somebody who may create schemas and tables; what it notes spares the publisher it."""
        with Session(self.url) as session:
            statements = migrations.planned(session, self.structure).statements
        if not statements:
            return "-- Nothing is missing.\n"
        noted = migrations.record(self.structure, statements, at=None)
        return "\n".join(["BEGIN;", *(f"{one};" for one in [*statements, noted]), "COMMIT;", ""])
