"""Incidents, a clock that tests set, and a channel that writes down."""

import datetime as dt
from dataclasses import dataclass, field

from spotify_assets.operations.alerts import Alerts, Incident, Kind, Message
from spotify_assets.operations.alerts.channels import DeliveryError

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def incident(name: str, kind: Kind = "run_failure", title: str | None = None) -> Incident:
    return Incident(
        key=f"{kind}/{name}",
        kind=kind,
        title=title or f"The run of {name} failed",
        body=f"{name} has no tracks.",
        severity="error",
        since=NOON,
    )


ROCK, FORRO, MPB = incident("rock"), incident("forró"), incident("mpb")


def opens(alerts: Alerts, incident: Incident) -> None:
    """It is seen beside what is open of its kind."""
    alerts.observe(incident.kind, [*_others(alerts, incident), incident])


def ends(alerts: Alerts, incident: Incident) -> None:
    """All that is open of its kind is seen, but not it."""
    alerts.observe(incident.kind, _others(alerts, incident))


def _others(alerts: Alerts, than: Incident) -> list[Incident]:
    found = alerts.open_incidents()
    return [one for one in found if one.kind == than.kind and one.key != than.key]


class Clock:
    """Noon, until it is put forward."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, minutes: float = 0, **more: float) -> None:
        self.now += dt.timedelta(minutes=minutes, **more)


class Killed(BaseException):
    """Stands for a process that ends here."""


@dataclass
class Paper:
    """A channel that writes messages down, while it is not down itself."""

    name: str = "paper"
    messages: list[Message] = field(default_factory=list)
    trouble: BaseException | None = None
    trouble_after: BaseException | None = None

    def send(self, message: Message) -> None:
        if self.trouble:
            raise self.trouble
        self.messages.append(message)
        if self.trouble_after:
            raise self.trouble_after

    @property
    def told(self) -> list[tuple[str, list[str]]]:
        """State and keys of each message."""
        return [(m.state, [n.incident.key for n in m.notices]) for m in self.messages]


DOWN = DeliveryError("The server is down.")
