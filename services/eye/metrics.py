"""What the eye counts."""

from prometheus_client import Counter, Gauge, Histogram

FRAMES = Counter("argus_eye_frames", "Frames that reached the eye", ["outcome"])
DETECT_SECONDS = Histogram("argus_eye_detect_seconds", "Time of one detector call")
BATCH_FRAMES = Histogram("argus_eye_batch_frames", "Frames per detector call", buckets=(1, 2, 4, 8, 16, 32, 64))
CAPTURED_TO_TOLD_SECONDS = Histogram(
    "argus_eye_captured_to_told_seconds",
    "From a frame's capture to the presences it changed being published",
    buckets=(0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
PRESENCES = Counter("argus_eye_presences", "Presence messages", ["phase"])
CAMERAS = Gauge("argus_eye_cameras", "Cameras being looked at", multiprocess_mode="livesum")
