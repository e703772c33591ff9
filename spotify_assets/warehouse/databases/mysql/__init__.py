"""MySQL 8 and MariaDB as targets: the tables, without the answers.

Belongs here: connecting, the words of their SQL, a publication and its verification. Does not
belong here: what a table is, and how it is cut (``databases``).
"""
