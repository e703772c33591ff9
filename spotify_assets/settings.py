"""Settings: from the environment, ``.env``, a secret store, or ``config.yaml``, in this order."""

import datetime as dt
import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote
from zoneinfo import available_timezones

from platformdirs import user_config_path
from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration.secret_store import (
    USER_TOKEN,
    WritableStore,
    store_at,
)
from spotify_assets.configuration.sources import secret_store_and_config_file
from spotify_assets.lake import Lake
from spotify_assets.learning.labellers import LabellerSettings
from spotify_assets.operations import genres
from spotify_assets.operations.genres import GenreList
from spotify_assets.operations.logs import LogSettings
from spotify_assets.pages.report.parts import ReportPlace, parts_of
from spotify_assets.sources.spotify_api.budget import (
    DEVELOPMENT_PER_DAY,
    FAMILIES,
    SAFE_PER_WINDOW,
    Limits,
)
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import NoClientId, NoCredentials
from spotify_assets.sources.spotify_api.ledger import EVERY_FAMILY
from spotify_assets.storage import permissions as access
from spotify_assets.storage.database import Place, Shared
from spotify_assets.warehouse.databases.layers import Layers

if TYPE_CHECKING:
    from spotify_assets.operations.alerts import Channel, Email
    from spotify_assets.sources.spotify_api.sign_in import UserTokens
    from spotify_assets.sources.spotify_api.tokens import TokenStore

OFF = "off"
STORE_URL = re.compile(r"(s3|gs|az)://[^/\s]+")
NOT_SECRET_BUT_KEPT_THERE = {"client_id", "smtp_user"}
"""Names that lie beside their secret in a store."""


@cache
def _time_zones() -> set[str]:
    """Read once: it opens 600 files, and a daemon makes settings at each tick."""
    return available_timezones()


class Settings(BaseSettings):
    """Everything that can be set; the Portuguese names are those of the older tools."""

    # What is wrong is said without the value: it may be a secret.
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    secrets: str | None = Field(None, validation_alias="SPOTIFY_SECRETS")
    """The secret store: ``dir:FOLDER``, ``aws:NAME``, ``azure:VAULT_URL`` or ``gcp:PROJECT``."""
    data_dir: Path = Field(Path("data"), validation_alias="SPOTIFY_ASSETS_DATA_DIR")
    lake_url: str = Field("", validation_alias="SPOTIFY_LAKE_URL")
    """Where the lake is: ``s3://bucket/prefix``, ``gs://…``, ``az://…``; else in the data folder.

    Region, endpoint and credentials are in the environment variables of the cloud's own tools.
    """
    state_url: SecretStr | None = Field(None, validation_alias="SPOTIFY_STATE_URL")
    """The PostgreSQL that machines share: the calls that were made, and what happened. Else files.

    ``postgresql://user:password@host/database``; secret, because it holds a password.
    """
    published_group: str | None = Field(None, validation_alias="SPOTIFY_PUBLISHED_GROUP")
    """A group of this machine that may read the DuckDB file; else only its owner may."""
    start_date: dt.date = Field(dt.date(2026, 1, 1), validation_alias="SPOTIFY_ASSETS_START_DATE")
    """First day that has a partition; where it is not set, `dev` takes the first that is held."""
    client_id: str | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_CLIENT_ID", "SPOTIPY_CLIENT_ID")
    )
    client_secret: SecretStr | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_CLIENT_SECRET", "SPOTIPY_CLIENT_SECRET")
    )
    sandbox_url: str | None = Field(None, validation_alias="SPOTIFY_SANDBOX_URL")
    """The local Web API; set, it is used instead of Spotify's."""
    fallback_sandbox_url: str | None = Field(None, validation_alias="SPOTIFY_FALLBACK_SANDBOX_URL")
    """The local Web API that is used as long as there is no client id."""
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
    """A genre a line; else ``genres.txt`` of the data folder, else that of the package."""
    retention_days: int | None = Field(None, ge=1, validation_alias="SPOTIFY_RETENTION_DAYS")
    """For how many days a purge keeps the catalog; where it is not set, it must be told."""
    versions_kept_days: int | None = Field(
        None, ge=1, validation_alias="SPOTIFY_VERSIONS_KEPT_DAYS"
    )
    """For how many days rows that were made again can be asked for as they were; else for ever."""
    requests_per_30s: int | None = Field(None, ge=1, validation_alias="SPOTIFY_REQUESTS_PER_30S")
    """Requests in 30 s; where it is not set, what is safe, and on the sandbox any number."""
    account: str = Field("", validation_alias="SPOTIFY_ACCOUNT")
    """The developer account that the app is of, by any name: apps of one account share a budget."""
    daily_budget: str | None = Field(None, validation_alias="SPOTIFY_DAILY_BUDGET")
    """Requests in 24 h: ``600`` of each family, ``search=600,artists=300``, or ``off``."""
    longest_wait: float = Field(30.0, ge=0, validation_alias="SPOTIFY_LONGEST_WAIT")
    """Seconds that a run waits when the API asks it to; a longer wait ends the run."""
    ledger_file: Path | None = Field(None, validation_alias="SPOTIFY_LEDGER_FILE")
    """The request ledger; data folders that share an app must share it."""
    rotation_minutes: float = Field(20.0, gt=0, validation_alias="SPOTIFY_ROTATION_MINUTES")
    """How often the rotation looks which genres are next."""
    rotation_genres: int = Field(3, ge=1, validation_alias="SPOTIFY_ROTATION_GENRES")
    """How many genres are under way at a time."""
    late_hours: float = Field(36.0, ge=0.0225, validation_alias="SPOTIFY_LATE_HOURS")
    """An asset that was not materialized for so long is late; Dagster takes no less than this."""
    alerts_every_seconds: int = Field(60, ge=1, validation_alias="SPOTIFY_ALERTS_EVERY_SECONDS")
    """How often it is looked whether somebody must be told of something."""
    rows_compared_with: Literal["day_before", "same_weekday"] = Field(
        "day_before", validation_alias="SPOTIFY_ROWS_COMPARED_WITH"
    )
    """Which day has to have twice a genre's tracks for it to be told that they dropped."""
    streams_compared_with: Literal["day_before", "same_weekday", "either", "both"] = Field(
        "both", validation_alias="SPOTIFY_STREAMS_COMPARED_WITH"
    )
    """Which days must have twice the streams of a release for it to be told that they fell."""
    downloads_late_days: int = Field(10, ge=1, validation_alias="SPOTIFY_DOWNLOADS_LATE_DAYS")
    """A team's download that used to come again is late after so many days without it."""
    runs_kept_days: int = Field(30, ge=1, validation_alias="SPOTIFY_RUNS_KEPT_DAYS")
    """How long Dagster keeps the events of runs that failed."""
    time_zone: str = Field("UTC", validation_alias="SPOTIFY_TIME_ZONE")
    """The listener's, by its IANA name: hours and days of the views on plays are local."""
    poll_minutes: int = Field(30, ge=1, le=60, validation_alias="SPOTIFY_POLL_MINUTES")
    """How often it is asked what was played last; once a user has signed in."""
    inbox_dir: Path | None = Field(None, validation_alias="SPOTIFY_INBOX_DIR")
    """Exports that are put here are imported; else ``inbox`` of the data folder."""
    comments_dir: Path | None = Field(None, validation_alias="SPOTIFY_COMMENTS_DIR")
    """Files of comments that are put here are imported; else ``comment-inbox`` of the data
    folder."""
    api_token: SecretStr | None = Field(None, validation_alias="SPOTIFY_API_TOKEN")
    """What a request to the HTTP API must show; else what `serve` has put into the data folder."""
    curator: str | None = Field(None, validation_alias="SPOTIFY_CURATOR", min_length=1)
    """Who decides about comments in the terminal; else the user of this machine."""
    redirect_port: int = Field(8898, ge=1, le=65535, validation_alias="SPOTIFY_REDIRECT_PORT")
    """Of 127.0.0.1: where the browser comes back to at the end of a sign-in."""
    token_store: Literal["file", "keyring", "secrets"] = Field(
        "file", validation_alias="SPOTIFY_TOKEN_STORE"
    )
    token_file: Path | None = Field(None, validation_alias="SPOTIFY_TOKEN_FILE")
    """The user's token; where it is not set, a file in the user's configuration folder."""

    smtp_host: str | None = Field(None, validation_alias="SPOTIFY_SMTP_HOST")
    """The mail server that takes alerts."""
    smtp_port: int = Field(587, ge=1, le=65535, validation_alias="SPOTIFY_SMTP_PORT")
    smtp_user: str | None = Field(None, validation_alias="SPOTIFY_SMTP_USER")
    smtp_password: SecretStr | None = Field(None, validation_alias="SPOTIFY_SMTP_PASSWORD")
    smtp_tls: Literal["starttls", "ssl", "none"] = Field(
        "starttls", validation_alias="SPOTIFY_SMTP_TLS"
    )
    alert_from: str | None = Field(None, validation_alias="SPOTIFY_ALERT_FROM")
    alert_to: str | None = Field(None, validation_alias="SPOTIFY_ALERT_TO")
    """Addresses, separated by commas."""
    alert_webhook: SecretStr | None = Field(None, validation_alias="SPOTIFY_ALERT_WEBHOOK")
    """A URL; secret, because whoever knows it can post."""
    alert_webhook_headers: SecretStr | None = Field(
        None, validation_alias="SPOTIFY_ALERT_WEBHOOK_HEADERS"
    )
    """A JSON object."""
    dagster_url: str = Field("http://127.0.0.1:3000", validation_alias="SPOTIFY_DAGSTER_URL")
    """Where people open the Dagster UI; alerts link to it."""

    pushgateway_url: SecretStr | None = Field(None, validation_alias="SPOTIFY_PUSHGATEWAY_URL")
    """Where metrics are pushed to after each run; secret, because it can hold a password."""

    dagster_storage: Literal["sqlite", "postgres"] = Field(
        "sqlite", validation_alias="SPOTIFY_DAGSTER_STORAGE"
    )
    """Where `serve` keeps Dagster's runs and events; a ``dagster.yaml`` that is there says more."""
    own_dagster_home: Path | None = Field(None, validation_alias="SPOTIFY_DAGSTER_HOME")
    """A folder with a ``dagster.yaml`` of several machines; else ``dagster`` of the data folder."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="SPOTIFY_LOG_LEVEL"
    )
    log_format: Literal["text", "json"] = Field("text", validation_alias="SPOTIFY_LOG_FORMAT")
    """``json``: all that is logged goes to the standard output too, a JSON object a line."""
    log_files: int = Field(5, ge=0, le=1000, validation_alias="SPOTIFY_LOG_FILES")
    """How many files of the data folder keep it; 0: none."""
    log_file_mb: float = Field(10, gt=0, validation_alias="SPOTIFY_LOG_FILE_MB")
    """At which size the next file is begun."""

    sentry_dsn: SecretStr | None = Field(None, validation_alias="SPOTIFY_SENTRY_DSN")
    """Where failures are sent to; secret, because whoever knows it can send."""

    publish_url: SecretStr | None = Field(None, validation_alias="SPOTIFY_PUBLISH_URL")
    """A database that gets the published tables too; secret, because it holds a password."""
    publish_schemas: str = Field("", validation_alias="SPOTIFY_PUBLISH_SCHEMAS")
    """Its schema for each layer, where it is not the usual one: ``processed=raw,*=analytics``."""

    publish_after_collecting: bool = Field(
        True, validation_alias="SPOTIFY_PUBLISH_AFTER_COLLECTING"
    )
    """Whether the machine that collects makes the DuckDB file too; else another publishes."""
    public_report: str = Field("", validation_alias="SPOTIFY_PUBLIC_REPORT")
    """What everybody may see: some of ``comments,topics,releases,listening``; else nothing."""
    public_report_url: str = Field("", validation_alias="SPOTIFY_PUBLIC_REPORT_URL")
    """A bucket that gets the public report: ``s3://bucket/prefix``, ``gs://…``, ``az://…``."""

    report_to: str | None = Field(None, validation_alias="SPOTIFY_REPORT_TO")
    """Addresses, separated by commas, that get a report each Monday, by the alerts' mail server."""
    report_parts: str = Field("", validation_alias="SPOTIFY_REPORT_PARTS")
    """What is in that mail; where it is not set, what is public."""
    report_language: Literal["en", "pt"] = Field("en", validation_alias="SPOTIFY_REPORT_LANGUAGE")
    """Of that mail."""

    labeller: Literal["embedded", "keywords", "openai"] = Field(
        "embedded", validation_alias="SPOTIFY_LABELLER"
    )
    """What labels the comments of listeners; ``openai`` is any server that speaks its API."""
    labeller_url: str = Field(
        "https://api.openai.com/v1", validation_alias="SPOTIFY_LABELLER_URL", pattern="^https?://"
    )
    labeller_model: str = Field("", validation_alias="SPOTIFY_LABELLER_MODEL")
    labeller_key: SecretStr | None = Field(None, validation_alias="SPOTIFY_LABELLER_KEY")
    labeller_timeout: float = Field(60.0, gt=0, validation_alias="SPOTIFY_LABELLER_TIMEOUT")
    """Seconds that one answer is waited for."""
    labeller_daily_tokens: int = Field(
        1_000_000, ge=0, validation_alias="SPOTIFY_LABELLER_DAILY_TOKENS"
    )
    """Tokens that a day (UTC) may take; what is left of the comments waits."""
    labeller_prompt_price: float = Field(
        0.0, ge=0, validation_alias="SPOTIFY_LABELLER_PROMPT_PRICE"
    )
    """Of a million tokens, in any currency; for the account of costs."""
    labeller_completion_price: float = Field(
        0.0, ge=0, validation_alias="SPOTIFY_LABELLER_COMPLETION_PRICE"
    )

    publish_late_hours: float = Field(6.0, ge=0.0225, validation_alias="SPOTIFY_PUBLISH_LATE_HOURS")
    """For how long that database may be behind before it is late."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - by pydantic-settings
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first that sets something wins."""
        below = secret_store_and_config_file(settings_cls, NOT_SECRET_BUT_KEPT_THERE)
        return init_settings, env_settings, dotenv_settings, *below

    @model_validator(mode="after")
    def _falls_back(self) -> Self:
        if not self.sandbox_url and not self.client_id and self.fallback_sandbox_url:
            self.sandbox_url = self.fallback_sandbox_url
        return self

    @field_validator("lake_url")
    @classmethod
    def _is_store(cls, url: str) -> str:
        if url and not STORE_URL.match(url):
            raise ValueError(
                "write s3://bucket/prefix, gs://bucket/prefix or az://container/prefix; for a "
                "folder set SPOTIFY_ASSETS_DATA_DIR"
            )
        return url.rstrip("/")

    @field_validator("public_report_url")
    @classmethod
    def _is_bucket(cls, url: str) -> str:
        if url and not STORE_URL.match(url):
            raise ValueError(
                "write s3://bucket/prefix, gs://bucket/prefix or az://container/prefix; the folder "
                "`public` of the data folder has the report too"
            )
        return url.rstrip("/")

    @field_validator("public_report", "report_parts")
    @classmethod
    def _are_parts(cls, text: str) -> str:
        return ",".join(parts_of(text))

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, name: str) -> str:
        if name not in _time_zones():
            raise ValueError("write an IANA name, such as America/Sao_Paulo")
        return name

    @field_validator("published_group")
    @classmethod
    def _is_group(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                access.group_id(name)
        except KeyError:
            raise ValueError("write a group of this machine; `groups` lists yours") from None
        return name

    @field_validator("daily_budget")
    @classmethod
    def _readable(cls, text: str | None) -> str | None:
        _per_day(text or OFF)
        return text

    @field_validator("publish_schemas")
    @classmethod
    def _are_schemas(cls, text: str) -> str:
        Layers.read(text)
        return text

    @property
    def layers(self) -> Layers:
        """The schemas of the database that gets the published tables."""
        return Layers.read(self.publish_schemas)

    @property
    def labelling(self) -> LabellerSettings:
        """What labels comments."""
        return LabellerSettings(
            kind=self.labeller,
            head=self.data_dir.resolve() / "labeller.json",
            url=self.labeller_url,
            model=self.labeller_model,
            key=self.labeller_key,
            timeout_seconds=self.labeller_timeout,
            calls=self.data_dir.resolve() / "labeller.sqlite",
            daily_tokens=self.labeller_daily_tokens,
            prices=(self.labeller_prompt_price, self.labeller_completion_price),
        )

    @property
    def lake(self) -> Lake:
        """The lake; of one on a store, with the cache of it in the data folder."""
        if not self.lake_url:
            return Lake(self.data_dir.resolve() / "lake")
        cache = self.data_dir.resolve() / "lakes" / quote(self.lake_url, safe="")
        return Lake(cache, self.lake_url)

    @property
    def database(self) -> Path:
        """The DuckDB file that analysts open."""
        return self.data_dir.resolve() / access.PUBLISHED

    @property
    def accounts_file(self) -> Path:
        """Who may see the pages."""
        return self.data_dir.resolve() / "accounts.sqlite"

    @property
    def public_parts(self) -> tuple[str, ...]:
        """What everybody may see."""
        return parts_of(self.public_report)

    @property
    def mailed_parts(self) -> tuple[str, ...]:
        """What is in the weekly mail."""
        return parts_of(self.report_parts) or self.public_parts

    @property
    def public_place(self) -> ReportPlace:
        """Where the public report lies."""
        return ReportPlace(self.data_dir.resolve() / "public", self.public_report_url)

    @property
    def readers(self) -> int | None:
        """The number of the group that may read the DuckDB file besides its owner."""
        return access.group_id(self.published_group) if self.published_group else None

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps its runs and events, or its ``dagster.yaml`` says where."""
        return (self.own_dagster_home or self.data_dir / "dagster").expanduser().resolve()

    @property
    def ledger(self) -> Place:
        """The request ledger."""
        if self.state_url:
            return Shared(self.state_url)
        return (self.ledger_file or self.data_dir / "ledger.sqlite").expanduser().resolve()

    @property
    def operations(self) -> Place:
        """What goes on beside the data: incidents, and who was told of them."""
        if self.state_url:
            return Shared(self.state_url)
        return self.data_dir.resolve() / "operations.sqlite"

    @property
    def inbox(self) -> Path:
        """Where exports are put to be imported."""
        return (self.inbox_dir or self.data_dir / "inbox").expanduser().resolve()

    @property
    def comment_inbox(self) -> Path:
        """Where files of comments are put to be imported."""
        return (self.comments_dir or self.data_dir / "comment-inbox").expanduser().resolve()

    @property
    def metrics(self) -> Path:
        """The metrics as they were after each run."""
        return self.data_dir.resolve() / "metrics"

    @property
    def logs(self) -> LogSettings:
        """Where logs go."""
        return LogSettings(
            folder=self.data_dir.resolve() / "logs",
            level=self.log_level,
            format=self.log_format,
            files=self.log_files,
            file_bytes=round(self.log_file_mb * 1_000_000),
        )

    @property
    def alert_channels(self) -> "list[Channel]":
        """How people are told of incidents; empty where nothing is configured.

        Raises:
            ValueError: A setting is missing or wrong. No secret is quoted.
        """
        from spotify_assets.operations.alerts import Webhook  # noqa: PLC0415 - slow to import

        channels: list[Channel] = []
        # The mail server may be there for the weekly report alone.
        if self.alert_to or (self.smtp_host and not self.report_to):
            channels.append(self._email("Alerts by e-mail", self.alert_to, "SPOTIFY_ALERT_TO"))
        if self.alert_webhook:
            channels.append(Webhook(self.alert_webhook, _headers(self.alert_webhook_headers)))
        return channels

    @property
    def report_email(self) -> "Email":
        """What carries the weekly report.

        Raises:
            ValueError: A setting is missing or wrong. No secret is quoted.
        """
        return self._email("A report by e-mail", self.report_to, "SPOTIFY_REPORT_TO")

    def _email(self, what: str, to: str | None, setting: str) -> "Email":
        if not (self.smtp_host and to and self.alert_from):
            raise ValueError(
                f"{what} needs SPOTIFY_SMTP_HOST, SPOTIFY_ALERT_FROM and {setting}. "
                "Set all three, or none."
            )
        from spotify_assets.operations.alerts import Email  # noqa: PLC0415 - slow to import

        return Email(
            host=self.smtp_host,
            sender=self.alert_from.strip(),
            recipients=[one.strip() for one in to.split(",") if one.strip()],
            port=self.smtp_port,
            user=self.smtp_user,
            password=self.smtp_password,
            tls=self.smtp_tls,
            setting=setting,
        )

    @property
    def limits(self) -> Limits:
        """How much may be asked of the API."""
        is_sandbox = bool(self.sandbox_url)
        per_window = None if is_sandbox else SAFE_PER_WINDOW
        is_off = is_sandbox or self.daily_budget == OFF
        return Limits(
            per_window=self.requests_per_30s or per_window,
            per_day=_per_day(self.daily_budget or OFF),
            per_day_in_development=None if is_off else DEVELOPMENT_PER_DAY,
            longest_wait_seconds=self.longest_wait,
        )

    @property
    def own_genres_file(self) -> Path:
        """Where the user's own list of genres lies, or would."""
        return (self.genres_file or self.data_dir / "genres.txt").expanduser().resolve()

    @property
    def genres_text(self) -> str:
        """The list of genres as it is written: the user's own; else that of the package."""
        if self.genres_file and not self.own_genres_file.exists():
            # Nothing is collected by mistake; what is wrong is said where the list is shown.
            return ""
        if self.own_genres_file.exists():
            return genres.text_of(self.own_genres_file)
        default = resources.files("spotify_assets.operations").joinpath("genres.txt")
        return default.read_text(encoding="utf-8")

    @property
    def genre_list(self) -> GenreList:
        """The configured genres, and what of the list is none."""
        listed = genres.read(self.genres_text.splitlines())
        if self.genres_file and not self.own_genres_file.exists():
            listed.refused.append("there is no such file; `spotify-assets genres add` makes it")
        return listed

    @property
    def genres(self) -> list[str]:
        """The configured genres, in their order, each once."""
        return self.genre_list.genres

    @property
    def connection(self) -> Connection:
        """Which API to ask, and as whom.

        Raises:
            NoCredentials: Neither credentials nor a sandbox are set.
        """
        if self.sandbox_url:
            return Connection.to_sandbox(self.sandbox_url, self.account)
        if not self.client_id or not self.client_secret:
            raise NoCredentials(self.secrets)
        secret = self.client_secret.get_secret_value()
        return Connection("spotify", self.client_id, secret, account=self.account)

    @property
    def app(self) -> str:
        """The name of the app in the ledger; it needs no secret.

        Raises:
            NoClientId: Neither a client id nor a sandbox is set.
        """
        return self._as_the_user.app

    @property
    def user_tokens(self) -> "UserTokens":
        """The tokens of the user who signed in to the API that `connection` asks.

        A client secret is not needed.

        Raises:
            NoClientId: Neither a client id nor a sandbox is set.
            TokenStoreError: The keyring is chosen and its package is missing.
        """
        from spotify_assets.sources.spotify_api.sign_in import (  # noqa: PLC0415 - slow to import
            UserTokens,
        )

        connection = self._as_the_user
        return UserTokens(connection, self._store(connection.client_id))

    @property
    def _as_the_user(self) -> Connection:
        """The API, without a secret."""
        if self.sandbox_url:
            return Connection.to_sandbox(self.sandbox_url, self.account)
        if self.client_id:
            return Connection("spotify", self.client_id, "", account=self.account)
        from spotify_assets.sources.spotify_api.callback import (  # noqa: PLC0415 - slow to import
            redirect_uri,
        )

        raise NoClientId(redirect_uri(self.redirect_port))

    def _store(self, client_id: str) -> "TokenStore":
        from spotify_assets.sources.spotify_api.tokens import (  # noqa: PLC0415 - slow to import
            TokenFile,
            TokenKeyring,
        )

        if self.token_store == "secrets":  # noqa: S105 - the name of a place
            return self._secret_token()
        # Not in the data folder, which people copy and share.
        folder = user_config_path("spotify-assets")
        name = f"{quote(client_id, safe='')}.token.json"
        if self.token_store == "keyring":  # noqa: S105 - the name of a place
            return TokenKeyring(client_id, folder / f"{name}.lock")
        return TokenFile((self.token_file or folder / name).expanduser().resolve())

    def _secret_token(self) -> "TokenStore":
        from spotify_assets.sources.spotify_api.tokens import TokenFile, TokenSecret  # noqa: PLC0415

        store = store_at(self.secrets or "")
        if isinstance(store, WritableStore):
            return TokenSecret(store, USER_TOKEN, self.data_dir.resolve() / "token.lock")
        return TokenFile(Path(store.place).expanduser() / USER_TOKEN)


def _per_day(text: str) -> dict[str, int]:
    """The budget of each family, as it was written down.

    Raises:
        ValueError: It cannot be read.
    """
    budget = {}
    for part in text.split(",") if text != OFF else []:
        family, _, number = part.rpartition("=")
        if not number.strip().isdecimal() or int(number) < 1:
            raise ValueError("write a number, or search=600,artists=300, or off")
        if family.strip() not in ("", *FAMILIES):
            raise ValueError(f"there is no family {family.strip()!r}: write search=600,artists=300")
        budget[family.strip() or EVERY_FAMILY] = int(number)
    return budget


def _headers(text: SecretStr | None) -> dict[str, SecretStr]:
    """The headers of a JSON object, such as ``{"Authorization": "Bearer …"}``.

    Raises:
        ValueError: It is no such object. The message does not quote it.
    """
    try:
        headers = json.loads(text.get_secret_value()) if text else {}
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise ValueError(
            "SPOTIFY_ALERT_WEBHOOK_HEADERS cannot be read. Write a JSON object of texts, such as "
            '{"Authorization": "Bearer …"}.'
        )
    return {name: SecretStr(value) for name, value in headers.items()}
