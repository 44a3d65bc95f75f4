"""What every judge keeps to, against a server on loopback that behaves as servers do."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator

import pytest

from services.brain.judge import Away, Judge, Opinion, Question, Refusal, opinion_schema
from services.brain.judge_bootstrap import open_judge
from services.brain.judges import CATALOGUE
from shared.domain.errors import UserError
from shared.settings import Settings
from tests.model_server import Act, ModelServer, good

TIMEOUT_S = 1.0
QUESTION = Question("You are a judge.", '{"camera": "Door"}', (b"\xff\xd8first", b"\xff\xd8second"))

Open = Callable[[str], Judge]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def judge_settings(way: str, url: str) -> Settings:
    kind, _, mode = way.partition("/")
    if kind == "ollama":
        given = {"url": url, "model": "gemma3", "timeout_s": TIMEOUT_S, "stream": mode == "streamed"}
        return Settings.model_validate({"ollama": given})
    own = {"url": f"{url}/v1", "model": "gemma3", "timeout_s": TIMEOUT_S, "api_key": "sk-1"}
    return Settings.model_validate({"judge": {"kind": kind, "settings": {kind: own}}})


@pytest.fixture(params=["ollama/streamed", "ollama/whole", "openai"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def judge(way: str, server: ModelServer) -> Iterator[Judge]:
    opened = open_judge(judge_settings(way, server.url))
    yield opened
    opened.close()


def test_every_judge_is_tried_here() -> None:
    assert set(CATALOGUE) == {"ollama", "openai"}


def test_it_gives_what_the_model_says_and_shows_it_everything(judge: Judge, way: str, server: ModelServer) -> None:
    assert Opinion.read(judge.ask(QUESTION)) == Opinion.read(good())
    (asked,) = server.questions
    assert (server.system(), server.text()) == (QUESTION.system, QUESTION.text)
    shown = [picture.rpartition(",")[2] for picture in server.pictures()]
    assert [base64.b64decode(picture) for picture in shown] == list(QUESTION.pictures)
    assert asked["model"] == judge.model == "gemma3"
    if way.startswith("ollama"):
        assert (asked["format"], asked["keep_alive"], asked["path"]) == (opinion_schema(), "10m", "/api/chat")
        assert asked["stream"] is (way == "ollama/streamed")
    else:
        assert asked["response_format"]["json_schema"]["schema"] == opinion_schema()
        assert asked["authorization"] == "Bearer sk-1"


def test_an_answer_that_fits_nothing_is_handed_over_as_it_is(judge: Judge, server: ModelServer) -> None:
    for content in ("", "I see a person.", '{"verdict": "confirmed"}', "[]", good(threat_level=7)):
        server.acts = [Act(content)]
        answer = judge.ask(QUESTION)
        assert (answer, Opinion.read(answer)) == (content, None)


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        pytest.param(Act(status=500), "failed", id="500"),
        pytest.param(Act(status=503), "failed", id="503"),
        pytest.param(Act(hang=True), "timeout", id="hangs"),
        pytest.param(Act(delay_s=3), "timeout", id="slow"),
        pytest.param(Act(drip_s=0.1), "timeout", id="drips"),
        pytest.param(Act(cut=True), "failed", id="half an answer"),
        pytest.param(Act(unfinished=True), "failed", id="not done"),
        pytest.param(Act(raw=b"{wrong"), "failed", id="wrong JSON"),
        pytest.param(Act(raw=b"[1]"), "failed", id="JSON of another shape"),
        pytest.param(Act(raw=b'"text"'), "failed", id="a text"),
        pytest.param(Act(raw=b'{"message": 3, "done": true}'), "failed", id="fields of other types"),
        pytest.param(Act(raw=b"null"), "failed", id="null"),
        pytest.param(Act(raw=b"\xff\xfe\x00"), "failed", id="no text"),
        pytest.param(Act(raw=b" " * 2_000_000), "failed", id="endless"),
    ],
)
def test_whoever_fails_is_away_and_may_be_asked_again(
    judge: Judge, server: ModelServer, act: Act, outcome: str
) -> None:
    server.acts = [act]
    started = time.monotonic()
    with pytest.raises(Away) as told:
        judge.ask(QUESTION)
    assert told.value.outcome == outcome
    assert time.monotonic() - started < 2 * TIMEOUT_S + 10  # what is endless or hangs would be waited for for ever
    assert Opinion.read(judge.ask(QUESTION)) is not None


@pytest.mark.parametrize(("status", "outcome"), [(404, "no_model"), (400, "refused"), (401, "refused")])
def test_whoever_refuses_will_refuse_again(judge: Judge, server: ModelServer, status: int, outcome: str) -> None:
    server.acts = [Act(status=status)]
    with pytest.raises(Refusal) as told:
        judge.ask(QUESTION)
    assert told.value.outcome == outcome


def test_a_server_that_is_not_there_cannot_be_reached(way: str) -> None:
    with ModelServer() as gone:
        url = gone.url
    judge = open_judge(judge_settings(way, url))
    with pytest.raises(Away) as told:
        judge.ask(QUESTION)
    assert told.value.outcome == "unreachable"
    judge.close()


def test_a_closed_judge_is_away(judge: Judge) -> None:
    judge.close()
    with pytest.raises(Away):
        judge.ask(QUESTION)


def test_settings_that_cannot_work_are_named() -> None:
    with pytest.raises(UserError, match=r"judge\.kind: there is no judge 'olama' – did you mean 'ollama'\?"):
        open_judge(Settings.model_validate({"judge": {"kind": "olama"}}))
    with pytest.raises(UserError, match=r"ollama\.url"):
        open_judge(Settings())
    with pytest.raises(UserError, match=r"judge\.settings\.openai\.url"):
        open_judge(Settings.model_validate({"judge": {"kind": "openai", "settings": {"openai": {"model": "m"}}}}))
