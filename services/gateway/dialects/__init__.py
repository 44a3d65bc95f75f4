"""The dialects, by name: loaded only when they are served."""

CATALOGUE = {
    "cctv_smart": "services.gateway.dialects.cctv_smart.dialect:CctvSmart",
    "visionflow": "services.gateway.dialects.visionflow.dialect:VisionFlow",
    "securevision": "services.gateway.dialects.securevision.dialect:SecureVision",
}
