"""What can go wrong with the DuckDB file."""

from spotify_assets.storage.errors import StoreError


class WarehouseError(StoreError):
    """The warehouse cannot be read or published; the last published state is whole."""
