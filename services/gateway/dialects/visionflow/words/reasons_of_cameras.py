"""Why a camera shows nothing, and what is wrong with its detection areas."""

from __future__ import annotations

from typing import Final

FAULTS: Final = {
    "auth_failed": ("帳號或密碼錯誤", "identifiants refusés", "неверные имя или пароль"),
    "not_found": ("沒有此串流", "flux introuvable", "нет такого потока"),
    "timeout": ("沒有及時回應", "pas de réponse à temps", "нет ответа вовремя"),
    "unsupported_codec": ("不支援的編碼", "codec non pris en charge", "кодек не поддерживается"),
    "network": ("網路無法連線", "injoignable par le réseau", "недоступна по сети"),
    "stalled": ("影像停頓", "images figées", "поток замер"),
    "tls": ("加密連線失敗", "échec de la connexion chiffrée", "сбой шифрованного соединения"),
    "invalid_url": ("位址無效", "adresse non valable", "неверный адрес"),
    "ended": ("影像已結束", "flux terminé", "поток закончился"),
    "unknown": ("原因不明", "raison inconnue", "причина неизвестна"),
}
"""Chinese, French, Russian, by the value of a fault."""

REASONS: Final = {
    # What the camera itself said is in its own language, and left out.
    r"The camera gives no picture now: (\w+) – .*": (
        "攝影機目前沒有影像：{0}",
        "la caméra ne donne pas d’image : {0}",
        "камера сейчас не даёт изображения: {0}",
    ),
    "The camera is disabled(?:: enable it to see its picture)?": (
        "攝影機已停用",
        "la caméra est désactivée",
        "камера отключена",
    ),
    r"a polygon needs at least (\d+) points, .*": (
        "多邊形至少需要 {0} 個頂點",
        "un polygone demande au moins {0} points",
        "многоугольнику нужно не меньше {0} точек",
    ),
    r"a polygon has at most (\d+) points, .*": (
        "多邊形至多 {0} 個頂點",
        "un polygone a au plus {0} points",
        "в многоугольнике не больше {0} точек",
    ),
    "a polygon's coordinates must be finite numbers": (
        "多邊形的座標必須是有限的數字",
        "les coordonnées du polygone doivent être des nombres finis",
        "координаты многоугольника должны быть конечными числами",
    ),
    "mixes pixels and fractions while the resolution is not known – .*": (
        "解析度尚未知時不可混用像素與比例，請全部用像素或全部用 0..1",
        "mêle pixels et fractions alors que la résolution est inconnue – tout en pixels, ou tout en 0..1",
        "смешивает пиксели и доли, а разрешение неизвестно – всё в пикселях или всё в 0..1",
    ),
}
"""By a pattern of the core's own words, which are English: Chinese, French, Russian. `{0}` is the first group."""
