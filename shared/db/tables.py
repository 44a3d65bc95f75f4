"""Every table, in one place for migrations and for readers."""

from shared.db.accounts import Account, ApiKey, AuditRow
from shared.db.appearances import Appearance
from shared.db.base import Base
from shared.db.cameras import Camera, CameraGap, ZoneRow
from shared.db.decisions import DecisionRow
from shared.db.deliveries import Alert, Delivery, DeliveryAttempt, Judgement, Webhook
from shared.db.events import ANYWHERE, Event, OutboxRow, Recognition, RuleFiring, RuleRow
from shared.db.feedback import Feedback
from shared.db.incidents import Incident, IncidentAlert, IncidentSlot, IncidentTelling
from shared.db.login_sessions import LoginSession
from shared.db.people import FaceSample, Person
from shared.db.plates import ListedPlate
from shared.db.recipients import RecipientRow
from shared.db.sequences import SequenceHit
from shared.db.verdicts import Case, VerdictRow

__all__ = [
    "ANYWHERE",
    "Account",
    "Alert",
    "ApiKey",
    "Appearance",
    "AuditRow",
    "Base",
    "Camera",
    "CameraGap",
    "Case",
    "DecisionRow",
    "Delivery",
    "DeliveryAttempt",
    "Event",
    "FaceSample",
    "Feedback",
    "Incident",
    "IncidentAlert",
    "IncidentSlot",
    "IncidentTelling",
    "Judgement",
    "ListedPlate",
    "LoginSession",
    "OutboxRow",
    "Person",
    "RecipientRow",
    "Recognition",
    "RuleFiring",
    "RuleRow",
    "SequenceHit",
    "VerdictRow",
    "Webhook",
    "ZoneRow",
]
