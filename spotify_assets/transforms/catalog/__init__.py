"""The catalog: from raw responses to rows, ranks, movement and the star.

Belongs here: pure functions and SQL. Does not belong here: files, databases, Dagster.
"""
