"""Comments of listeners."""

import datetime as dt

from spotify_assets.operations.alerts.causes.wording import key_of, literal, query
from spotify_assets.operations.alerts.incidents import Incident


def comments_drift(
    subject: str, day: dt.date, share: float, usual: float, comments: int
) -> Incident:
    """Comments are about something else than they were, or labels are unsure more often.

    Args:
        subject: ``unsure``, or ``topic`` and its code.
        day: Last day of the week.
        share: Of the comments of that week.
        usual: In the four weeks before.
        comments: How many that week has.
    """
    what = f"the {subject}" if subject.startswith("topic ") else f"`{subject}`"
    _, _, topic = subject.partition(" ")
    which = f"list_contains(l.topics, {literal(topic)})" if topic else "l.category = 'unsure'"
    some = query(
        "SELECT c.date, l.category, c.text FROM comments.current_label AS l JOIN "  # noqa: S608
        f"comments.comments AS c USING (comment_id) WHERE {which} AND c.date > DATE '{day}' - 7 "
        "ORDER BY c.date DESC LIMIT 20"
    )
    return Incident(
        key_of("comments_drift", topic or subject),
        "comments_drift",
        f"{share:.0%} of the comments of the week to {day} are of {what}, usually {usual:.0%}",
        f"Of {comments:,} comments. Something has happened that people talk about, or comments are "
        f"of another kind than the labeller has learned. Some of them:\n  {some}\n\n"
        "To decide what they are, so that the labels can be trusted:\n  spotify-assets review",
        "warning",
        dt.datetime.combine(day, dt.time(), dt.UTC),
    )
