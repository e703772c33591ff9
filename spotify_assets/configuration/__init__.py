"""Where settings come from besides the environment: ``config.yaml``, and secret stores.

Belongs here: reading them, and what is said of one that cannot be read. Does not belong here: what
can be set; that stands in `spotify_assets.settings`.
"""
