"""A report for everybody: a static page, JSON beside it, and a mail each week.

Belongs here: what may be public of the warehouse, how it is drawn without a script, and where it is
put. Does not belong here: any rule of what is counted (``warehouse``), and when it is made
(``defs.report``).
"""
