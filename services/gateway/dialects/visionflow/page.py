"""Pages for people: plain HTML that needs no script, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

from flask import Request, Response, request

from services.gateway.dialects.visionflow.words import language, say

_STYLE: Final = (
    "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}h1{font-size:1.375rem}label{display:block;margin:0 0 1rem}"
    "input{display:block;box-sizing:border-box;width:100%;font:inherit;padding:.5rem;border:1px solid #767676;"
    "border-radius:.375rem}button{font:inherit;padding:.75rem 1.25rem;border:0;border-radius:.375rem;color:#fff;"
    "background:#0b5cad}button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid #f0a400;"
    "outline-offset:2px}.wrong{color:#a30000}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}"
    ".wrong{color:#ff9a9a}a{color:#8ab8ff}input{color:#eee;background:#222}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""
# Files are not sent, but the API reads this kind of form already.
_FORM: Final = (
    '<form method="post" action="{action}" enctype="multipart/form-data">{fields}'
    '<button type="submit">{button}</button></form>'
)
_FIELD: Final = (
    '<label>{label}<input name="{name}" type="{kind}" autocomplete="{fill}" maxlength="{most}" value="{value}" '
    "required></label>"
)


def page(title: str, *content: str, status: int = 200) -> Response:
    """A page of parts that are HTML already; its title is said by `words`."""
    text = _PAGE.format(language=language(), title=escape(say(title)), style=_STYLE, content="".join(content))
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    # So that the form tells where it comes from.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def form(button: str, *fields: str) -> str:
    """A form that goes to `form` below the page's own address, wherever a proxy has put it."""
    action = "form" if _is_below(request.path) else f"{request.path.rpartition('/')[2]}/form"
    return _FORM.format(action=escape(action), fields="".join(fields), button=escape(say(button)))


def field(
    name: str, *, fill: str, kind: str = "text", most: int = 256, value: str = "", words: str | None = None
) -> str:
    """An input with its label, which `words` says where it is not called like the field."""
    label = escape(say(words or name))
    return _FIELD.format(label=label, name=name, kind=kind, fill=fill, most=most, value=escape(value))


def line(text: str, *, wrong: bool = False) -> str:
    """A sentence; `wrong` ones are read out at once."""
    return f'<p class="wrong" role="alert">{escape(text)}</p>' if wrong else f"<p>{escape(text)}</p>"


def link(name: str, words: str) -> str:
    """A way to another of our pages."""
    return f'<p><a href="{escape(beside(name))}">{escape(say(words))}</a></p>'


def beside(name: str) -> str:
    """The address of another page as seen from the one that was asked for."""
    return f"../{name}" if _is_below(request.path) else name


def _is_below(path: str) -> bool:
    return path.endswith(("/form", "/"))


def is_from_here(request: Request) -> bool:
    """Whether one of our own pages sent the form: another site must not log its visitors in or out."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host
