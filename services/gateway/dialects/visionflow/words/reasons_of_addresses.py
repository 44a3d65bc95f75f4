"""What is wrong with where something is: tokens, mailboxes, addresses of cameras."""

from __future__ import annotations

from typing import Final

_ESCAPE: Final = (
    "使用者名稱或密碼中的 @ / : # ? 等符號請以百分號編碼（%40 %2F %3A %23 %3F）",
    "écrivez les signes tels que @ / : # ? du nom ou du mot de passe en %-codes (%40 %2F %3A %23 %3F)",
    "знаки @ / : # ? в имени или пароле пишите %-кодами (%40 %2F %3A %23 %3F)",
)


def _escaped(chinese: str, french: str, russian: str) -> tuple[str, str, str]:
    """Words for what is wrong, and after them how to write signs in credentials."""
    return f"{chinese}：{_ESCAPE[0]}", f"{french} – {_ESCAPE[1]}", f"{russian} – {_ESCAPE[2]}"


_TOKENS: Final = {
    "must be visible ASCII characters without spaces": (
        "只能包含可見的 ASCII 字元，不可有空白",
        "ne doit contenir que des caractères ASCII visibles, sans espace",
        "должен состоять из видимых знаков ASCII, без пробелов",
    ),
}
_MAILBOXES: Final = {
    "holds characters before the @ that mail servers do not take": (
        "@ 之前含有郵件伺服器不接受的字元",
        "contient avant le @ des caractères que les serveurs n’acceptent pas",
        "содержит перед @ знаки, которых почтовые серверы не принимают",
    ),
    "names no host after the @": (
        "@ 之後不是有效的主機名稱",
        "ne nomme pas de serveur après le @",
        "не называет сервера после @",
    ),
    r"is longer than (\d+) characters(?: – shorten it)?": (
        "超過 {0} 個字元",
        "dépasse {0} caractères",
        "длиннее {0} знаков",
    ),
}
_CAMERAS: Final = {
    "is empty – write something like (.*)": (
        "不可空白，請寫成如 {0}",
        "est vide – écrivez par exemple {0}",
        "пусто – напишите, например, {0}",
    ),
    "holds control characters – remove them": (
        "含有控制字元，請移除",
        "contient des caractères de contrôle – retirez-les",
        "содержит управляющие знаки – уберите их",
    ),
    "has no scheme – begin with one of (.*)": (
        "缺少協定，請以下列其一開頭：{0}",
        "n’a pas de protocole – commencez par l’un de {0}",
        "без протокола – начните с одного из {0}",
    ),
    "unsupported scheme(.*) – use one of (.*)": (
        "不支援的協定{0}，請使用下列其一：{1}",
        "protocole{0} non pris en charge – utilisez l’un de {1}",
        "протокол{0} не поддерживается – используйте один из {1}",
    ),
    r"has no valid host – write it as (\S+)": (
        "主機名稱無效，請寫成 {0}",
        "n’a pas d’hôte valable – écrivez {0}",
        "неверный адрес сервера – напишите {0}",
    ),
    "has no valid host – write signs .*": _escaped("主機名稱無效", "n’a pas d’hôte valable", "неверный адрес сервера"),
    "has no valid port – use a port from 1 to 65535": (
        "連接埠無效，請使用 1 到 65535",
        "n’a pas de port valable – utilisez un port de 1 à 65535",
        "неверный порт – используйте порт от 1 до 65535",
    ),
    "has no valid port – write signs .*": _escaped("連接埠無效", "n’a pas de port valable", "неверный порт"),
    "has a bare @ after the host – .*": _escaped(
        "主機名稱之後有未編碼的 @", "a un @ non codé après l’hôte", "после сервера стоит незакодированный @"
    ),
    r"holds \*\*\* in place of the credentials – .*": (
        "以 *** 代替了帳號密碼，請寫入真正的使用者名稱和密碼",
        "contient *** au lieu des identifiants – écrivez le vrai nom et le vrai mot de passe",
        "содержит *** вместо имени и пароля – напишите настоящие",
    ),
    "unknown transport – .*": (
        "未知的傳輸方式，請寫 transport=tcp 或 transport=udp",
        "transport inconnu – écrivez transport=tcp ou transport=udp",
        "неизвестный transport – напишите transport=tcp или transport=udp",
    ),
}
_FILES: Final = {
    r"file:// takes no host – write three slashes: (\S+)": (
        "file:// 不可有主機名稱，請寫三條斜線：{0}",
        "file:// n’a pas d’hôte – écrivez trois barres : {0}",
        "у file:// нет сервера – напишите три косые черты: {0}",
    ),
    r"is not an absolute path – write (\S+)": (
        "不是絕對路徑，請寫成 {0}",
        "n’est pas un chemin absolu – écrivez {0}",
        "не полный путь – напишите {0}",
    ),
    r"the file is outside the permitted folders – set (\S+)": (
        "檔案不在允許的資料夾內，請設定 {0}",
        "le fichier est hors des dossiers permis – réglez {0}",
        "файл вне разрешённых папок – задайте {0}",
    ),
    "unknown option of file:// – known options: (.*)": (
        "file:// 的未知選項，可用的有：{0}",
        "option inconnue de file:// – il y a {0}",
        "неизвестный параметр file:// – есть {0}",
    ),
    r"(\w+) is neither 0 nor 1 – write (\S+) or leave it out": (
        "{0} 必須是 0 或 1，請寫 {1} 或省略",
        "{0} n’est ni 0 ni 1 – écrivez {1} ou rien",
        "{0} не 0 и не 1 – напишите {1} или уберите",
    ),
    r"unknown speed – write (\S+) or leave it out": (
        "未知的 speed，請寫 {0} 或省略",
        "speed inconnu – écrivez {0} ou rien",
        "неизвестный speed – напишите {0} или уберите",
    ),
}
REASONS: Final = {**_TOKENS, **_MAILBOXES, **_CAMERAS, **_FILES}
"""By a pattern of the core's own words, which are English: Chinese, French, Russian. `{0}` is the first group."""
