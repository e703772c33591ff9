"""``review`` and ``topics``: what persons decide about comments, in the terminal."""

import getpass
import sys
from typing import Annotated

import click
import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop, stopping
from spotify_assets.commands.terminal import out, show_table
from spotify_assets.operations.curation import (
    Curator,
    Waiting,
    Wanted,
    accept_topic,
    refuse_topic,
    topics_of,
    work_list,
)
from spotify_assets.schemas.comments import CATEGORIES, LANGUAGES
from spotify_assets.settings import Settings
from spotify_assets.transforms.comments.topics import CATEGORY_NAMES, Topic
from spotify_assets.warehouse.reading import read_only

KEYS = {"p": "praise", "c": "criticism", "s": "suggestion", "q": "question", "x": "spam"}
AGREE, SKIP, TOPICS, BACK, END = ("\r", "\n"), " ", "t", "b", ("e", "\x1b", "\x04")
STOPPED = "Stopped. What was decided is kept; the next publication has it."
app = typer.Typer(help="The topics that comments can be about.", add_completion=False)


def review(
    category: Annotated[
        str, typer.Option(help=f"Which: one of {', '.join(CATEGORIES)}, or all.")
    ] = "unsure",
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Only of this language, e.g. pt.")
    ] = None,
    topic: Annotated[str | None, typer.Option(help="Only of this topic.")] = None,
    comment: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this comment, decided or not.")
    ] = None,
    decide: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="CATEGORY", help="With --comment: what it is; nobody is asked."
        ),
    ] = None,
    topics: Annotated[
        str | None,
        typer.Option(help="With --as: what it is about, separated by commas; else as labelled."),
    ] = None,
    curator: Annotated[
        str | None, typer.Option(help="Who decides; else SPOTIFY_CURATOR, or your user.")
    ] = None,
) -> None:
    """Decide what comments are, with one key a comment; it counts over every label.

    The least sure come first. Each decision is on the disk before the next comment is shown, with
    who decided and when.
    """
    settings = settings_or_stop(secrets=False)
    if category not in (*CATEGORIES, "all"):
        stop(f"{category!r} is none of {', '.join(CATEGORIES)}, all.", USAGE)
    if decide is not None and comment is None:
        stop("Say which comment that is: --comment ID.", USAGE)
    wanted = Wanted(None if category == "all" else category, language, topic, comment)
    waiting = work_list(settings.database, settings.lake, wanted)
    if comment and not waiting:
        stop(f"There is no comment {comment}.", USAGE)
    person = Curator(curator or settings.curator or getpass.getuser(), settings.lake)
    with stopping(STOPPED):
        if decide is not None:
            said = (
                None
                if topics is None
                else [one.strip() for one in topics.split(",") if one.strip()]
            )
            person.decide(waiting[0], decide, said)
            decided = 1
        else:
            decided = _ask(person, waiting)
        if decided:
            _publish(settings)
    out.print(f"{decided} decided, {len(waiting) - decided} left.")


def _ask(person: Curator, waiting: list[Waiting]) -> int:
    """Show one after the other until all are decided, or the person ends it; how many were."""
    if not waiting:
        return 0
    decided: set[str] = set()
    known, number = set(topics_of(person.lake).topics), 0
    for letter, name in KEYS.items():
        out.print(f"  {letter}  {' / '.join(dict.fromkeys(CATEGORY_NAMES[name]))}")
    out.print("  Enter as labelled, space skip, t topics, b back, e end\n")
    topics: list[str] | None = None
    while number < len(waiting):
        comment = waiting[number]
        _show(comment, number, len(waiting), topics)
        key = _key()
        if key in END:
            break
        if key == BACK:
            number, topics = max(0, number - 1), None
        elif key == SKIP:
            number, topics = number + 1, None
        elif key == TOPICS:
            topics = _topics(known) or topics
        elif category := _category(key, comment):
            person.decide(comment, category, topics)
            decided.add(comment.comment_id)
            number, topics = number + 1, None
    return len(decided)


def _category(key: str, comment: Waiting) -> str | None:
    if key in AGREE:
        is_sure = comment.category not in (None, "unsure")
        return comment.category if is_sure else None
    return KEYS.get(key.lower())


def _show(comment: Waiting, number: int, of: int, topics: list[str] | None) -> None:
    said = f"{comment.category or 'no label'}"
    if comment.confidence is not None:
        said += f" {comment.confidence:.0%}"
    about = ", ".join(comment.topics if topics is None else topics) or "no topic"
    place = [comment.source, comment.language, str(comment.date), comment.release]
    out.print(f"{number + 1}/{of}  {' · '.join(filter(None, place))}", style="dim")
    out.print(comment.text, soft_wrap=True)
    out.print(f"  {said}; {about}", style="dim")


def _key() -> str:
    """One key; the end of the input ends it as Esc does."""
    if not sys.stdin.isatty():
        return sys.stdin.read(1) or END[0]
    try:
        return click.getchar()
    except EOFError:
        return END[0]


def _topics(known: set[str]) -> list[str] | None:
    out.print(f"  {', '.join(sorted(known))}", style="dim")
    said = input("topics, separated by commas: ")
    chosen = [one.strip() for one in said.split(",") if one.strip()]
    if unknown := [one for one in chosen if one not in known]:
        out.print(f"There is no topic {unknown[0]!r}.", style="red")
        return None
    return chosen


def _publish(settings: Settings) -> None:
    from spotify_assets.defs.publication import publish_now  # noqa: PLC0415 - slow to import

    publish_now(settings)


@app.callback(invoke_without_command=True)
def listed(context: typer.Context) -> None:
    """Show the vocabulary, and what labellers propose for it."""
    if context.invoked_subcommand is not None:
        return
    settings = settings_or_stop(secrets=False)
    topics = topics_of(settings.lake).topics
    rows = [[code, *(one.names[name] for name in LANGUAGES)] for code, one in topics.items()]
    show_table("Topics", ["topic", *LANGUAGES], rows)
    if not settings.database.exists():
        return
    with read_only(settings.database) as connection:
        proposed = connection.execute(
            "SELECT p.proposed_topic, p.comments, c.text FROM comments.topic_proposals AS p "
            "JOIN comments.comments AS c ON c.comment_id = p.example ORDER BY p.comments DESC"
        ).fetchall()
    if proposed:
        show_table("Proposed", ["topic", "comments", "such as"], proposed)


@app.command()
def accept(
    topic: Annotated[str, typer.Argument(help="Its code, such as show_parking.")],
    en: Annotated[str, typer.Option(help="Name in English.")],
    pt: Annotated[str, typer.Option(help="Name in Portuguese.")],
    es: Annotated[str, typer.Option(help="Name in Spanish.")],
    meaning: Annotated[str, typer.Option(help="What belongs to it.")],
    word: Annotated[
        list[str] | None,
        typer.Option(help="A word by which it may be known (vocal* is what begins so)."),
    ] = None,
) -> None:
    """Put a topic into the vocabulary; comments whose label proposed it have it at once."""
    settings = settings_or_stop(secrets=False)
    names = {"en": en, "pt": pt, "es": es}
    if not all(one.strip() for one in (*names.values(), meaning)):
        stop("A topic needs a name in each language, and what belongs to it.", USAGE)
    accept_topic(settings.lake, topic, Topic(names, meaning, tuple(word or ())))
    _publish(settings)
    out.print(f"{topic} is a topic from now on.")


@app.command()
def refuse(topic: Annotated[str, typer.Argument(help="As it is proposed.")]) -> None:
    """Have nobody asked about a proposed topic again, or take one of yours out again."""
    settings = settings_or_stop(secrets=False)
    refuse_topic(settings.lake, topic)
    _publish(settings)
    out.print(f"{topic} is not proposed any more.")
