"""An RTSP camera made of GStreamer, for tests. Run it with the system's Python (it needs `gi`).

Prints its port on the first line of stdout, then obeys lines on stdin: `freeze`, `thaw`, `drop` (cut every client
off) and `size WIDTHxHEIGHT`. Ends when stdin is closed. The stream is at /live.
"""

from __future__ import annotations

import argparse
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": (
        "x264enc tune=zerolatency speed-preset=ultrafast threads=1 key-int-max={gop} ! h264parse"
        " ! rtph264pay name=pay0 pt=96 config-interval=-1"
    ),
    "h265": (
        "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={gop} option-string=pools=1:frame-threads=1"
        " ! h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1"
    ),
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}


class Camera:
    """One mount point and what can befall it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._pipelines: list[Gst.Element] = []
        self._frozen = False
        self._size = options.size
        self._server = GstRtspServer.RTSPServer.new()
        self._server.set_service(str(options.port))
        self._server.set_address("127.0.0.1")
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(self._launch())
        factory.set_shared(True)
        # The last client's leave ends the media, so that a frozen or resized camera starts afresh.
        protocols = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}
        factory.set_protocols(protocols[options.transport])
        factory.connect("media-configure", self._configured)
        if options.auth != "none":
            self._guard(factory)
        self._server.get_mount_points().add_factory("/live", factory)
        self._server.attach(None)
        GLib.timeout_add_seconds(2, self._tidy)

    @property
    def port(self) -> int:
        return int(self._server.get_bound_port())

    def obey(self, line: str) -> None:
        """Carry out one order; called on GLib's thread."""
        order, _, value = line.strip().partition(" ")
        if order in ("freeze", "thaw"):
            self._frozen = order == "freeze"
            for pipeline in self._pipelines:
                pipeline.get_by_name("valve").set_property("drop", self._frozen)
        elif order == "drop":
            self._server.client_filter(lambda *_: GstRtspServer.RTSPFilterResult.REMOVE)
        elif order == "size":
            self._size = value
            for pipeline in self._pipelines:
                pipeline.get_by_name("size").set_property("caps", self._caps())
        sys.stdout.write(f"done {order}\n")
        sys.stdout.flush()

    def _launch(self) -> str:
        options = self._options
        encoder = ENCODERS[options.codec].format(gop=options.gop)
        source = "videotestsrc is-live=true pattern=ball animation-mode=frames"
        if options.clip:
            source = f'filesrc location="{options.clip}" ! decodebin ! identity sync=true'
        return (
            f"( {source} ! videorate ! video/x-raw,framerate={options.fps}/1 ! videoscale ! videoconvert"
            f" ! capsfilter name=size ! queue ! valve name=valve ! {encoder} )"
        )

    def _caps(self) -> Gst.Caps:
        width, height = self._size.split("x")
        return Gst.Caps.from_string(f"video/x-raw,format=I420,width={width},height={height}")

    def _configured(self, _: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia) -> None:
        pipeline = media.get_element()
        pipeline.get_by_name("size").set_property("caps", self._caps())
        self._pipelines.append(pipeline)
        media.connect("unprepared", lambda _: self._pipelines.remove(pipeline))

    def _guard(self, factory: GstRtspServer.RTSPMediaFactory) -> None:
        options = self._options
        auth = GstRtspServer.RTSPAuth.new()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if options.auth == "basic":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(options.user, options.password), token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(options.user, options.password, token)
        self._server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        for right in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("viewer", right, True)
        factory.set_permissions(permissions)

    def _tidy(self) -> bool:
        self._server.get_session_pool().cleanup()
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--codec", choices=ENCODERS, default="h264")
    parser.add_argument("--transport", choices=("tcp", "udp"), default="tcp")
    parser.add_argument("--auth", choices=("none", "basic", "digest"), default="none")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--clip", default="")
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--fps", type=int, default=10)
    parser.add_argument("--gop", type=int, default=10)
    Gst.init(None)
    camera = Camera(parser.parse_args())
    loop = GLib.MainLoop()

    def listen() -> None:
        for line in sys.stdin:
            GLib.idle_add(lambda line=line: camera.obey(line))
        loop.quit()

    threading.Thread(target=listen, daemon=True).start()
    sys.stdout.write(f"{camera.port}\n")
    sys.stdout.flush()
    loop.run()


if __name__ == "__main__":
    main()
