"""Whether what is published is as good as it was.

Belongs here: measuring, an SQL file for each measure. Does not belong here: who is told of it.
"""
