"""The trackers by name. Strings only: nothing is imported until it is asked for."""

CATALOGUE = {
    "bytetrack": "services.eye.trackers.bytetrack:ByteTracker",
}
