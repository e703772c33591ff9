"""An S3 of this machine, for benches that put the lake there."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from benchmarks.measuring import BenchmarkError

NAME = "bench"


@contextmanager
def bucket_of_moto() -> Iterator[str]:
    """The URL of an empty bucket of an S3 on this machine, spoken to over HTTP."""
    try:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only here
    except ImportError as error:
        raise BenchmarkError("--on-s3 needs moto: pip install -e '.[s3-tests]'") from error
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",  # pragma: allowlist secret
            "AWS_REGION": "us-east-1",
        }
        requests.put(f"http://{host}:{port}/{NAME}", timeout=10).raise_for_status()
        yield f"s3://{NAME}"
    finally:
        server.stop()
