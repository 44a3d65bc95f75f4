"""The HTML of an e-mail: what every mail program shows, old ones too. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from services.alerts.letter import Letter

_FONT: Final = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_BUTTON: Final = "display:inline-block;padding:10px 18px;border-radius:6px;background:#1f4fd8;color:#ffffff"


def html_of(
    letter: Letter, *, picture: str | None, link_text: str, footer: str, answers: Sequence[tuple[str, str]] = ()
) -> str:
    """The letter as one HTML page. `picture` is the content id of the snapshot, `answers` are texts and addresses."""
    image = (
        f'<p><img src="cid:{escape(picture)}" alt="{escape(letter.title)}" '
        'style="max-width:100%;height:auto;border-radius:6px"></p>'
        if picture
        else ""
    )
    link = (
        f'<p><a href="{escape(letter.link)}" style="{_BUTTON};text-decoration:none">{escape(link_text)}</a></p>'
        if letter.link
        else ""
    )
    lines = "".join(f'<p style="margin:0 0 6px">{escape(line)}</p>' for line in letter.lines)
    return (
        f'<!DOCTYPE html><html lang="{escape(letter.language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(letter.title)}</title></head>'
        f'<body style="margin:0;padding:16px;{_FONT};font-size:15px;line-height:1.4">'
        f'<h1 style="font-size:19px;margin:0 0 12px">{escape(letter.title)}</h1>'
        f"{image}{lines}{link}{_answers(answers)}"
        f'<p style="margin-top:24px;color:#666666;font-size:12px">{escape(footer)}</p></body></html>\n'
    )


def _answers(answers: Sequence[tuple[str, str]]) -> str:
    links = (f'<a href="{escape(address)}" style="margin-right:18px">{escape(text)}</a>' for text, address in answers)
    return f'<p style="margin:16px 0 0">{"".join(links)}</p>' if answers else ""
