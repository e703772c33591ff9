"""What lies between a request and the API: the log, limits, and faults.

What does not belong here: when a limit is reached (``limits``), which fault is due and what it says
(``faults``), and the API itself.
"""

import asyncio
import socket
import struct
import time
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotify_assets.sandbox import DATE_HEADER, faults
from spotify_assets.sandbox.control import CONTROL
from spotify_assets.sandbox.families import ROOT, family
from spotify_assets.sandbox.faults import Answer, Luck
from spotify_assets.sandbox.log import SECRET_PARAMS, Entry
from spotify_assets.sandbox.server import TRANSPORT
from spotify_assets.sandbox.state import State

_DATE_HEADER = DATE_HEADER.lower().encode()
# Linger for no time: the connection then ends with a reset.
_NO_LINGER = struct.pack("ii", 1, 0)


class Traffic:
    """Middleware: every request but those for control goes through it."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note a request, and answer it or let it be answered."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        entry = self._arrived(scope)
        # Endpoints note their rows here.
        scope.setdefault("state", {})["entry"] = entry
        exchange = _Exchange(scope, receive, send, entry, self._state)
        try:
            await self._answer(exchange)
        finally:
            exchange.end()

    def _arrived(self, scope: Scope) -> Entry:
        log, path = self._state.log, scope["path"]
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        day = next((value for name, value in scope["headers"] if name == _DATE_HEADER), None)
        entry = Entry(
            ordinal=len(log) + 1,
            received_at=time.time(),
            clock_at=self._state.clock.now(),
            method=scope["method"],
            path=path,
            family=family(path),
            params={name: value for name, value in query if name not in SECRET_PARAMS},
            day=None if day is None else day.decode("latin-1"),
        )
        log.add(entry)
        return entry

    async def _answer(self, exchange: "_Exchange") -> None:
        entry = exchange.entry
        luck = Luck(self._state.behaviour.seed, entry.ordinal)
        instead = self._instead(entry, luck)
        if instead is not None:
            await exchange.say(instead)
            return
        match entry.fault:
            case None:
                await exchange.pass_on(self._app)
            case "slow":
                await asyncio.sleep(self._state.behaviour.slow_s)
                await exchange.pass_on(self._app)
            case "reset":
                await exchange.reset()
            case "cut_body":
                await exchange.cut(await exchange.ask(self._app))
            case fault:
                await exchange.say(faults.corrupted(fault, await exchange.ask(self._app), luck))

    def _instead(self, entry: Entry, luck: Luck) -> Answer | None:
        """Return what is said instead of the API's answer, if anything; note why in the entry."""
        behaviour, now = self._state.behaviour, time.time()
        is_api = entry.path.startswith(f"{ROOT}/")
        meter = self._state.meter
        refusal = meter.take(entry.family, entry.clock_at, behaviour) if is_api else None
        if refusal is not None:
            entry.fault = refusal.limit
            is_quota = refusal.limit == "quota"
            return faults.too_many(
                behaviour.too_many, luck, now, wait_s=refusal.wait_s, is_quota=is_quota
            )
        scripted = self._state.take_from_script(entry.family, is_api=is_api)
        if scripted is not None:
            fault, form = scripted.fault, scripted.too_many or behaviour.too_many
        else:
            fault, form = faults.drawn(behaviour, luck) if is_api else None, behaviour.too_many
        entry.fault = fault
        return None if fault is None else faults.instead(fault, form, luck, now)


class _Exchange:
    """A request, and the connection that its answer goes to."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, entry: Entry, state: State
    ) -> None:
        self.entry = entry
        self._scope, self._receive, self._send = scope, receive, send
        self._log = state.log
        self._transport: asyncio.Transport | None = scope["state"].get(TRANSPORT)
        self._has_ended = False

    def end(self) -> None:
        """Close the entry."""
        if not self._has_ended:
            self._has_ended = True
            self._log.complete(self.entry)

    async def pass_on(self, app: ASGIApp) -> None:
        """Let the API answer."""
        await app(self._scope, self._receive, self._noted)

    async def ask(self, app: ASGIApp) -> Answer:
        """Return the API's answer, unsent."""
        start: Message = {}
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await app(self._scope, self._receive, hold)
        if self.entry.fault in faults.UNREADABLE:
            self.entry.rows = None
        return Answer(start["status"], tuple(start["headers"]), bytes(body))

    async def say(self, answer: Answer) -> None:
        """Send an answer."""
        await self._start(answer)
        await self._noted({"type": "http.response.body", "body": answer.body})

    async def cut(self, answer: Answer) -> None:
        """Promise an answer, send half of its body, and close the connection."""
        await self._start(answer)
        half = answer.body[: len(answer.body) // 2]
        await self._noted({"type": "http.response.body", "body": half, "more_body": True})
        self.end()
        self._connection().close()
        await self._closed()

    async def reset(self) -> None:
        """Break the connection off, as a host does that knows nothing of it (RST)."""
        self.end()
        transport = self._connection()
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
        )
        transport.abort()
        await self._closed()

    async def _start(self, answer: Answer) -> None:
        await self._noted(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": list(answer.headers),
            }
        )

    async def _noted(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.entry.status = message["status"]
        else:
            self.entry.bytes_sent += len(message.get("body", b""))
            if not message.get("more_body"):
                # Before it is sent: who has the answer also finds it in the log.
                self.entry.whole = not (self._transport and self._transport.is_closing())
                self.end()
        await self._send(message)

    def _connection(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("Only the server of the sandbox can break connections off.")
        return self._transport

    async def _closed(self) -> None:
        # An application that returns before would be blamed for the missing rest.
        while (await self._receive())["type"] != "http.disconnect":
            pass
