"""Notifications."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "notification_added": (
        "通知創建成功",
        "Notification created successfully.",
        "Notification créée.",
        "Уведомление создано.",
    ),
    "notification_changed": (
        "通知更新成功",
        "Notification updated successfully.",
        "Notification mise à jour.",
        "Уведомление обновлено.",
    ),
    "notification_removed": (
        "通知刪除成功",
        "Notification deleted successfully.",
        "Notification supprimée.",
        "Уведомление удалено.",
    ),
}
