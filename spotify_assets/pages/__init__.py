"""What people and programs see over HTTP: one server for all of it.

Belongs here: routes, who may use them, and how things look. Does not belong here: what is shown
(``warehouse``), what comes in (``sources``), and settings, which are handed in.
"""
