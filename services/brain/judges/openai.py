"""The judge behind any server that speaks OpenAI's /chat/completions: vLLM, llama.cpp, LM Studio, or OpenAI itself."""

from __future__ import annotations

import base64
from typing import Any, ClassVar, Final, Self

import httpx
from pydantic import Field, SecretStr

from services.brain.bounded_transport import BoundedTransport
from services.brain.judge import Away, Question, Refusal, opinion_schema
from shared.domain.errors import UserError
from shared.settings import Settings
from shared.settings.section import Section, parse_section

_BUSY: Final = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500
_NOT_FOUND = 404


class OpenAiSettings(Section):
    """`url` ends where `/chat/completions` follows, mostly with `/v1`."""

    url: str = Field(min_length=1, pattern=r"^https?://")
    model: str = Field(min_length=1)
    api_key: SecretStr | None = None
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    max_tokens: int = Field(default=600, ge=64, le=8192)


class OpenAiJudge:
    """Asks with the opinion's schema as `response_format`."""

    name: ClassVar[str] = "openai"

    def __init__(self, settings: OpenAiSettings) -> None:
        self.model = settings.model
        self.timeout_s = settings.timeout_s
        self._settings = settings
        key = settings.api_key
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=settings.timeout_s,
            follow_redirects=False,
            trust_env=False,
            transport=BoundedTransport(timeout_s=settings.timeout_s),
        )

    @classmethod
    def open(cls, settings: Settings) -> Self:
        own = settings.judge.settings.get(cls.name, {})
        options = parse_section(OpenAiSettings, own, path=f"judge.settings.{cls.name}")
        try:
            httpx.URL(options.url)
            return cls(options)
        except (httpx.InvalidURL, UnicodeEncodeError):
            path = f"judge.settings.{cls.name}"
            raise UserError(path, "url or api_key cannot be sent", remedy="correct it in argus.yaml") from None

    def ask(self, question: Question) -> str:
        try:
            answer = self._client.post(
                f"{self._settings.url.rstrip('/')}/chat/completions", json=self._request(question)
            )
        except httpx.TimeoutException as error:
            slow = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise Away("timeout" if slow else "unreachable", f"no answer within {self.timeout_s:g} s") from error
        except httpx.ConnectError as error:
            raise Away("unreachable", "the server cannot be reached") from error
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: a client that was closed meanwhile
            raise Away("failed", f"the answer broke off: {error}"[:300]) from error
        return self._text_of(answer)

    def close(self) -> None:
        self._client.close()

    def _request(self, question: Question) -> dict[str, Any]:
        pictures = [
            {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"}}
            for jpeg in question.pictures
        ]
        return {
            "model": self.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": [{"type": "text", "text": question.text}, *pictures]},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "verdict", "strict": True, "schema": opinion_schema()},
            },
            "temperature": 0.0,
            "max_tokens": self._settings.max_tokens,
        }

    def _text_of(self, answer: httpx.Response) -> str:
        status = answer.status_code
        if status >= _SERVER_ERROR or status in _BUSY:
            raise Away("failed", f"the server failed ({status})")
        if status == _NOT_FOUND:
            raise Refusal("no_model", f"the server has no model {self.model}")
        if not answer.is_success:
            raise Refusal("refused", f"the server refuses the question ({status})")
        try:
            text = answer.json()["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise Away("failed", "the answer is no chat completion") from error
        return text if isinstance(text, str) else ""
