"""The settings that Dagster fixes when it loads the code.

Belongs here: nothing else. What a tick or a run needs is in the resource ``settings``.
"""

from spotify_assets.settings import Settings

# The first day of the partitions, how often a sensor looks and the hours of a schedule are
# arguments of decorators: Dagster takes them when a module is imported, before any resource is.
AT_LOAD = Settings()
