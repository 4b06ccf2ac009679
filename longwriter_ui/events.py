"""What happens while a job runs, in the order it happens. The pipeline yields these; the studio stores and shows them.

first     (Loading SelfTesting? SelfTested?)?  where the model is not in memory yet
planning  Reading* PlanDelta* PlanReady
writing   (ParagraphStarted Reading* TextDelta* ParagraphDone)*
choosing  (Reading* AlternativeDone)*
point     Reading* PointReady
at the end of each: Finished | Failed
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from longwriter_ui.draft import FinishReason, Version
from longwriter_ui.errors import LongWriterError
from longwriter_ui.plan import Step


@dataclass(frozen=True)
class Loading:
    """The model is being loaded."""

    model: str


@dataclass(frozen=True)
class SelfTesting:
    """The model answers its self-test, which it never did before as it is now."""

    model: str


@dataclass(frozen=True)
class SelfTested:
    """What the self-test found, in sentences; none when all is well. `fresh`: now, not at an earlier time."""

    problems: tuple[str, ...]
    fresh: bool


@dataclass(frozen=True)
class Reading:
    """The prompt is being read: `done` of `total` tokens; `reused` came from the KV cache."""

    done: int
    total: int
    reused: int


@dataclass(frozen=True)
class PlanDelta:
    """More of the plan's text, and the speed it comes at (tokens per second)."""

    text: str
    tokens_per_second: float


@dataclass(frozen=True)
class PlanReady:
    """The plan's steps, every one with a word count, and the text they were read from."""

    steps: tuple[Step, ...]
    raw: str


@dataclass(frozen=True)
class ParagraphStarted:
    """Paragraph `key` is being written. `version` is how it begins: empty, or the text of a stopped answer that is
    being continued. `opening` is the first prompt of the conversation, where this paragraph begins a new one."""

    key: str
    version: Version
    opening: str | None = None


@dataclass(frozen=True)
class TextDelta:
    """More text of paragraph `key`, and the speed it comes at (tokens per second)."""

    key: str
    text: str
    tokens_per_second: float


@dataclass(frozen=True)
class Usage:
    """Tokens a request cost."""

    prompt_read: int = 0
    prompt_reused: int = 0
    written: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_read + other.prompt_read, self.prompt_reused + other.prompt_reused, self.written + other.written
        )


@dataclass(frozen=True)
class ParagraphDone:
    """Paragraph `key` has a new version (None: nothing came before it was stopped)."""

    key: str
    version: Version | None
    usage: Usage


@dataclass(frozen=True)
class AlternativeDone:
    """The `number`th of `count` alternatives to the text of paragraph `key` is written."""

    key: str
    number: int
    count: int
    version: Version


@dataclass(frozen=True)
class PointReady:
    """Another main point for the step `key`."""

    key: str
    main_point: str


@dataclass(frozen=True)
class Finished:
    """The job is over: `reason` is STOP when everything asked for was done, CANCELLED when the person stopped it."""

    reason: FinishReason
    usage: Usage = Usage()


@dataclass(frozen=True)
class Failed:
    """The job ended in an error; the work so far is kept."""

    error: LongWriterError


Event = (
    Loading
    | SelfTesting
    | SelfTested
    | Reading
    | PlanDelta
    | PlanReady
    | ParagraphStarted
    | TextDelta
    | ParagraphDone
    | AlternativeDone
    | PointReady
    | Finished
    | Failed
)

Events = Generator[Event, None, None]  # closing it lets go of the engine at once
