"""Making the DuckDB file equal to the lake, and putting it in its place at once.

Belongs here: finding what changed, loading, checking, replacing. Does not belong here: reading it.
"""
