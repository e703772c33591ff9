"""What the processes do that tests kill, or start at the same time."""

import os
import signal
import sys
from pathlib import Path

from pydantic import SecretStr

from spotify_assets.operations.alerts import Alerts, Webhook
from spotify_assets_tests.operations.alerts.samples import incident, opens


def observes_when_told(path: str, url: str, incidents: int) -> None:
    """Observe, and deliver, as soon as there is a line on standard input."""
    sys.stdin.readline()
    alerts = Alerts(Path(path), [Webhook(SecretStr(url))])
    alerts.observe("run_failure", [incident(f"genre-{n}") for n in range(incidents)])
    alerts.deliver()


def dies_before_sending(path: str, url: str) -> None:
    """Take note of an incident, and be killed before anything is sent."""
    opens(Alerts(Path(path), [Webhook(SecretStr(url))]), incident("rock"))
    os.kill(os.getpid(), signal.SIGKILL)
