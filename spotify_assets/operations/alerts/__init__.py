"""Alerts: what is wrong, told once when it begins and once when it is over.

Belongs here: incidents, the store of those that are open, the messages about them, and the channels
that carry the messages. Does not belong here: finding out what is wrong, and anything that knows
Dagster; both call this package.
"""

from spotify_assets.operations.alerts.channels import Channel, DeliveryError, Email, Letter, Webhook
from spotify_assets.operations.alerts.incidents import Incident, Kind, Severity
from spotify_assets.operations.alerts.messages import Message, Notice, State
from spotify_assets.operations.alerts.store import Alerts, AlertsError, Undelivered

__all__ = [
    "Alerts",
    "AlertsError",
    "Channel",
    "DeliveryError",
    "Email",
    "Incident",
    "Kind",
    "Letter",
    "Message",
    "Notice",
    "Severity",
    "State",
    "Undelivered",
    "Webhook",
]
