"""A database of the user's own as an asset, where one is set.

Belongs here: when it is brought up to date, and how its failures are retried. Does not belong here:
how rows get there (``warehouse.databases``).
"""
