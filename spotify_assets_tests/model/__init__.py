"""Every table recomputed from the raw files alone, in plain Python, by the documents alone.

The rules are those of ``docs/catalog.md``, ``docs/listening.md`` and ``docs/releases.md``; each
module names the section that it follows. Nothing here imports ``spotify_assets``: only ``conftest``
and the tests run the program, and hold what it publishes against this.
"""
