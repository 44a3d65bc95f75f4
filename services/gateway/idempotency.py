"""`Idempotency-Key`: the same order sent twice is carried out once."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis

from services.gateway.problem import Problem, Refusal
from services.gateway.soft_redis import SoftRedis
from shared.db.secrets import SecretBox
from shared.domain.errors import UserError

KEEP_S = 86_400
# How long an order may take before another try with its key may carry it out.
_HOLD_S = 60
_WAIT_S = 5.0
_POLL_S = 0.05
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer as it was given the first time."""

    status: int
    content_type: str
    body: bytes


class Replays:
    """Remembers answers for a day, sealed (an answer may hold a key that is shown once).

    While Redis is away orders are carried out without it.
    """

    def __init__(self, redis: SoftRedis, box: SecretBox, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._redis = redis
        self._box = box
        self._sleep = sleep

    def once(self, key: str, *, who: str, what: bytes, carry_out: Callable[[], Recorded]) -> Recorded:
        """The first answer to this order of this account. Only answers below 400 are remembered.

        `what` is all that makes an order the same: method, address and body. Raises `Refusal`: 400 for a malformed
        key, 409 when the key was used for another order or the first try is still under way.
        """
        if not _KEY.fullmatch(key):
            raise Refusal(Problem(400, "invalid_request", "Idempotency-Key must be 1–255 visible ASCII characters"))
        name = "gateway:idempotency:" + hashlib.sha256(f"{who}\0{key}".encode()).hexdigest()
        digest = hashlib.sha256(what).hexdigest()
        earlier = self._earlier(name, digest)
        if earlier is not None:
            return earlier
        try:
            answer = carry_out()
        except BaseException:
            self._forget(name)
            raise
        if answer.status < 400:
            self._remember(name, digest, answer)
        else:
            self._forget(name)
        return answer

    def _claim(self, name: str, digest: str) -> bool:
        entry = json.dumps({"digest": digest})
        return self._redis.attempt(
            lambda redis: bool(redis.set(name, entry, nx=True, ex=_HOLD_S)), otherwise=True, purpose="idempotency"
        )

    def _earlier(self, name: str, digest: str) -> Recorded | None:
        """The first try's answer, waited for; None when this try is the one to carry the order out.

        A first try that was refused leaves its key to whoever asks next.
        """
        for _ in range(int(_WAIT_S / _POLL_S)):
            if self._claim(name, digest):
                return None
            raw = self._redis.attempt(lambda redis: redis.get(name), otherwise=None, purpose="idempotency")
            entry = json.loads(raw) if raw else {"digest": digest}
            if entry["digest"] != digest:
                raise Refusal(Problem(409, "conflict", "This Idempotency-Key was used for another request"))
            if "sealed" in entry:
                return self._opened(entry["sealed"])
            self._sleep(_POLL_S)
        message = "The first request with this Idempotency-Key is still being carried out"
        raise Refusal(Problem(409, "conflict", message, headers={"Retry-After": "5"}))

    def _remember(self, name: str, digest: str, answer: Recorded) -> None:
        content = json.dumps([answer.status, answer.content_type, answer.body.decode()])
        entry = json.dumps({"digest": digest, "sealed": self._box.seal(content)})
        self._redis.attempt(lambda redis: redis.set(name, entry, ex=KEEP_S), otherwise=None, purpose="idempotency")

    def _forget(self, name: str) -> None:
        def delete(redis: Redis) -> None:
            redis.delete(name)

        self._redis.attempt(delete, otherwise=None, purpose="idempotency")

    def _opened(self, sealed: str) -> Recorded:
        try:
            status, content_type, body = json.loads(self._box.open(sealed))
        except UserError:
            raise Refusal(Problem(409, "conflict", "This Idempotency-Key was used before")) from None
        return Recorded(status=status, content_type=content_type, body=body.encode())
