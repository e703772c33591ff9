"""The contracts of the catalog: what the Web API shows of a genre on a day.

Belongs here: its tables of all layers, a module each. Does not belong here: plays.
"""
