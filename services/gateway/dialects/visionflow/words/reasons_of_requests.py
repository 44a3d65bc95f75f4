"""What is wrong with a whole request, or with what it stands on."""

from __future__ import annotations

from typing import Final

_BODIES: Final = {
    "The body must be a JSON object": (
        "請求內容必須是 JSON 物件",
        "le corps doit être un objet JSON",
        "тело должно быть объектом JSON",
    ),
    r"The body is not valid JSON: .* at line (\d+), column (\d+)": (
        "請求內容不是有效的 JSON（第 {0} 行第 {1} 欄）",
        "le corps n’est pas du JSON valable (ligne {0}, colonne {1})",
        "тело не является верным JSON (строка {0}, столбец {1})",
    ),
    "The body is not UTF-8": ("請求內容不是 UTF-8", "le corps n’est pas en UTF-8", "тело не в UTF-8"),
    "The body is nested too deeply": (
        "請求內容的巢狀層數過多",
        "le corps est imbriqué trop profondément",
        "слишком глубокая вложенность тела",
    ),
    r"The body holds a number that cannot be used: (\S+) is not JSON": (
        "請求內容含有無法使用的數字 {0}",
        "le corps contient un nombre inutilisable : {0}",
        "тело содержит непригодное число: {0}",
    ),
    "The body holds a number that cannot be used: .*": (
        "請求內容含有無法使用的數字",
        "le corps contient un nombre inutilisable",
        "тело содержит непригодное число",
    ),
    "(?:The body )?holds text (?:with NUL or unpaired surrogates|that cannot be used)": (
        "含有無法使用的字元",
        "contient du texte inutilisable",
        "содержит непригодный текст",
    ),
    r"must have (\d+) KiB at most": ("至多 {0} KiB", "doit avoir au plus {0} Kio", "не больше {0} КиБ"),
}
_KEYS: Final = {
    "Idempotency-Key must be .*": (
        "Idempotency-Key 必須是 1–255 個可見的 ASCII 字元",
        "Idempotency-Key doit avoir 1 à 255 caractères ASCII visibles",
        "Idempotency-Key должен состоять из 1–255 видимых знаков ASCII",
    ),
    "This Idempotency-Key was used for another request": (
        "此 Idempotency-Key 已用於另一個請求",
        "cette Idempotency-Key a servi à une autre requête",
        "этот Idempotency-Key уже использован для другого запроса",
    ),
    "This Idempotency-Key was used before": (
        "此 Idempotency-Key 已使用過",
        "cette Idempotency-Key a déjà servi",
        "этот Idempotency-Key уже использован",
    ),
    "The first request with this Idempotency-Key is still being carried out": (
        "使用此 Idempotency-Key 的第一個請求仍在執行中",
        "la première requête avec cette Idempotency-Key est encore en cours",
        "первый запрос с этим Idempotency-Key ещё выполняется",
    ),
}
_SERVICES: Final = {
    "The database does not answer; try again in a moment": (
        "資料庫沒有回應，請稍後再試",
        "la base de données ne répond pas ; réessayez dans un instant",
        "база данных не отвечает; попробуйте чуть позже",
    ),
    "Redis does not answer; try again in a moment": (
        "Redis 沒有回應，請稍後再試",
        "Redis ne répond pas ; réessayez dans un instant",
        "Redis не отвечает; попробуйте чуть позже",
    ),
    "Try again in a moment": ("請稍後再試", "réessayez dans un instant", "попробуйте чуть позже"),
    r"The service '(\w+)' does not run": (
        "服務「{0}」未執行",
        "le service « {0} » ne tourne pas",
        "служба «{0}» не запущена",
    ),
    r"The service '(\w+)' gave no answer within (\S+) s": (
        "服務「{0}」在 {1} 秒內沒有回應",
        "le service « {0} » n’a pas répondu en {1} s",
        "служба «{0}» не ответила за {1} с",
    ),
    "Ingest gave an answer that cannot be read": (
        "擷取服務的回應無法讀取",
        "la réponse de la capture est illisible",
        "ответ службы захвата нельзя прочесть",
    ),
    "Too many requests wait for the cameras already; try again in a moment": (
        "等候攝影機的請求過多，請稍後再試",
        "trop de requêtes attendent déjà les caméras ; réessayez dans un instant",
        "слишком много запросов ждут камер; попробуйте чуть позже",
    ),
    r"All (\d+) places for streams are taken; try again in a moment": (
        "{0} 個串流名額已滿，請稍後再試",
        "les {0} places de flux sont prises ; réessayez dans un instant",
        "все места для потоков ({0}) заняты; попробуйте чуть позже",
    ),
}
REASONS: Final = {**_BODIES, **_KEYS, **_SERVICES}
"""By a pattern of the core's own words, which are English: Chinese, French, Russian. `{0}` is the first group."""
