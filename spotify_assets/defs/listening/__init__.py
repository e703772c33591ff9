"""The listening history as Dagster sees it.

Belongs here: its assets, jobs, sensors and schedules. Does not belong here: which rows are the
same play.
"""
