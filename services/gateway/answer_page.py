"""`/a/{token}`: where the links in messages lead.

Programs that look through mail follow links, so GET changes nothing: it shows what would be done and a button. POST
does it; the token says all there is to know, so that the one-click unsubscription of mail programs (RFC 8058), which
posts a body of its own and no cookie, is an ordinary press.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from flask import Blueprint, Response, request

from services.gateway.answer_words import WORDS, Words
from services.gateway.auth.caller import current_caller
from services.gateway.gateway import current_gateway
from services.gateway.usecases import answers
from shared.domain.errors import NotFound, UserError
from shared.domain.recipient import LANGUAGES
from shared.recipients.links import PATH, LinkExpired

api = Blueprint("answers", __name__)

_STYLE = (
    "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}h1{font-size:1.375rem}"
    "button{font:inherit;padding:.75rem 1.25rem;border:0;border-radius:.375rem;color:#fff;background:#0b5cad}"
    "button:focus-visible{outline:3px solid #f0a400;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}}"
)
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{about}{form}</main></body></html>
"""


@api.get(f"{PATH}<token>")
def ask(token: str) -> Response:
    """What the link would do, with a button that does it."""
    try:
        asked = answers.look(current_gateway(), token)
    except UserError as error:
        return _refused(error)
    words, language = _words(asked.language)
    # Without an action the form goes to the page's own address, wherever a proxy has put it.
    button = f'<form method="post"><button type="submit">{escape(words.button[asked.link.press])}</button></form>'
    return _page(words.asks[asked.link.press], language, about=_about(asked), form=button)


@api.post(f"{PATH}<token>")
def press(token: str) -> Response:
    """Do what the link says, once, and say so."""
    try:
        asked = answers.press(current_gateway(), token, address=current_caller().address)
    except UserError as error:
        return _refused(error)
    words, language = _words(asked.language)
    said = words.done if asked.is_new else words.already
    return _page(said[asked.link.press], language, about=_about(asked))


def _about(asked: answers.Asked) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in (asked.text, asked.who) if line)


def _refused(error: UserError) -> Response:
    words, language = _words(None)
    if isinstance(error, LinkExpired):
        return _page(words.expired, language, status=410)
    return _page(words.gone if isinstance(error, NotFound) else words.unknown, language, status=404)


def _words(language: str | None) -> tuple[Words, str]:
    wanted = [language] if language else list(request.accept_languages.values())
    # fr-CA is told fr, and zh the one Chinese there is.
    short = {name.partition("-")[0]: name for name in LANGUAGES}
    name = next(
        (short[each.partition("-")[0].lower()] for each in wanted if each.partition("-")[0].lower() in short), "en"
    )
    return WORDS[name], name


def _page(title: str, language: str, *, about: str = "", form: str = "", status: int = 200) -> Response:
    text = _PAGE.format(language=language, title=escape(title), style=_STYLE, about=about, form=form)
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response
