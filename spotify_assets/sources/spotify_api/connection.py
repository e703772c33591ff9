"""Which API is asked, and as whom.

Belongs here: addresses and credentials. Does not belong here: asking.
"""

from dataclasses import dataclass, field

from spotify_assets.lake.exchanges import Source
from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET
from spotify_assets.sources.spotify_api.ledger import app_of


@dataclass(frozen=True)
class Connection:
    """Which API, and as whom."""

    source: Source
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = "https://api.spotify.com/v1/"
    token_url: str = "https://accounts.spotify.com/api/token"  # noqa: S105
    authorize_url: str = "https://accounts.spotify.com/authorize"
    account: str = ""
    """The developer account whose app it is; all apps of one share one budget."""

    @classmethod
    def to_sandbox(cls, url: str, account: str = "") -> "Connection":
        """A connection to the local Web API at ``url``."""
        base = url.rstrip("/")
        urls = f"{base}/v1/", f"{base}/api/token", f"{base}/authorize"
        return cls("sandbox", CLIENT_ID, CLIENT_SECRET, *urls, account=account)

    @property
    def app(self) -> str:
        """The name in the ledger of the account, or of the app where none is named."""
        return app_of(self.account or self.client_id, self.api_url)

    @property
    def answers_for_any_day(self) -> bool:
        """Only the sandbox can; the API answers for now."""
        return self.source == "sandbox"
