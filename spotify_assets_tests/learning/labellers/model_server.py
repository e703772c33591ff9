"""A language model over real HTTP that answers as it is told, well or badly.

What it says of a comment depends on the comment's first word alone: ``cut``, ``html`` and so on are
faults, each of which it has as often as it is told; then it answers well.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = {
    "category": "praise",
    "confidence": 0.9,
    "topics": ["vinyl"],
    "proposed_topics": ["light_show"],
    "language": "en",
}
ALWAYS = 1_000_000
SAID = {
    "cut": json.dumps(GOOD)[:25],
    "wrong": json.dumps(GOOD | {"category": "excellent"}),
    "prose": "Error: internal model failure",
    "more": json.dumps(GOOD | {"extra": 1}),
    "sure": json.dumps(GOOD | {"confidence": 40}),
    "code": json.dumps(GOOD | {"topics": ["DROP TABLE; --"]}),
    "nothing": "",
}
"""Faults of the model."""
BODIES = {"html": "<html>Bad gateway</html>", "half": '{"choices": [{"mess', "empty": "{}"}
"""Faults of what is between; they come with 200."""
STATUSES = {"busy": 429, "broken": 500, "gone": 503, "refused": 400}


@dataclass
class ModelServer:
    """What was asked of it."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    by_text: Counter[str] = field(default_factory=Counter)
    faults: Mapping[str, int] = field(default_factory=dict)
    """First word of a comment → how often it is answered by that fault."""
    status: int | None = None
    """Of every answer, whatever is asked."""
    retry_after: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def model_server(**told: Any) -> Iterator[ModelServer]:
    """A server on a free port, as long as the block lasts."""
    state = ModelServer(**told)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            comment = json.loads(asked["messages"][1]["content"])["comment"]
            with state.lock:
                state.asked.append(asked)
                state.by_text[comment] += 1
                number = state.by_text[comment]
            fault = comment.split(" ")[0]
            has_it = number <= state.faults.get(fault, 0)
            if state.status:
                self._send(state.status, "{}")
            elif has_it and fault == "silent":
                time.sleep(1.5)
            elif has_it and fault in STATUSES:
                self._send(STATUSES[fault], '{"error": {"message": "no"}}')
            elif has_it and fault in BODIES:
                self._send(200, BODIES[fault], "text/html" if fault == "html" else None)
            else:
                said = SAID[fault] if has_it else json.dumps(GOOD)
                message = {"role": "assistant", "content": said}
                usage = {"prompt_tokens": 100, "completion_tokens": 20}
                self._send(200, json.dumps({"choices": [{"message": message}], "usage": usage}))

        def _send(self, status: int, body: str, kind: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind or "application/json")
            if state.retry_after and status != 200:
                self.send_header("Retry-After", state.retry_after)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
