"""Sources by URL scheme, loaded by name."""

CATALOGUE = {
    "rtsp": "services.ingest.sources.rtsp:RtspSource",
    "rtsps": "services.ingest.sources.rtsp:RtspSource",
    "rtmp": "services.ingest.sources.rtmp:RtmpSource",
    "http": "services.ingest.sources.http:HttpSource",
    "https": "services.ingest.sources.http:HttpSource",
    "file": "services.ingest.sources.file:FileSource",
}
