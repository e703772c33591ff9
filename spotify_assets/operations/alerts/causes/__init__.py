"""The incident of each kind, by domain: its key, its words, and the command that helps.

What the functions take is known to whoever finds that something is wrong. All times are UTC.

Belongs here: a module a domain, and the words that they share. Does not belong here: finding out
that something is wrong.
"""

from spotify_assets.operations.alerts.causes import (
    catalog,
    comments,
    listening,
    monitoring,
    releases,
)

__all__ = ["catalog", "comments", "listening", "monitoring", "releases"]
