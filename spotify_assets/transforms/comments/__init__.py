"""What batches of comments, labels and decisions say together: every comment once.

Belongs here: reading the rows of a batch, which of several counts, what follows for a comment.
Does not belong here: reading files, labelling, and storing tables. Its SQL files run in one
connection, whose temporary tables they leave; each states its grain.
"""

from spotify_assets.transforms.comments.derive import DERIVED, derive, version

__all__ = ["DERIVED", "derive", "version"]
