"""Modules that are imported when something of them is first used.

Belongs here: that one way. Does not belong here: any module; where an import can stand in the
function that uses it, it stands there.
"""

from importlib import import_module
from typing import Any


class Lazily:
    """Stands for a module; the first use of anything in it imports that."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        """What the module calls so."""
        return getattr(import_module(self._name), attribute)
