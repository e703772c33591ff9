"""The predictions as Dagster sees them.

Belongs here: their assets, jobs and schedules. Does not belong here: how anything is estimated
(``learning``).
"""
