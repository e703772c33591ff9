"""The published tables in a database of the user's own, from the same contracts.

Belongs here: what a table is called there, its keys and its slices, and a package for each system.
Does not belong here: making the tables; the DuckDB file is the one source.
"""
