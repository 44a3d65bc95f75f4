"""The HTML of the Bot API, read as strictly as it is described at https://core.telegram.org/bots/api#html-style."""

from __future__ import annotations

import re

_TAG = re.compile(r"<(/?)([a-z]+)((?: [a-z]+=\"[^\"<>]*\")*)>")
_ENTITY = re.compile(r"&(lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TAGS = frozenset({"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote"})


class NotHtml(ValueError):
    """What Telegram would not take."""


def parsed(text: str) -> str:
    """The words that people see. Raises `NotHtml`; a bare `&` is none either: whoever writes it forgot to escape."""
    words: list[str] = []
    opened: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "<":
            tag = _TAG.match(text, at)
            if tag is None or tag[2] not in _TAGS:
                raise NotHtml(f"Unsupported start tag at byte offset {len(text[:at].encode())}")
            if tag[1] and (not opened or opened.pop() != tag[2]):
                raise NotHtml(f"Unmatched end tag at byte offset {len(text[:at].encode())}")
            if not tag[1]:
                opened.append(tag[2])
            at = tag.end()
        elif text[at] == "&":
            entity = _ENTITY.match(text, at)
            if entity is None:
                raise NotHtml(f"Unescaped & at byte offset {len(text[:at].encode())}")
            words.append(_character(entity[1]))
            at = entity.end()
        elif text[at] == ">":
            raise NotHtml(f"Unescaped > at byte offset {len(text[:at].encode())}")
        else:
            words.append(text[at])
            at += 1
    if opened:
        raise NotHtml(f"Can't find end tag corresponding to start tag {opened[-1]}")
    return "".join(words)


def _character(name: str) -> str:
    if name in _NAMED:
        return _NAMED[name]
    return chr(int(name[2:], 16) if name.startswith("#x") else int(name[1:]))
