"""What is wrong with where something is: tokens, mailboxes, addresses of cameras."""

from __future__ import annotations

from typing import Final

REASONS: Final = {
    "must be visible ASCII characters without spaces": (
        "只能包含可見的 ASCII 字元，不可有空白",
        "ne doit contenir que des caractères ASCII visibles, sans espace",
        "должен состоять из видимых знаков ASCII, без пробелов",
    ),
}
"""By a pattern of the core's own words, which are English: Chinese, French, Russian. `{0}` is the first group."""
