"""Cameras and their zones."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "camera_added": ("攝影機新增成功", "Camera added successfully.", "Caméra ajoutée.", "Камера добавлена."),
    "camera_changed": ("攝影機更新成功", "Camera updated successfully.", "Caméra mise à jour.", "Камера обновлена."),
    "camera_removed": ("攝影機刪除成功", "Camera deleted successfully.", "Caméra supprimée.", "Камера удалена."),
    "zones_saved": (
        "多邊形區域已成功儲存",
        "The detection zones are saved.",
        "Les zones de détection sont enregistrées.",
        "Зоны обнаружения сохранены.",
    ),
    "zones_removed": (
        "所有檢測區域已成功刪除",
        "All detection zones are deleted.",
        "Toutes les zones de détection sont supprimées.",
        "Все зоны обнаружения удалены.",
    ),
    "zones_forbidden": (
        "無權限刪除此攝影機的檢測區域",
        "You may not delete the detection zones of this camera",
        "Vous ne pouvez pas supprimer les zones de cette caméra",
        "Вы не можете удалить зоны этой камеры",
    ),
}
