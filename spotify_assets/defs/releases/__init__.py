"""The domain `releases` as Dagster sees it.

Belongs here: its assets, jobs and sensors. Does not belong here: reading files, and which release
a row is of.
"""
