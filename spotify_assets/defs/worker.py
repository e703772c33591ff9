"""What `celery --app spotify_assets.defs.worker` serves.

Belongs here: nothing else; whoever imports it opens Dagster's instance.
"""

from spotify_assets.defs.workers import application

app = application()
