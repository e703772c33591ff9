"""What can go wrong with the DuckDB file."""


class WarehouseError(Exception):
    """The warehouse cannot be read or published; the last published state is whole."""
