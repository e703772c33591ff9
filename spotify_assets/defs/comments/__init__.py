"""The domain `comments` as Dagster sees it.

Belongs here: its assets, jobs and sensors. Does not belong here: reading files, labelling, and
which comment is which.
"""
