"""What is wrong with a field, in the language of the request, as far as there are words for it."""

from __future__ import annotations

import re
from typing import Final

from services.gateway.dialects.visionflow.words import (
    reasons_of_addresses,
    reasons_of_cameras,
    reasons_of_classes,
    reasons_of_requests,
)

Words = tuple[str, str, str]

_KINDS: Final[dict[str, Words]] = {
    "string": ("文字", "un texte", "текст"),
    "integer": ("整數", "un nombre entier", "целое число"),
    "number": ("數字", "un nombre", "число"),
    "boolean": ("true 或 false", "true ou false", "true или false"),
    "list": ("列表", "une liste", "список"),
    "array": ("列表", "une liste", "список"),
    "dictionary": ("物件", "un objet", "объект"),
    "object": ("物件", "un objet", "объект"),
    "tuple": ("座標對", "une paire", "пара чисел"),
}
# Chinese, French, Russian; the core's own words are English. {0} is what the first group holds.
_REASONS: Final[tuple[tuple[re.Pattern[str], Words], ...]] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        ("is required", ("為必填", "est obligatoire", "обязательно")),
        ("must not be blank", ("不可空白", "ne doit pas être vide", "не должно быть пустым")),
        (
            "input should be a finite number",
            ("必須是有限的數字", "doit être un nombre fini", "должно быть конечным числом"),
        ),
        ("input should be an? (?:valid )?(\\w+).*", ("必須是{0}", "doit être {0}", "должно быть: {0}")),
        (
            "(?:string|value) should have at least (\\d+) characters?",
            ("至少 {0} 個字元", "doit avoir au moins {0} caractères", "не короче {0} знаков"),
        ),
        (
            "(?:string|value) should have at most (\\d+) characters?",
            ("至多 {0} 個字元", "doit avoir au plus {0} caractères", "не длиннее {0} знаков"),
        ),
        (
            "(?:list|tuple) should have at least (\\d+) items?.*",
            ("至少 {0} 項", "doit avoir au moins {0} éléments", "не меньше {0} элементов"),
        ),
        (
            "(?:list|tuple) should have at most (\\d+) items?.*",
            ("至多 {0} 項", "doit avoir au plus {0} éléments", "не больше {0} элементов"),
        ),
        (
            "input should be greater than or equal to (\\S+)",
            ("必須大於或等於 {0}", "doit être {0} ou plus", "должно быть не меньше {0}"),
        ),
        (
            "input should be less than or equal to (\\S+)",
            ("必須小於或等於 {0}", "doit être {0} ou moins", "должно быть не больше {0}"),
        ),
        ("string should match pattern .*", ("格式不正確", "n’a pas la bonne forme", "имеет неверный вид")),
        (
            "input should be ('.*')",
            ("必須是 {0} 其中之一", "doit être l’un de {0}", "должно быть одним из {0}"),
        ),
        (
            "must be an e-mail address such as (\\S+)",
            (
                "必須是電子郵件地址，例如 {0}",
                "doit être une adresse e-mail telle que {0}",
                "должно быть адресом почты, например {0}",
            ),
        ),
        (
            "is not one that LINE knows: (.*) – issue one in LINE's console",
            (
                "LINE 不認得此 Token（{0}），請在 LINE 主控台重新發行",
                "est inconnu de LINE ({0}) – créez-en un dans la console de LINE",
                "неизвестен LINE ({0}) – выпустите новый в консоли LINE",
            ),
        ),
        (
            "LINE does not answer; try again in a moment",
            (
                "LINE 沒有回應，請稍後再試",
                "LINE ne répond pas ; réessayez dans un instant",
                "LINE не отвечает; попробуйте чуть позже",
            ),
        ),
        (
            "the areas must have different names",
            ("區域名稱不可重複", "les zones doivent avoir des noms différents", "имена зон должны различаться"),
        ),
        (
            "a polygon's edges must not cross each other",
            ("多邊形的邊不可相交", "les côtés du polygone se croisent", "стороны многоугольника пересекаются"),
        ),
        (
            "a polygon's points must all differ",
            (
                "多邊形的頂點不可重複",
                "les points du polygone doivent différer",
                "точки многоугольника должны различаться",
            ),
        ),
        (
            "a polygon's points must not all lie on one line",
            (
                "多邊形的頂點不可共線",
                "les points du polygone sont alignés",
                "точки многоугольника лежат на одной прямой",
            ),
        ),
        (
            "lies outside the picture of (\\S+) .*",
            ("超出 {0} 的畫面", "est hors de l’image de {0}", "лежит вне кадра {0}"),
        ),
        (
            "is no model that runs here – there is (.*)",
            (
                "不是可用的模型，可用的有：{0}",
                "n’est pas un modèle disponible – il y a {0}",
                "нет такой модели – есть {0}",
            ),
        ),
        *reasons_of_addresses.REASONS.items(),
        *reasons_of_cameras.REASONS.items(),
        *reasons_of_classes.REASONS.items(),
        *reasons_of_requests.REASONS.items(),
    )
)
_LANGUAGES: Final = ("zh-TW", "fr", "ru")
_TERMS: Final = {**_KINDS, **reasons_of_cameras.FAULTS}
# The core calls cameras by a name that clients of this dialect never see: they know numbers.
_INNER_NAME: Final = re.compile(r"^Camera \S+ (?=gives no picture|is disabled)")


def reason_in(language: str, reason: str) -> str:
    """The reason in a language, or as it is where there are no words for it."""
    reason = _INNER_NAME.sub("The camera ", reason)
    if language not in _LANGUAGES:
        return reason
    place = _LANGUAGES.index(language)
    for pattern, words in _REASONS:
        match = pattern.fullmatch(reason)
        if match is not None:
            return words[place].format(*(_said(group, place) for group in match.groups()))
    return reason


def _said(group: str, place: int) -> str:
    """A part of a reason: in the language where it is a word, a list of choices without its English."""
    return _TERMS[group][place] if group in _TERMS else group.replace("' or '", "', '")
