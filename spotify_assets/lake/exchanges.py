"""A line of a raw file: a question to the API and its answer, byte for byte.

Belongs here: how an exchange is written and read, and which answer is one. Does not belong here:
the files that the lines stand in, which are ``journal`` and ``raw``; what follows from an answer.

A line ends with the body, as it came. Where it is JSON on one line, its very bytes stand under the
name of the endpoint, so that each form of response is a column of its own to DuckDB. Else ``text``
holds the characters, or ``base64`` the bytes where they are no text.
"""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from spotify_assets.text import json_reader

Source = Literal["spotify", "sandbox"]
OK, FORBIDDEN = 200, 403
# JSON to our reader, but not to every other: a line end, half a surrogate pair, a byte order mark,
# a number that no reader has a type for. Such a body is kept as text.
NOT_PLAIN = re.compile(rb"[\n\r]|\\u[dD][89a-fA-F]|^\xef\xbb\xbf|[0-9]{400}")


@dataclass(frozen=True)
class Request:
    """A question to the API: what makes it the same question when it is asked again."""

    endpoint: str
    """Endpoint family, e.g. ``search`` or ``artists``."""
    path: str
    params: Mapping[str, str | int]

    @property
    def identity(self) -> str:
        """The same text for the same question."""
        return json.dumps([self.endpoint, self.path, dict(sorted(self.params.items()))])


@dataclass(frozen=True)
class Response:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    requested_at: dt.datetime
    elapsed_ms: int

    @property
    def received_at(self) -> dt.datetime:
        """When it was there."""
        return self.requested_at + dt.timedelta(milliseconds=self.elapsed_ms)

    def json(self) -> Any:
        """The body as JSON; ``None`` where it is not."""
        return parse(self.body)


@dataclass(frozen=True)
class Exchange:
    """One line of a raw file."""

    line: int
    request: Request
    response: Response


def parse(body: bytes) -> Any:
    """``body`` as JSON; ``None`` where it is not JSON."""
    try:
        return json_reader.read(body)
    except ValueError:
        return None


def encode(line: int, request: Request, response: Response) -> bytes:
    """One line of a raw file, with its line end."""
    head = {
        "seq": line,
        "endpoint": request.endpoint,
        "path": request.path,
        "params": dict(request.params),
        "status": response.status,
        "headers": dict(response.headers),
        "requested_at": response.requested_at.isoformat(),
        "elapsed_ms": response.elapsed_ms,
        "bytes": len(response.body),
        "sha256": hashlib.sha256(response.body).hexdigest(),
    }
    return _dump(head)[:-1] + _encode_body(request.endpoint, response.body) + b"}\n"


def _encode_body(endpoint: str, body: bytes) -> bytes:
    if not NOT_PLAIN.search(body) and parse(body) is not None:
        return b"," + _dump(endpoint) + b":" + body
    try:
        return b',"text":' + _dump(body.decode())
    except UnicodeDecodeError:
        return b',"base64":' + _dump(base64.b64encode(body).decode())


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decode(line: bytes) -> Exchange:
    """The exchange of a line, with the body's very bytes.

    Raises:
        ValueError: The line is not one that `encode` made, or its bytes are not those that came.
    """
    # The line is one level more than the body.
    record = json_reader.read(line, max_depth=json_reader.MAX_DEPTH + 1)
    if record["endpoint"] in record:
        # The first such key is ours: inside the strings of the head the quotes are escaped.
        key = b"," + _dump(record["endpoint"]) + b":"
        start = line.index(key) + len(key)
        body = line.rstrip(b"\n")[start:-1]
    elif "text" in record:
        body = record["text"].encode()
    else:
        body = base64.b64decode(record["base64"])
    if hashlib.sha256(body).hexdigest() != record["sha256"]:
        raise ValueError(f"the body of line {record['seq']} is not the one that came")
    return Exchange(
        record["seq"],
        Request(record["endpoint"], record["path"], record["params"]),
        Response(
            record["status"],
            record["headers"],
            body,
            dt.datetime.fromisoformat(record["requested_at"]),
            record["elapsed_ms"],
        ),
    )


def is_final(request: Request, response: Response) -> bool:
    """Whether asking again is of no use: a whole answer, or a refusal of the request itself."""
    if response.status == OK:
        return not flaw(request, response.json())
    return response.status in (400, FORBIDDEN, 404)


def flaw(request: Request, body: Any) -> str:
    """Why a body is no whole answer to a request; empty where it is one.

    A page is whole if it is a list, and of the positions that were asked for. What is on it may be
    anything: that is judged object by object.
    """
    if body is None:
        return "the body is not JSON"
    fields = body if isinstance(body, dict) else {}
    match request.path:
        case "search":
            kinds = [f"{kind}s" for kind in _listed(request, "type")]
            flaws = (_flaw_of_page(kind, fields.get(kind), request) for kind in kinds)
            return "; ".join(one for one in flaws if one)
        case "artists":
            wanted, found = len(_listed(request, "ids")), fields.get("artists")
            count = len(found) if isinstance(found, list) else 0
            return "" if count == wanted else f"it holds {count} of {wanted} artists"
        case "me/player/recently-played":
            return "" if isinstance(fields.get("items"), list) else "it holds no list of plays"
        case _:
            return ""


def _listed(request: Request, name: str) -> list[str]:
    return [one for one in str(request.params.get(name, "")).split(",") if one]


def _flaw_of_page(name: str, page: Any, request: Request) -> str:
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        return f"it holds no list of {name}"
    for key in ("offset", "limit"):
        said, asked = page.get(key), request.params.get(key)
        if is_number(said) and asked is not None and said != asked:
            return f"its page of {name} has the {key} {said}, not {asked}"
    return ""


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number of JSON; to Python `true` is one too."""
    return isinstance(value, int | float) and not isinstance(value, bool)
