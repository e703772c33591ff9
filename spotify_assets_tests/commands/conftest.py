"""What the tests of the commands share: a host of accounts to sign in at."""

from spotify_assets_tests.sources.spotify_api.conftest import accounts, accounts_host, port

__all__ = ["accounts", "accounts_host", "port"]
