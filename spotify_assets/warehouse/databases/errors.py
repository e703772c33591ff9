"""What can go wrong with the user's database."""

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.errors import WarehouseError


class TargetError(WarehouseError):
    """The database cannot be published to; what was published there before is whole."""

    def __init__(self, said: str, kind: FailureKind = FailureKind.PERMANENT) -> None:
        """Say it, and what to do about it."""
        super().__init__(said)
        self.kind = kind


class ChangeRefused(TargetError):
    """A changed contract cannot be followed in place."""
