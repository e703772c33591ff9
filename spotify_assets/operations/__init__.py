"""What happened, what is due, who must be told.

Belongs here: the log of runs, incidents, metrics, the status, the order of genres. Does not belong
here: starting anything (`defs`, `commands`).
"""
