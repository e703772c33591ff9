"""How a table is made, as the source of its expression: some forty lines that can be read.

The SQL that Ibis makes of it nests a query for each step, hundreds of lines with names such as t24.

Belongs here: finding the functions. Does not belong here: what they do (`transforms`).
"""

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from spotify_assets.transforms import relations

Function = Callable[..., Any]
PACKAGE = relations.__name__.rpartition(".")[0]


def source(function: Function) -> str:
    """The function and all of `transforms` that it calls, each once, in the order of the calls."""
    return "\n\n\n".join(map(_text, _with_called(function, set())))


@cache
def _text(function: Function) -> str:
    # Many call the same, and finding the end of a function takes a millisecond.
    return inspect.getsource(function).rstrip()


def _with_called(function: Function, seen: set[Function]) -> Iterator[Function]:
    function = inspect.unwrap(function)
    if function in seen:
        return
    seen.add(function)
    yield function
    for name in function.__code__.co_names:
        called = function.__globals__.get(name)
        # How a contract becomes a table of Ibis says nothing of the table.
        if inspect.isfunction(called) and _is_of_transforms(called):
            yield from _with_called(called, seen)


def _is_of_transforms(function: Function) -> bool:
    module = function.__module__
    return module.startswith(f"{PACKAGE}.") and module != relations.__name__
