"""What watches over the runs, and keeps the house in order.

Belongs here: the log of runs, checks by the hour, incidents, housekeeping. Does not belong here:
what a run makes.
"""
