"""Engines other than DuckDB that make the tables of the expressions, of the lake itself.

Belongs here: a module an engine: reading the files that are current, what it says otherwise than
DuckDB, writing. Does not belong here: any rule of a table (``transforms``).
"""
