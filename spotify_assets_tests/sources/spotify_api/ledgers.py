"""The request ledger of a test's data folder."""

from spotify_assets.lake import Lake
from spotify_assets.sources.spotify_api.ledger import Ledger


def ledger_of(lake: Lake) -> Ledger:
    """Beside the lake, where the settings have it."""
    return Ledger(lake.root.parent / "ledger.sqlite")
