"""What can go wrong with our own files."""


class StoreError(Exception):
    """A file of ours cannot be read or written; it says which, and what to do."""
