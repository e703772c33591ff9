"""An S3 on this machine, spoken to over HTTP, that fails when a test wants it to."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from spotify_assets.lake.store import Remote

Environment = dict[str, Any]
STATUS = {
    "SlowDown": "503 Slow Down",
    "InternalError": "500 Internal Server Error",
    "AccessDenied": "403 Forbidden",
    "InvalidAccessKeyId": "403 Forbidden",
    "SignatureDoesNotMatch": "403 Forbidden",
    "RequestTimeTooSkewed": "403 Forbidden",
    "ExpiredToken": "400 Bad Request",
    "RequestTimeout": "400 Bad Request",
    "AuthorizationHeaderMalformed": "400 Bad Request",
    "KMS.DisabledException": "400 Bad Request",
    "ConditionalRequestConflict": "409 Conflict",
    "NotImplemented": "501 Not Implemented",
}
"""Of each error that S3 documents and that a lake can meet."""
numbers = itertools.count()


@dataclass
class S3:
    """The server; ``fail`` says of a request (method, path) whether and how it fails.

    By an error of `STATUS`; ``lost``: it is done, and the answer says otherwise; ``half``: the
    answer ends before its end.
    """

    url: str = ""
    fail: Callable[[str, str], str | None] = field(default=lambda _method, _path: None)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, environ: Environment, start: Callable[..., Any], app: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        # A listing is of the bucket; of which folder, its question says.
        asked = parse_qs(environ["QUERY_STRING"]).get("prefix", [""])[0]
        self.requests.append((method, f"{path}/{asked}" if asked else path))
        how = self.fail(method, path)
        if how is None:
            return app(environ, start)  # type: ignore[no-any-return]
        if how in ("lost", "half"):
            whole = b"".join(app(environ, lambda *_: None))
        else:
            # What was sent is read: else the connection breaks before the answer.
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if how == "half":
            start("200 OK", [("Content-Length", str(len(whole) + 1))])
            return [whole]
        code = "InternalError" if how == "lost" else how
        body = f"<Error><Code>{code}</Code><Message>As a test wants it.</Message></Error>".encode()
        start(STATUS[code], [("Content-Length", str(len(body)))])
        return [body]

    def bucket(self) -> str:
        """A new one."""
        import requests  # noqa: PLC0415

        name = f"bucket-{next(numbers)}"
        requests.put(f"{self.url}/{name}", timeout=10).raise_for_status()
        self.requests.clear()
        return name

    def store(self, bucket: str, prefix: str = "lake") -> Remote:
        from obstore.store import S3Store  # noqa: PLC0415

        return Remote(
            S3Store(
                bucket,
                prefix=prefix,
                endpoint=self.url,
                access_key_id="key",
                secret_access_key="secret",  # noqa: S106 # pragma: allowlist secret
                region="us-east-1",
                client_options={"allow_http": True},
                # What fails fails at once: the attempts of ours are looked at.
                retry_config={"max_retries": 0},
            ),
            f"s3://{bucket}/{prefix}",
        )


@contextmanager
def running() -> Iterator[S3]:
    pytest.importorskip("moto", reason="needs the extra s3-tests: `make test-all` installs it")
    from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    app = DomainDispatcherApplication(create_backend_app)
    s3 = S3()
    server = make_server(
        "127.0.0.1", 0, lambda environ, start: s3.answer(environ, start, app), threaded=True
    )
    s3.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        thread.join()
