"""A line of a raw file: a question to the API and its answer, byte for byte.

Belongs here: how an exchange is written and read, and what of an answer counts. Does not belong
here: the files that the lines stand in, which are ``journal`` and ``raw``.

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
from typing import Any, Literal

Source = Literal["spotify", "sandbox"]
FORBIDDEN = 403
# A lone UTF-16 surrogate is JSON to Python but to no database: such a body is kept as text.
LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


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
    """``body`` as strict JSON; ``None`` where it is not JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        # Decoded here: from bytes `loads` also takes UTF-16, a byte order mark and surrogates, and
        # none of these can stand inside a line.
        return json.loads(body.decode(), parse_constant=refuse)
    except (ValueError, RecursionError):
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
    on_one_line = b"\n" not in body and b"\r" not in body
    if on_one_line and not LONE_SURROGATE.search(body) and parse(body) is not None:
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
    record = json.loads(line)
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


def is_final(response: Response) -> bool:
    """Whether asking again is of no use: a readable answer, or a refusal of the request itself."""
    if response.status == 200:  # noqa: PLR2004
        return response.json() is not None
    return response.status in (400, FORBIDDEN, 404)
