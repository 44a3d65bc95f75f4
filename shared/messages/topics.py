"""Every stream: its name, who writes and reads it, what travels on it and how long it may grow."""

from __future__ import annotations

from dataclasses import dataclass

from shared.messages.commands import (
    LookAtClip,
    ProbeCamera,
    Restart,
    ShowLive,
    SyncCamera,
    SyncRules,
    TakeBurst,
    TakeSnapshot,
)
from shared.messages.events import EventEnded, EventJudged, EventRaised
from shared.messages.findings import FindingMade
from shared.messages.frames import FrameCaptured
from shared.messages.health import CameraCameUp, CameraWentDown, GapRecorded
from shared.messages.message import Message
from shared.messages.presences import PresenceChanged, PresenceEnded, PresenceStarted


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of stream.

    A sharded topic is one stream per shard. `droppable` streams are trimmed to `bound` entries as they are
    written; the others are trimmed only as far as every group in `consumers` has acknowledged, and `bound` is
    the length beyond which the writer warns.
    """

    name: str
    messages: tuple[type[Message], ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    bound: int
    sharded: bool = False
    droppable: bool = False

    def stream(self, shard: int | None = None) -> str:
        """The Redis key of the stream."""
        if self.sharded != (shard is not None):
            raise ValueError(f"topic {self.name} is {'' if self.sharded else 'not '}sharded, got shard {shard}")
        return self.name if shard is None else f"{self.name}:{shard}"


FRAMES = Topic(
    name="frames",
    messages=(FrameCaptured,),
    producers=("ingest",),
    consumers=("eye",),
    bound=128,
    sharded=True,
    droppable=True,
)
PRESENCES = Topic(
    name="presences",
    messages=(PresenceStarted, PresenceChanged, PresenceEnded),
    producers=("eye",),
    consumers=("brain",),
    bound=50_000,
    sharded=True,
)
HEALTH = Topic(
    name="health",
    messages=(CameraWentDown, CameraCameUp, GapRecorded),
    producers=("ingest",),
    consumers=("brain",),
    bound=10_000,
)
EVENTS = Topic(
    name="events",
    messages=(EventRaised, EventJudged, EventEnded),
    producers=("brain", "gateway"),
    consumers=("alerts",),
    bound=10_000,
)
FINDINGS = Topic(
    name="findings",
    messages=(FindingMade,),
    producers=("modules", "brain"),
    consumers=("brain",),
    bound=10_000,
)
COMMANDS = Topic(
    name="commands",
    messages=(SyncCamera, SyncRules, TakeSnapshot, TakeBurst, ShowLive, ProbeCamera, LookAtClip, Restart),
    producers=("gateway", "cli", "brain"),
    consumers=(),
    bound=1_000,
    droppable=True,
)

TOPICS: tuple[Topic, ...] = (FRAMES, PRESENCES, HEALTH, EVENTS, FINDINGS, COMMANDS)

# Keys that are not streams stand here too, so that no two services invent the same one.
CAMERA_STATUS = "camera:{slug}:status"
"""Hash written by ingest: what `CameraStatus` holds."""
CAMERA_SNAPSHOT = "camera:{slug}:snapshot:{width}"
"""A `SnapshotAnswer` that ingest gave a moment ago; `width` is the one that was asked for, 0 for none."""
LIVE_PICTURES = "shown:pictures:{slug}"
"""A channel (publish and subscribe): a camera's pictures as they come, `SnapshotAnswer`s, while somebody watches."""
LIVE_DRAWN = "shown:drawn:{slug}"
"""The same pictures with what the eye sees drawn onto them."""
EYE_STATE = "eye:state:{slug}"
"""JSON written by the eye with every frame it acknowledges: tracker and presences of a camera."""
RETENTION_WANTED = "retention:wanted"
"""There when somebody asked for what is too old to go now, and could not wait for all of it; the brain takes it up."""
EYE_INFO = "eye:info"
"""Hash written by each eye: backend, model, provider and why."""
LIVENESS = "live:{service}:{instance}"
"""Expiring hash written by every service while its main loop makes progress."""
ALERT_TEST_WANTED = "alerts:test:wanted:{reply_to}"
"""There while somebody waits for this test alert, and a second longer; who removes it carries the order out."""
ALERT_TEST_COUNT = "alerts:test:count:{account}"
"""Expiring number of test alerts that an account ordered within a minute."""
ALERT_PACE = "alerts:pace:{name}"
"""Expiring: when the next message under a provider's limit would be on time; `name` holds no secret."""
LOGS = "logs"
"""Bounded stream of structured log records of all services."""
REPLY = "reply:{id}"
"""Expiring list of the answers to one order: the order names it, and `Replies` writes and reads it."""
CLIP = "eye:clip:{id}"
"""Expiring bytes of a clip that an eye is to look at; it takes them away."""
MODULE_JOB = "modules:job:{id}"
"""Expiring hash of one job for a specialist, written by whoever asked and by the worker: what `JobBook` keeps."""
MODULE_JOBS_OPEN = "modules:open"
"""Sorted set of the jobs that are queued or being done, by the order they came in: what queue positions count."""
MODULE_JOBS_COUNT = "modules:count"
"""Number of jobs ever submitted: what `MODULE_JOBS_OPEN` is ordered by."""
MODULE_WORKERS = "modules:workers"
"""Set of the instances of workers that may be alive; the living ones have a `MODULE_WORKER`."""
MODULE_ORDERS = "module_orders"
"""Not a stream: what rows of the outbox say that are no messages but jobs for specialists (`ModuleOrder`)."""
MODULE_SCENE = "modules:scene:{camera}:{module}"
"""Expiring id of the job in which a module last looked at a camera's scene: the next waits until it has ended."""
MODULE_MEMORY = "modules:memory:{camera}:{module}"
"""Expiring bytes, 64 KiB at most: what a module remembers of a camera's scene from one look to the next."""
MODULES_KNOWN = "modules:known"
"""Hash of what each specialist was when a worker last told of it, by its name: what it wants to be shown."""
MODULE_WORKER = "modules:worker:{instance}"
"""Expiring JSON written by each worker: its specialists, which of them can run, why not, and on which queue."""
SWITCH_OFFS = "alerts:switch_offs"
"""Sorted set of the recipients whose device is to be switched off, by when, in ms: what `SwitchOffs` keeps."""
SWITCH_OFF_HOW = "alerts:switch_offs:how"
"""Hash of what switching off needs, sealed, by recipient; there as long as the recipient is in `SWITCH_OFFS`."""
DEVICES_DISARMED = "alerts:disarmed"
"""Hash of how many times each recipient's device was disarmed."""
STREAMS_OPEN = "gateway:streams"
"""Expiring hash of the streams each worker of the gateway has open, by kind and account: JSON with Redis's time."""
