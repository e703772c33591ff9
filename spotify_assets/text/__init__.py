"""Text from outside: reading it as JSON, and showing it to people.

Belongs here: what every place that reads or shows must do alike. Does not belong here: what a text
means.
"""
