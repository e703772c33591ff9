"""The Spotify Web API, asked within its rules, on spotipy.

Belongs here: requests, paging, retries, typed errors, and the journal of what came back.
Does not belong here: what the responses mean as rows.
"""
