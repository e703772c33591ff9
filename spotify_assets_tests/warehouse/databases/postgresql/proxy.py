"""A network between publisher and server that can be cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Hands bytes on to a port, until it is told or sees what to cut at."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.cut_at: bytes | None = None
        """Said by the client: what comes with it arrives, and no answer does."""
        self.was_cut = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                pair = client, socket.create_connection(("127.0.0.1", self._to))
                self._pairs.append(pair)
                for way in (pair, pair[::-1]):
                    threading.Thread(target=self._pump, args=(*way, pair), daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                if source is pair[0] and self.cut_at and self.cut_at in data:
                    break
        _cut(pair)
        if self.cut_at:
            self.was_cut.set()

    def cut(self) -> None:
        """Both sides find the connection gone."""
        while self._pairs:
            _cut(self._pairs.pop())

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()


def _cut(pair: tuple[socket.socket, socket.socket]) -> None:
    for each in pair:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@contextmanager
def between(to: int) -> Iterator[Proxy]:
    """A proxy before a port, until the body ends."""
    proxy = Proxy(to)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
