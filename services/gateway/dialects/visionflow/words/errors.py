"""Refusals, by their code."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "AUTH_REQUIRED": (
        "需要認證：請提供有效的 Authorization 標頭",
        "Authentication is required: send an Authorization header",
        "Authentification requise : envoyez un en-tête Authorization",
        "Требуется вход: отправьте заголовок Authorization",
    ),
    "INVALID_TOKEN": (
        "Token 無效、已過期或已撤銷，請重新登入",
        "The token is invalid, expired or revoked: log in again",
        "Le jeton est invalide, expiré ou révoqué : reconnectez-vous",
        "Токен недействителен, истёк или отозван: войдите снова",
    ),
    "INVALID_CREDENTIALS": (
        "使用者名稱或密碼錯誤",
        "The user name or password is wrong",
        "Le nom d’utilisateur ou le mot de passe est faux",
        "Неверное имя пользователя или пароль",
    ),
    "INSUFFICIENT_PERMISSIONS": (
        "權限不足，請聯繫管理員提升權限",
        "You may not do this: ask the administrator",
        "Vous n’en avez pas le droit : adressez-vous à l’administrateur",
        "Недостаточно прав: обратитесь к администратору",
    ),
    "RESOURCE_NOT_FOUND": (
        "資源不存在",
        "There is no such thing",
        "Cela n’existe pas",
        "Такого нет",
    ),
    "CAMERA_NOT_FOUND": (
        "攝影機不存在或無權限訪問",
        "The camera does not exist or you may not access it",
        "La caméra n’existe pas ou vous n’y avez pas accès",
        "Камера не существует или недоступна вам",
    ),
    "METHOD_NOT_ALLOWED": (
        "此位址不支援該請求方法",
        "This address does not take this method",
        "Cette adresse n’accepte pas cette méthode",
        "Этот адрес не принимает такой метод",
    ),
    "CONFLICT": (
        "與現有資料衝突：{reason}",
        "This conflicts with what is there: {reason}",
        "Conflit avec l’existant : {reason}",
        "Конфликт с существующим: {reason}",
    ),
    "PAYLOAD_TOO_LARGE": (
        "請求內容過大",
        "The request is larger than allowed",
        "La requête est plus grande que permis",
        "Запрос больше допустимого",
    ),
    "UNSUPPORTED_MEDIA_TYPE": (
        "請求內容必須為 JSON（Content-Type: application/json）",
        "The body must be JSON (Content-Type: application/json)",
        "Le corps doit être du JSON (Content-Type: application/json)",
        "Тело должно быть JSON (Content-Type: application/json)",
    ),
    "VALIDATION_ERROR": (
        "請求數據驗證失敗：{reason}",
        "The request is not valid: {reason}",
        "La requête n’est pas valide : {reason}",
        "Запрос неверен: {reason}",
    ),
    "RATE_LIMIT_EXCEEDED": (
        "請求頻率超限，請於 {wait_s} 秒後再試",
        "Too many requests: try again in {wait_s} s",
        "Trop de requêtes : réessayez dans {wait_s} s",
        "Слишком много запросов: повторите через {wait_s} с",
    ),
    "SERVER_ERROR": (
        "伺服器內部錯誤，請聯繫技術支援（{request}）",
        "Something went wrong on our side: tell the support ({request})",
        "Une erreur s’est produite de notre côté : prévenez l’assistance ({request})",
        "Внутренняя ошибка сервера: сообщите поддержке ({request})",
    ),
    "SERVICE_UNAVAILABLE": (
        "服務暫時無法使用：{reason}",
        "Not available for the moment: {reason}",
        "Indisponible pour le moment : {reason}",
        "Временно недоступно: {reason}",
    ),
}
