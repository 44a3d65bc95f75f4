"""The native contract as recorded pairs: what a client sends, and the answer as the contract's page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

UUID = "550e8400-e29b-41d4-a716-446655440000"


@dataclass(frozen=True, slots=True)
class Pair:
    """One request and the contract's example of its answer. `section` is the heading on the page."""

    section: str
    method: str
    path: str
    status: int
    answer: Any
    body: Any = None


CAMERA = {
    "id": "cam_001",
    "name": "Entrée Principal",
    "rtsp_url": "rtsp://user:pass@192.168.1.100:554/Streaming/Channels/101",
    "enabled": True,
    "zones": [
        {"name": "Zone Porte", "points": [[0, 0], [100, 0], [100, 100], [0, 100]], "sensitivity": 0.8},
    ],
    "status": "streaming",
    "fps": 25,
    "resolution": "1920x1080",
}

PAIRS = (
    Pair(
        section="1. Health Check",
        method="GET",
        path="/health",
        status=200,
        answer={
            "status": "healthy",
            "components": {"api": "ok", "redis": "ok", "ollama": "ok", "database": "ok"},
            "timestamp": "2025-01-15T10:30:00Z",
        },
    ),
    Pair(
        section="2. Lister les Caméras",
        method="GET",
        path="/cameras",
        status=200,
        answer={"cameras": [CAMERA], "count": 1},
    ),
    Pair(
        section="3. Récupérer une Caméra",
        method="GET",
        path="/cameras/cam_001",
        status=200,
        answer={**CAMERA, "last_frame_timestamp": "2025-01-15T10:30:15Z"},
    ),
    Pair(
        section="4. Créer une Caméra",
        method="POST",
        path="/cameras",
        body={
            "id": "cam_002",
            "name": "Parking",
            "rtsp_url": "rtsp://user:pass@192.168.1.101:554/Streaming/Channels/101",
            "enabled": True,
            "zones": [],
        },
        status=201,
        answer={"id": "cam_002", "name": "Parking", "status": "created"},
    ),
    Pair(
        section="5. Mettre à Jour une Caméra",
        method="PUT",
        path="/cameras/cam_002",
        body={"name": "Parking Sud", "enabled": True},
        status=200,
        answer={"id": "cam_002", "name": "Parking Sud", "updated_at": "2025-01-15T10:35:00Z"},
    ),
    Pair(section="6. Supprimer une Caméra", method="DELETE", path="/cameras/cam_002", status=204, answer=None),
    Pair(
        section="7. Lister les Événements",
        method="GET",
        path="/events",
        status=200,
        answer={
            "events": [
                {
                    "uuid": f"evt-{UUID}",
                    "camera_id": "cam_001",
                    "timestamp": "2025-01-15T10:30:45Z",
                    "detection_type": "person",
                    "confidence": 0.94,
                    "photo_url": f"/events/{UUID}.jpg",
                    "ai_response": "Personne suspecte détectée à l'entrée",
                    "alert_sent": True,
                }
            ],
            "total": 156,
            "count": 50,
        },
    ),
    Pair(
        section="8. Récupérer un Événement",
        method="GET",
        path=f"/events/evt-{UUID}",
        status=200,
        answer={
            "uuid": f"evt-{UUID}",
            "camera_id": "cam_001",
            "timestamp": "2025-01-15T10:30:45Z",
            "detection_type": "person",
            "confidence": 0.94,
            "photo": "<binary>",
            "ai_response": "Personne suspecte détectée à l'entrée",
            "modules_triggered": ["bytetrack", "pose"],
            "module_results": {
                "bytetrack": {"tracks": [{"track_id": 1, "bbox": [100, 150, 200, 400], "confidence": 0.95}]},
                "pose": {"keypoints": [], "person_action": "standing"},
            },
            "rules_triggered": ["rule_001"],
            "alerts_sent": ["telegram", "email"],
            "user_feedback": None,
        },
    ),
    Pair(
        section="9. Envoyer une Alerte de Test",
        method="POST",
        path="/alert/test",
        body={"channels": ["telegram", "email", "physical"], "message": "Test CCTV Smart", "photo_path": None},
        status=200,
        answer={
            "telegram": {"status": "sent", "message_id": 12345},
            "email": {"status": "sent", "recipients": 2},
            "physical": {"status": "triggered", "devices": ["siren"]},
        },
    ),
    Pair(
        section="14. Soumettre un Feedback Utilisateur",
        method="POST",
        path=f"/events/evt-{UUID}/feedback",
        body={"feedback_type": "false_positive", "confidence": 0.1, "comment": "Ombrage de l'arbre"},
        status=200,
        answer={
            "uuid": f"evt-{UUID}",
            "feedback_type": "false_positive",
            "timestamp": "2025-01-15T10:35:00Z",
        },
    ),
    Pair(
        section="Obtenir une Clé API",
        method="POST",
        path="/auth/keys",
        body={"name": "my_app", "ttl_days": 365},
        status=201,
        answer={
            "key": "sk-0x7f8a9b1c2d3e4f5g6h7i",
            "created_at": "2025-01-15T10:30:00Z",
            "expires_at": "2026-01-15T10:30:00Z",
        },
    ),
    Pair(
        section="Exemple d'Erreur (400)",
        method="POST",
        path="/cameras",
        body={"rtsp_url": "rtsp://192.168.1.101/", "id": "cam_003"},
        status=400,
        answer={
            "error": "invalid_request",
            "message": "Field 'camera_id' is required",
            "timestamp": "2025-01-15T10:30:00Z",
        },
    ),
)
