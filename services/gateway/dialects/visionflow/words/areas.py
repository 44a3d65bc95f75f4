"""The page on which people draw detection areas."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "areas_picture": ("攝影機快照", "The camera’s picture", "L’image de la caméra", "Изображение камеры"),
    "areas_drawing": (
        "偵測區域繪圖",
        "Drawing of the detection areas",
        "Dessin des zones de détection",
        "Рисунок зон обнаружения",
    ),
    "areas_areas": ("偵測區域", "Detection areas", "Zones de détection", "Зоны обнаружения"),
    "areas_area": ("區域", "Area", "Zone", "Зона"),
    "areas_add": ("新增區域", "New area", "Nouvelle zone", "Новая зона"),
    "areas_refresh": ("更新快照", "New picture", "Nouvelle image", "Новый снимок"),
    "areas_name": ("名稱", "Name", "Nom", "Название"),
    "areas_classes": (
        "偵測類別（以逗號分隔，空白為全部）",
        "Classes (with commas; none: all)",
        "Classes (virgules ; aucune : toutes)",
        "Классы (через запятую; пусто: все)",
    ),
    "areas_duration": (
        "警報延遲（秒）",
        "Seconds inside before an alert",
        "Secondes avant l’alerte",
        "Секунд внутри до тревоги",
    ),
    "areas_notify": ("啟用通知", "Tell people", "Prévenir", "Уведомлять"),
    "areas_points": ("頂點座標", "Corners", "Sommets", "Вершины"),
    "areas_remove": ("刪除區域", "Delete area", "Supprimer la zone", "Удалить зону"),
    "areas_remove_point": ("刪除頂點", "Delete corner", "Supprimer le sommet", "Удалить вершину"),
    "areas_save": ("儲存", "Save", "Enregistrer", "Сохранить"),
    "areas_keys": (
        "點擊新增頂點，按 Enter 完成；拖曳移動頂點，雙擊邊線插入。"
        "鍵盤：N 下一頂點、方向鍵移動、Insert 插入、Delete 刪除。",
        "Click to add corners, Enter to finish; drag corners to move them, double-click a side to add one. "
        "Keys: N next corner, arrows move it, Insert adds one, Delete removes it.",
        "Cliquez pour ajouter des sommets, Entrée pour terminer ; glissez-les pour les déplacer, double-cliquez un "
        "côté pour en ajouter. Touches : N suivant, flèches déplacer, Inser ajouter, Suppr supprimer.",
        "Щёлкайте, чтобы добавить вершины, Enter — закончить; перетаскивайте их, двойной щелчок по стороне добавляет. "
        "Клавиши: N — следующая, стрелки — двигать, Insert — добавить, Delete — удалить.",
    ),
    "areas_draw_hint": (
        "在畫面上點擊頂點，按 Enter 完成。",
        "Click the corners in the picture; Enter when it is done.",
        "Cliquez les sommets dans l’image ; Entrée pour terminer.",
        "Отметьте вершины на изображении; Enter — готово.",
    ),
    "areas_too_few": (
        "「{{name}}」至少需要三個頂點。",
        "“{{name}}” needs three corners at least.",
        "« {{name}} » demande trois sommets au moins.",
        "Для «{{name}}» нужны хотя бы три вершины.",
    ),
    "areas_unnamed": ("未命名", "Without a name", "Sans nom", "Без названия"),
    "areas_log_in_to_save": (
        "請先登入再儲存。",
        "Log in to save: /login",
        "Connectez-vous pour enregistrer : /login",
        "Войдите, чтобы сохранить: /login",
    ),
    "areas_no_picture": (
        "目前沒有影像。",
        "The camera gives no picture now.",
        "La caméra ne donne pas d’image.",
        "Камера сейчас не даёт изображения.",
    ),
    "areas_not_reached": (
        "無法連線到伺服器。",
        "The server cannot be reached.",
        "Le serveur est injoignable.",
        "Сервер недоступен.",
    ),
}
