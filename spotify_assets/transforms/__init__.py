"""Pure functions: raw responses → candidate rows → rows that keep their contract → rankings, star.

Belongs here: what is done to the data. Does not belong here: where it lies, who asked for it, and
anything of Dagster.
"""
