"""The report for everybody, made after each publication; and the mail of it, each week.

Belongs here: when they are made, and how their failures are retried. Does not belong here: what
they say (``pages.report``).
"""
