"""The catalog as Dagster sees it: genre by day.

Belongs here: its assets, jobs, sensors and schedules. Does not belong here: how rows are made.
"""
