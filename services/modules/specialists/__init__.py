"""The specialists by name. Strings only: nothing is imported until a worker opens it."""

CATALOGUE: dict[str, str] = {
    "bytetrack": "services.modules.specialists.bytetrack.specialist:Bytetrack",
    "camera_health": "services.modules.specialists.camera_health.specialist:CameraHealth",
    "face": "services.modules.specialists.face.specialist:Face",
    "fire_smoke": "services.modules.specialists.fire_smoke.specialist:FireSmoke",
    "gesture": "services.modules.specialists.gesture.specialist:GestureModule",
    "hand": "services.modules.specialists.hand.specialist:HandModule",
    "lpr": "services.modules.specialists.lpr.specialist:Lpr",
    "ocr": "services.modules.specialists.ocr.specialist:Ocr",
    "pose": "services.modules.specialists.pose.specialist:Pose",
    "ppe": "services.modules.specialists.ppe.specialist:Ppe",
    "reid": "services.modules.specialists.reid.specialist:Reid",
    "vehicle": "services.modules.specialists.vehicle.specialist:Vehicle",
}
