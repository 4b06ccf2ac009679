"""How far a job is, computed from its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from longwriter_ui.draft import Draft
from longwriter_ui.events import (
    AlternativeDone,
    Event,
    Loading,
    ParagraphDone,
    ParagraphStarted,
    PlanDelta,
    Reading,
    SelfTesting,
    TextDelta,
)


@dataclass(frozen=True)
class Progress:
    """What a status line shows.

    phase: queued, loading, testing, reading, planning, writing or paused. place: jobs ahead in the queue (0: running);
    wait: about how many seconds that takes, where it can be told.
    paragraph `of` how many is being written, `words` of `target` so far in the whole piece, time left in seconds where
    it is known, and the prompt tokens read of those to be read now, with the seconds that takes where the speed is
    known.
    """

    kind: str
    phase: str = "queued"
    place: int = 0
    key: str | None = None
    paragraph: int = 0
    of: int = 0
    words: int = 0
    target: int = 0
    tokens_per_second: float = 0.0
    seconds_left: float | None = None
    read_done: int = 0
    read_total: int = 0
    read_left: float | None = None
    wait: float | None = None


@dataclass
class Pace:
    """Measured speeds of the model, tokens per second; 0 where nothing was measured yet."""

    reading: float = 0.0
    writing: float = 0.0
    _since: tuple[int, float] | None = None
    _begun: float | None = None  # when the text of this answer began to come
    _rested: float = 0.0  # seconds of rest since then

    def rest(self, seconds: float) -> None:
        """The job rested, with an answer half written."""
        self._rested += seconds

    def update(self, event: Event, moment: float) -> Event:
        """One more event, at `moment` in seconds; the event with its speed put right: an engine's clock runs on while
        the job rests."""
        if isinstance(event, Reading):
            if event.done == 0 or self._since is None:
                self._since = (event.done, moment)
            elif (read := event.done - self._since[0]) >= 64 and moment > self._since[1]:
                self.reading = read / (moment - self._since[1])
            self._begun, self._rested = None, 0.0
            return event
        self._since = None
        if isinstance(event, TextDelta | PlanDelta) and event.tokens_per_second > 0:
            self._begun = moment if self._begun is None else self._begun
            passed = moment - self._begun
            if 0 < self._rested < passed:
                event = replace(event, tokens_per_second=event.tokens_per_second * passed / (passed - self._rested))
            self.writing = event.tokens_per_second
        elif isinstance(event, ParagraphDone):
            self._begun, self._rested = None, 0.0
        return event


@dataclass
class Meter:
    """Turns events into Progress. `tokens_per_word` is the engine's, for the time that is left."""

    progress: Progress
    tokens_per_word: float = 1.3
    reading: float = 0.0  # measured speed, tokens per second
    _words: dict[str, int] = field(default_factory=dict)
    _open: dict[str, tuple[int, str]] = field(default_factory=dict)  # words counted of a paragraph, and its last word

    def begin(self, draft: Draft, tokens_per_word: float, keys: Sequence[str] | None = None) -> None:
        """The job starts on `draft`, at the paragraphs `keys`."""
        self.tokens_per_word = tokens_per_word
        self.follow(draft)
        if keys and self.progress.kind in ("choose", "point"):
            self.progress = replace(self.progress, key=keys[0], paragraph=1, of=3)

    def follow(self, draft: Draft) -> None:
        """The plan and the finished text as they are now."""
        self._words = {p.key: draft.count(p.text) for p in draft.paragraphs}
        target = sum(s.words or 0 for s in draft.steps) or draft.brief.target_words
        self.progress = replace(self.progress, of=len(draft.paragraphs), target=target, words=sum(self._words.values()))

    def update(self, event: Event, draft: Draft) -> None:
        """One more event; `draft` as it was when the paragraph began."""
        if isinstance(event, Loading):
            self.progress = replace(self.progress, phase="loading")
        elif isinstance(event, SelfTesting):
            self.progress = replace(self.progress, phase="testing")
        elif isinstance(event, Reading):
            # Alternatives and main points come whole, so that the end of reading is all that tells of their writing.
            whole = self.progress.kind in ("choose", "point") and event.done >= event.total
            phase = "writing" if whole else "reading"
            left = (event.total - event.done) / self.reading if self.reading else None
            self.progress = replace(
                self.progress, phase=phase, read_done=event.done, read_total=event.total, read_left=left
            )
        elif isinstance(event, AlternativeDone):
            self.progress = replace(self.progress, paragraph=event.number + 1, of=event.count)
        elif isinstance(event, PlanDelta):
            self.progress = replace(self.progress, phase="planning", tokens_per_second=event.tokens_per_second)
        elif isinstance(event, ParagraphStarted):
            self.follow(draft)
            self._open[event.key] = (0, "")
            self._count(event.key, event.version.text, draft)
            number = draft.index(event.key) + 1
            self.progress = replace(self.progress, key=event.key, paragraph=number)
        elif isinstance(event, TextDelta):
            self._words[event.key] = self._count(event.key, event.text, draft)
            words, speed = sum(self._words.values()), event.tokens_per_second
            left = max(0, self.progress.target - words) * self.tokens_per_word
            self.progress = replace(
                self.progress,
                phase="writing",
                words=words,
                tokens_per_second=speed,
                seconds_left=left / speed if speed > 0 else None,
            )
        elif isinstance(event, ParagraphDone):
            self.progress = replace(self.progress, key=None)

    def _count(self, key: str, text: str, draft: Draft) -> int:
        """Words of the paragraph with `text` at its end; only its last word is looked at again."""
        counted, tail = self._open[key]
        tail += text
        cut = max(tail.rfind(" "), tail.rfind("\n")) + 1
        counted += draft.count(tail[:cut])
        self._open[key] = (counted, tail[cut:])
        return counted + draft.count(tail[cut:])
