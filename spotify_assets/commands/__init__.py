"""What the user types, a module for each group of commands.

Belongs here: options, and what is shown. Does not belong here: anything that another part of the
project could need.
"""
