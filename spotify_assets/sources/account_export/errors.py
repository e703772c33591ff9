"""What can go wrong with an export, said so that a listener knows what to do."""


class ExportError(Exception):
    """An export, or a file of it, cannot be read; nothing of it is in the lake."""
