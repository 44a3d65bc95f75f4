"""People who are told."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "email_added": (
        "郵件接收者新增成功",
        "E-mail recipient added successfully.",
        "Destinataire ajouté.",
        "Получатель добавлен.",
    ),
    "email_changed": (
        "郵件接收者更新成功",
        "E-mail recipient updated successfully.",
        "Destinataire mis à jour.",
        "Получатель обновлён.",
    ),
    "email_removed": (
        "郵件接收者刪除成功",
        "E-mail recipient deleted successfully.",
        "Destinataire supprimé.",
        "Получатель удалён.",
    ),
    "line_added": (
        "LINE Token 新增成功",
        "LINE token added successfully.",
        "Jeton LINE ajouté.",
        "Токен LINE добавлен.",
    ),
    "line_changed": (
        "LINE Token 更新成功",
        "LINE token updated successfully.",
        "Jeton LINE mis à jour.",
        "Токен LINE обновлён.",
    ),
    "line_removed": (
        "LINE Token 刪除成功",
        "LINE token deleted successfully.",
        "Jeton LINE supprimé.",
        "Токен LINE удалён.",
    ),
}
