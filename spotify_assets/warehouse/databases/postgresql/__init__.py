"""PostgreSQL, 14 or later, as a target: on RDS, Cloud SQL, or in a container.

Belongs here: connecting, the words of its SQL, a publication and its verification, the answers as
functions and views. Does not belong here: what a table is, and how it is cut (``databases``).
"""
