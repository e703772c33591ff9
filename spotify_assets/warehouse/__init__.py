"""The DuckDB file: derived from the lake, open to any reader at any moment.

Belongs here: making the file equal to the lake, reading it, computing over partitions with DuckDB.
Does not belong here: what the queries mean; they come as SQL.
"""
