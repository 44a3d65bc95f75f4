"""The judge behind Ollama's /api/chat."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import httpx
from ollama import Client, ResponseError

from services.brain.bounded_transport import BoundedTransport
from services.brain.judge import Away, Question, Refusal, opinion_schema
from shared.domain.errors import UserError
from shared.settings import Settings
from shared.settings.sections import OllamaSettings

_NOT_FOUND = 404
_SERVER_ERROR = 500
_OPTIONS: Final = {"temperature": 0.0, "num_predict": 600}


class OllamaJudge:
    """Asks the model with the opinion's schema as format, so that a server that knows formats gives nothing else."""

    name: ClassVar[str] = "ollama"

    def __init__(self, settings: OllamaSettings) -> None:
        self.model = settings.model
        self.timeout_s = settings.timeout_s
        self._settings = settings
        self._client = Client(
            host=settings.url,
            timeout=settings.timeout_s,
            follow_redirects=False,
            trust_env=False,
            transport=BoundedTransport(timeout_s=settings.timeout_s),
        )

    @classmethod
    def open(cls, settings: Settings) -> Self:
        if settings.ollama.url is None:
            raise UserError("ollama.url", "is not set", remedy="set ARGUS_OLLAMA__URL")
        try:
            return cls(settings.ollama)
        except (httpx.InvalidURL, ValueError) as error:
            raise UserError("ollama.url", f"is no address: {error}", remedy="http://host:11434") from None

    def ask(self, question: Question) -> str:
        messages: list[dict[str, Any]] = [
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.text, "images": list(question.pictures)},
        ]
        try:
            return self._streamed(messages) if self._settings.stream else self._whole(messages)
        except ResponseError as error:
            raise _told(error, self.model) from error
        except ConnectionError as error:
            raise Away("unreachable", "Ollama cannot be reached") from error
        except httpx.TimeoutException as error:
            slow = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise Away("timeout" if slow else "unreachable", f"no answer within {self.timeout_s:g} s") from error
        except httpx.ConnectError as error:
            raise Away("unreachable", "Ollama cannot be reached") from error
        except httpx.HTTPError as error:
            raise Away("failed", f"the answer broke off: {error}"[:300]) from error
        except (ValueError, TypeError, AttributeError, RuntimeError) as error:
            # The package takes every answer for one of Ollama's; RuntimeError is a client that was closed meanwhile.
            raise Away("failed", f"the answer is none of Ollama's: {type(error).__name__}") from error

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _whole(self, messages: list[dict[str, Any]]) -> str:
        answer = self._client.chat(stream=False, **self._request(messages))
        return _complete(answer.message.content or "", done=answer.done)

    def _streamed(self, messages: list[dict[str, Any]]) -> str:
        parts, done = [], False
        for part in self._client.chat(stream=True, **self._request(messages)):
            parts.append(part.message.content or "")
            done = bool(part.done)
        return _complete("".join(parts), done=done)

    def _request(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": messages,
            "format": opinion_schema(),
            "options": _OPTIONS,
            "keep_alive": self._settings.keep_alive,
        }


def _complete(text: str, *, done: bool | None) -> str:
    if not done:
        raise Away("failed", "the answer ended before it was done")
    return text


def _told(error: ResponseError, model: str) -> Away | Refusal:
    reason = " ".join(str(error.error).split())[:200]
    if error.status_code == _NOT_FOUND:
        return Refusal("no_model", f"Ollama has no model {model}: {reason}")
    if 0 < error.status_code < _SERVER_ERROR:
        return Refusal("refused", f"Ollama refuses the question ({error.status_code}): {reason}")
    return Away("failed", f"Ollama failed: {reason}")
