"""Settings: from the environment, or from ``.env``."""

import datetime as dt
from importlib import resources
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from spotify_assets.lake import Lake, normalise_genre
from spotify_assets.spotify.client import Connection
from spotify_assets.spotify.errors import NoCredentials


class Settings(BaseSettings):
    """Everything that can be set; the Portuguese names are those of the older tools."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(Path("data"), validation_alias="SPOTIFY_ASSETS_DATA_DIR")
    start_date: dt.date = Field(dt.date(2026, 1, 1), validation_alias="SPOTIFY_ASSETS_START_DATE")
    """First day that has a partition."""
    client_id: str | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_CLIENT_ID", "SPOTIPY_CLIENT_ID")
    )
    client_secret: SecretStr | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_CLIENT_SECRET", "SPOTIPY_CLIENT_SECRET")
    )
    sandbox_url: str | None = Field(None, validation_alias="SPOTIFY_SANDBOX_URL")
    """The local Web API; set, it is used instead of Spotify's."""
    market: str = Field("BR", validation_alias="SPOTIFY_MARKET", pattern="^[A-Z]{2}$")
    artists: int = Field(
        50, ge=0, le=1000, validation_alias=AliasChoices("SPOTIFY_ARTISTS", "SPOTIFY_QTD_ARTISTAS")
    )
    tracks: int = Field(100, ge=0, le=1000, validation_alias="SPOTIFY_TRACKS")
    genre: str | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_GENRE", "SPOTIFY_GENERO")
    )
    """The genre to collect where the command names none."""
    genres_file: Path | None = Field(None, validation_alias="SPOTIFY_GENRES_FILE")
    """A genre a line; where it is not set, ``genres.txt`` of the package."""

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.data_dir.resolve() / "lake")

    @property
    def database(self) -> Path:
        """The DuckDB file that analysts open."""
        return self.data_dir.resolve() / "spotify.duckdb"

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps its runs and events."""
        return self.data_dir.resolve() / "dagster"

    @property
    def genres(self) -> list[str]:
        """The configured genres, in their order, each once."""
        default = resources.files("spotify_assets").joinpath("genres.txt")
        lines = (self.genres_file or default).read_text(encoding="utf-8").splitlines()
        named = (line.strip() for line in lines)
        return list(
            dict.fromkeys(normalise_genre(line) for line in named if line and line[0] != "#")
        )

    @property
    def connection(self) -> Connection:
        """Which API to ask, and as whom.

        Raises:
            NoCredentials: Neither credentials nor a sandbox are set.
        """
        if self.sandbox_url:
            return Connection.to_sandbox(self.sandbox_url)
        if not self.client_id or not self.client_secret:
            raise NoCredentials
        return Connection("spotify", self.client_id, self.client_secret.get_secret_value())
