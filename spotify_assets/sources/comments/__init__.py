"""Comments from files and from the API → batches of the lake.

Belongs here: taking a body apart into comments, and what of each is kept: never the author's name.
Does not belong here: whether a comment can be true (``transforms.comments``), and what it is.
"""
