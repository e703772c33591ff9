"""What is fitted to data: labellers of comments, and how well they do.

Belongs here: models, what they are trained with, and their evaluation. Libraries that are heavy are
imported where they are used. Does not belong here: storing what a model says, and Dagster.
"""
