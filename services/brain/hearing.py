"""One case from its taking to its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.brain import cases, metrics
from services.brain.breaker import Breaker
from services.brain.case_facts import facts_of, snapshot_of
from services.brain.cases import Result, Taken
from services.brain.exhibits import Exhibits, exhibits
from services.brain.judge import Away, Judge, Opinion, Question, Refusal
from services.brain.prompt import PROMPT_VERSION, CaseFacts, evidence, instructions
from shared.db.engine import SessionFactory
from shared.domain.backoff import doubling_s
from shared.domain.recipient import Language
from shared.media import MediaStore
from shared.observability import get_logger

log = get_logger("brain.judge")

_ASKED_AT_MOST: Final = 2
_BACKOFF_BASE_S: Final = 1.0
_BACKOFF_CAP_S: Final = 60.0
_LEASE_MARGIN_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How cases are heard: the language of accounts that have set none, and whether rejections are told."""

    language: Language = "en"
    tell_rejected: bool = False


class Hearing:
    """Takes up cases, asks the judge and settles them. Thread-safe.

    `committed` is called after every commit that may have written an outbox row.
    """

    def __init__(
        self,
        sessions: SessionFactory,
        *,
        judge: Judge,
        breaker: Breaker,
        media: MediaStore,
        manners: Manners,
        now: Callable[[], datetime],
        committed: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._judge = judge
        self._breaker = breaker
        self._media = media
        self._manners = manners
        self._now = now
        self._committed = committed
        self._monotonic = monotonic
        self._stopping = False
        self._in_hand: dict[int, Taken] = {}

    def stop(self) -> None:
        """Take up nothing more."""
        self._stopping = True

    def give_back(self) -> int:
        """Free the cases in hand for others; how many. An answer that comes yet counts if nobody was quicker.

        Raises `sqlalchemy.exc.OperationalError`.
        """
        left, now = list(self._in_hand.values()), self._now()
        with self._sessions.begin() as session:
            for taken in left:
                cases.put_off(session, taken, until=now, trouble=None)
        return len(left)

    def hear_next(self) -> bool:
        """Take up the most urgent case and hear it; whether there was one. Blocks for the judge.

        Raises `sqlalchemy.exc.OperationalError`; the case is taken up again when its lease has run out.
        """
        if self._stopping:
            return False
        lease_s = _ASKED_AT_MOST * 2 * self._judge.timeout_s + _LEASE_MARGIN_S
        with self._sessions.begin() as session:
            taken = cases.take(session, now=self._now(), lease_s=lease_s)
            if taken is None:
                return False
            facts = facts_of(session, taken.event_id, language=self._manners.language)
            snapshot = snapshot_of(session, taken.event_id)
        self._in_hand[taken.event_id] = taken
        try:
            if facts is not None:
                self._hear(taken, facts, snapshot)
        finally:
            self._in_hand.pop(taken.event_id, None)
        return True

    def _hear(self, taken: Taken, facts: CaseFacts, snapshot: str | None) -> None:
        if self._breaker.is_blocked:
            self._leave_open(taken)
            return
        shown = exhibits(self._media, snapshot, taken.evidence)
        if not shown.pictures:
            self._settle(taken, Result("no_picture", model=self._judge.model, prompt_version=PROMPT_VERSION))
        elif not self._breaker.allow():
            self._leave_open(taken)
        else:
            self._consult(taken, facts, shown)

    def _consult(self, taken: Taken, facts: CaseFacts, shown: Exhibits) -> None:
        started = self._monotonic()
        opinion, outcome = None, "misfit"
        try:
            opinion = self._ask(facts, shown)
        except Away as error:
            self._failed(error.outcome, str(error))
            self._put_off(taken, error)
            return
        except Refusal as error:
            self._failed(error.outcome, str(error))
            outcome = error.outcome
        except BaseException:
            # Whatever it was, whoever was allowed to ask must say how it went.
            self._failed("failed", "a mistake in Argus")
            raise
        result = Result(
            outcome="judged" if opinion else outcome,
            opinion=opinion,
            model=self._judge.model,
            prompt_version=PROMPT_VERSION,
            latency_ms=round((self._monotonic() - started) * 1000),
            evidence=shown.paths,
        )
        self._settle(taken, result)

    def _ask(self, facts: CaseFacts, shown: Exhibits) -> Opinion | None:
        """The opinion, asked for once more when it does not fit; None when it does not fit then either."""
        text = evidence(facts)
        for attempt in range(_ASKED_AT_MOST):
            question = Question(instructions(facts.language, again=attempt > 0), text, shown.pictures)
            started = self._monotonic()
            answer = self._judge.ask(question)
            metrics.JUDGE_SECONDS.observe(self._monotonic() - started)
            if self._breaker.succeeded():
                log.info("judge_is_back", model=self._judge.model)
            metrics.JUDGE_BREAKER.set(0)
            opinion = Opinion.read(answer)
            metrics.ANSWERS.labels("judged" if opinion else "misfit").inc()
            if opinion is not None:
                return opinion
            log.warning("answer_does_not_fit", model=self._judge.model, answer=answer[:200])
        return None

    def _failed(self, outcome: str, reason: str) -> None:
        metrics.ANSWERS.labels(outcome).inc()
        opened = self._breaker.failed()
        log.warning("judge_failed", outcome=outcome, reason=reason[:300], asked_again_in_s=self._breaker.wait_s)
        metrics.JUDGE_BREAKER.set(int(self._breaker.is_blocked))
        if opened:
            log.error("judge_not_asked_for_a_while", reason=reason[:300])

    def _put_off(self, taken: Taken, error: Away) -> None:
        """The same question may be answered later; who waits for it now hears of the event if that is not soon."""
        now, blocked = self._now(), self._breaker.is_blocked
        wait_s = doubling_s(taken.attempt, base_s=_BACKOFF_BASE_S, cap_s=_BACKOFF_CAP_S)
        until = now if self._stopping else now + timedelta(seconds=max(wait_s, self._breaker.wait_s))
        with self._sessions.begin() as session:
            released = blocked and cases.release(session, taken.event_id, now=now)
            cases.put_off(session, taken, until=until, trouble=None if self._stopping else error.outcome)
        self._told(released)

    def _leave_open(self, taken: Taken) -> None:
        """Nobody asks now: people hear of the event at once, and of the verdict when there is one."""
        now = self._now()
        with self._sessions.begin() as session:
            released = cases.release(session, taken.event_id, now=now)
            cases.put_off(session, taken, until=now + timedelta(seconds=self._breaker.wait_s), trouble="unreachable")
        self._told(released)

    def _told(self, released: bool) -> None:  # noqa: FBT001 – what the step before gave
        if released:
            metrics.ANSWERS.labels("not_asked").inc()
            self._committed()

    def _settle(self, taken: Taken, result: Result) -> None:
        with self._sessions.begin() as session:
            settled = cases.settle(
                session,
                taken.event_id,
                result,
                now=self._now(),
                attempt=taken.attempt,
                tell_rejected=self._manners.tell_rejected,
            )
        if settled is None:
            return
        self._committed()
        metrics.count_verdict(settled)
        log.info("event_judged", event_id=settled.event_uuid, verdict=result.verdict, outcome=result.outcome,
                 in_time=settled.in_time, latency_ms=result.latency_ms)  # fmt: skip
