"""What the page behind a link says, in every language that recipients can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """`asks`, `button`, `done` and `already` are by what is pressed."""

    asks: Mapping[str, str]
    button: Mapping[str, str]
    done: Mapping[str, str]
    already: Mapping[str, str]
    expired: str
    unknown: str
    gone: str


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        asks={
            "acknowledge": "Acknowledge this alert? Nobody else is called for it then.",
            "confirm": "Was this alert right?",
            "false_alarm": "Was this a false alarm?",
            "mute": "Hear nothing more for one hour?",
            "unsubscribe": "Get no more messages from Argus?",
            "verify": "May Argus send alerts to this address?",
        },
        button={
            "acknowledge": "Acknowledge",
            "confirm": "Yes, it was right",
            "false_alarm": "Yes, a false alarm",
            "mute": "Mute for one hour",
            "unsubscribe": "Unsubscribe",
            "verify": "Yes, send them to me",
        },
        done={
            "acknowledge": "The alert is acknowledged.",
            "confirm": "Thank you: the alert is noted as right.",
            "false_alarm": "Thank you: noted as a false alarm.",
            "mute": "You hear nothing more for one hour.",
            "unsubscribe": "You get no more messages.",
            "verify": "The address is confirmed: alerts come from now on.",
        },
        already={
            "acknowledge": "The alert was acknowledged before.",
            "confirm": "You have said so before.",
            "false_alarm": "You have said so before.",
            "mute": "You are muted already.",
            "unsubscribe": "You get no messages already.",
            "verify": "The address was confirmed before.",
        },
        expired="This link is too old.",
        unknown="This link is not valid.",
        gone="What this link was about is no longer there.",
    ),
    "fr": Words(
        asks={
            "acknowledge": "Prendre en charge cette alerte ? Personne d’autre ne sera appelé.",
            "confirm": "Cette alerte était-elle justifiée ?",
            "false_alarm": "Était-ce une fausse alerte ?",
            "mute": "Ne plus rien recevoir pendant une heure ?",
            "unsubscribe": "Ne plus recevoir de messages d’Argus ?",
            "verify": "Argus peut-il envoyer des alertes à cette adresse ?",
        },
        button={
            "acknowledge": "Prendre en charge",
            "confirm": "Oui, justifiée",
            "false_alarm": "Oui, fausse alerte",
            "mute": "Silence pendant une heure",
            "unsubscribe": "Se désabonner",
            "verify": "Oui, me les envoyer",
        },
        done={
            "acknowledge": "L’alerte est prise en charge.",
            "confirm": "Merci : l’alerte est notée comme justifiée.",
            "false_alarm": "Merci : notée comme fausse alerte.",
            "mute": "Vous ne recevrez rien pendant une heure.",
            "unsubscribe": "Vous ne recevrez plus de messages.",
            "verify": "L’adresse est confirmée : les alertes y arriveront désormais.",
        },
        already={
            "acknowledge": "L’alerte était déjà prise en charge.",
            "confirm": "Vous l’avez déjà dit.",
            "false_alarm": "Vous l’avez déjà dit.",
            "mute": "Le silence est déjà en cours.",
            "unsubscribe": "Vous ne receviez déjà plus de messages.",
            "verify": "L’adresse était déjà confirmée.",
        },
        expired="Ce lien est trop ancien.",
        unknown="Ce lien n’est pas valable.",
        gone="Ce dont parle ce lien n’existe plus.",
    ),
    "ru": Words(
        asks={
            "acknowledge": "Принять эту тревогу? Больше никого вызывать не будут.",
            "confirm": "Тревога была верной?",
            "false_alarm": "Это была ложная тревога?",
            "mute": "Ничего не присылать в течение часа?",
            "unsubscribe": "Больше не получать сообщений от Argus?",
            "verify": "Может ли Argus присылать тревоги на этот адрес?",
        },
        button={
            "acknowledge": "Принять",
            "confirm": "Да, верная",
            "false_alarm": "Да, ложная",
            "mute": "Тишина на час",
            "unsubscribe": "Отписаться",
            "verify": "Да, присылать",
        },
        done={
            "acknowledge": "Тревога принята.",
            "confirm": "Спасибо: тревога отмечена как верная.",
            "false_alarm": "Спасибо: отмечено как ложная тревога.",
            "mute": "В течение часа сообщений не будет.",
            "unsubscribe": "Сообщений больше не будет.",
            "verify": "Адрес подтверждён: тревоги будут приходить на него.",
        },
        already={
            "acknowledge": "Тревога уже была принята.",
            "confirm": "Вы уже это сообщили.",
            "false_alarm": "Вы уже это сообщили.",
            "mute": "Тишина уже включена.",
            "unsubscribe": "Сообщения уже не приходят.",
            "verify": "Адрес уже был подтверждён.",
        },
        expired="Ссылка устарела.",
        unknown="Ссылка недействительна.",
        gone="Того, о чём эта ссылка, больше нет.",
    ),
    "zh-TW": Words(
        asks={
            "acknowledge": "要確認收到此警報嗎？之後不會再通知其他人。",
            "confirm": "此警報正確嗎？",
            "false_alarm": "這是誤報嗎？",
            "mute": "要靜音一小時嗎？",
            "unsubscribe": "不再接收 Argus 的訊息嗎？",
            "verify": "Argus 可以將警報寄到此信箱嗎？",
        },
        button={
            "acknowledge": "確認收到",
            "confirm": "是，正確",
            "false_alarm": "是，誤報",
            "mute": "靜音一小時",
            "unsubscribe": "取消訂閱",
            "verify": "是，請寄給我",
        },
        done={
            "acknowledge": "已確認收到此警報。",
            "confirm": "謝謝，已記錄為正確。",
            "false_alarm": "謝謝，已記錄為誤報。",
            "mute": "一小時內不會再通知您。",
            "unsubscribe": "您不會再收到訊息。",
            "verify": "信箱已確認，之後會收到警報。",
        },
        already={
            "acknowledge": "此警報先前已確認收到。",
            "confirm": "您先前已回報。",
            "false_alarm": "您先前已回報。",
            "mute": "目前已是靜音。",
            "unsubscribe": "您先前已取消訂閱。",
            "verify": "信箱先前已確認。",
        },
        expired="此連結已過期。",
        unknown="此連結無效。",
        gone="此連結所指的內容已不存在。",
    ),
}
