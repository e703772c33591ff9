"""What the DuckDB file holds, as other files: one result, or the whole.

Belongs here: the formats, and the way back. Does not belong here: which query is asked.
"""
