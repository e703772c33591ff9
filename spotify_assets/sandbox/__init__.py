"""A local Spotify Web API, so that the project can be used without an account.

What belongs here: an invented (or read) catalog, what changes in it from day to day, and an HTTP
server that shows it in the words of the real API, with its limits, errors and traps.

What does not: anything of the project's own pipeline. The sandbox imports nothing from the rest of
the package, and the rest knows it only as a server behind a URL. It holds nothing of Spotify's.

Modules, from the ground up: ``draws`` (numbers out of hashes), ``names`` (words), ``columns`` (the
shape of a catalog), ``catalog`` and ``track_table`` (how one is made), ``drift`` (days),
``search``; ``modes``, ``errors``, ``tokens``, ``markets``, ``paging``, ``objects`` and ``users``
(the API's words); ``repertoire`` and ``listening`` (what is played, and when), ``recently_played``
and ``exports`` (what the API and the exports tell of it); ``label`` and ``label_files`` (an
invented label, and what the platforms' downloads tell of it); ``endpoints`` and their ``families``;
``behaviour`` (what can be set), ``clock``, ``limits``, ``faults``, ``log``, ``accounts`` (grants)
and ``state`` (all that is held); ``sign_in``, ``control``, ``traffic``, ``api`` and ``server``
(HTTP).
"""

DATE_HEADER = "X-Sandbox-Date"
"""Request header with the day (YYYY-MM-DD) that the sandbox is to answer for."""

CLIENT_ID = "sandbox"
CLIENT_SECRET = "sandbox"  # noqa: S105 - it guards nothing: the sandbox is public and local  # pragma: allowlist secret
