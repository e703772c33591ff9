"""What can go wrong with an export, said so that a listener knows what to do."""

from spotify_assets.storage.errors import FailureKind, ProjectError


class ExportError(ProjectError):
    """An export, or a file of it, cannot be read; nothing of it is in the lake."""

    kind = FailureKind.BAD_INPUT
