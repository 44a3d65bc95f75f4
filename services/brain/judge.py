"""The contract of a judge: a model that sees pictures and says whether what a rule found is so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol, Self, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.domain.errors import Permanent, Transient
from shared.settings import Settings

REASON_LENGTH: Final = 500
DESCRIPTION_LENGTH: Final = 1_000

Trouble = Literal["unreachable", "failed", "timeout"]
Refused = Literal["no_model", "refused"]


class Away(Transient):
    """No answer now; the same question may be answered later. `outcome` says what went wrong."""

    def __init__(self, outcome: Trouble, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


class Refusal(Permanent):
    """The server refuses the question and will refuse it again."""

    def __init__(self, outcome: Refused, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


def _cleaned(text: str, most: int) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _reason(text: str) -> str:
    if not (line := _cleaned(text, REASON_LENGTH)):
        raise ValueError("must not be empty")
    return line


class Opinion(BaseModel):
    """What a judge answers, and all it can: nothing here names a channel, a recipient or a rule.

    `unverified` is for what the pictures do not tell. Texts lose control characters and what is too long.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", title="Verdict")

    verdict: Literal["confirmed", "rejected", "unverified"]
    reason: Annotated[str, AfterValidator(_reason)]
    threat_level: int = Field(ge=0, le=3)
    description: Annotated[str, AfterValidator(lambda text: _cleaned(text, DESCRIPTION_LENGTH))]

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The opinion in an answer, or None when it does not fit the schema."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None


def opinion_schema() -> dict[str, Any]:
    """The JSON schema that answers are to fit."""
    return Opinion.model_json_schema()


@dataclass(frozen=True, slots=True)
class Question:
    """`system` is ours alone, `text` holds what others wrote, as data; `pictures` are JPEGs, the deciding one first."""

    system: str
    text: str
    pictures: tuple[bytes, ...]


@runtime_checkable
class Judge(Protocol):
    """Thread-safe: several cases are asked about at once."""

    name: ClassVar[str]
    model: str
    timeout_s: float
    """One answer takes no longer than twice this."""

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Connects to nothing yet. Raises `UserError` for settings that cannot work."""
        ...

    def ask(self, question: Question) -> str:
        """The model's answer as text, whatever it is. Blocks. Raises `Away` and `Refusal`."""
        ...

    def close(self) -> None:
        """Give connections back. Nothing can be asked any more."""
        ...
