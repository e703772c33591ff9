"""Files of ours on this machine: who may read them, a disk that is full, SQLite.

Belongs here: what the lake, the warehouse and the run log share. Does not belong here: what is in
them.
"""
