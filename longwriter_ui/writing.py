"""Writing one paragraph: asking the engine, once more where that is needed, and making a version of the answer."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from longwriter_ui import prompts
from longwriter_ui.debt import goal_words, told_words
from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Version
from longwriter_ui.engine.base import (
    Cancel,
    Chunk,
    Conversation,
    Engine,
    LengthGoal,
    LengthMode,
    Request,
    Sampling,
    assistant,
    user,
)
from longwriter_ui.errors import EngineError
from longwriter_ui.events import Event, ParagraphDone, ParagraphStarted, Reading, TextDelta, Usage
from longwriter_ui.loops import good_part
from longwriter_ui.prompts.task import Task, continued_task, paragraph_task, part
from longwriter_ui.sentences import last_sentence_end

_OVERRUN = 2.5  # an answer may be this many times its target before it is cut off
ATTEMPTS = 2  # at an answer that comes to nothing
_DRY = 0.8  # strength of the penalty on repetition after an answer that repeated itself
_SAMPLES = {
    "en": "The keeper climbed the stairs each evening, trimmed the wick, and waited for the first ships to pass.",
    "zh": "每天傍晚，守塔人沿着石阶走上去，修剪灯芯，点亮灯火，然后静静地等待第一艘船从远处驶过。",
}


@dataclass(frozen=True)
class Writer:
    """What writing needs besides the draft: the engine, the sampler settings, the wish to stop, and how closely
    paragraphs are held to their lengths, and whether an answer that repeats itself is broken off."""

    engine: Engine
    sampling: Sampling
    cancel: Cancel
    length: LengthMode = LengthMode.GENTLE
    guarded: bool = True

    def against_repetition(self) -> Writer:
        """The same, with a sampler that avoids what was written before."""
        return replace(self, sampling=replace(self.sampling, dry_multiplier=max(_DRY, self.sampling.dry_multiplier)))

    def request(self, draft: Draft, conversation: Conversation, seed: int, words: int, whole: int | None) -> Request:
        """For at most `words` words by far; `whole` is what the answer is to have in the end."""
        goal = LengthGoal(whole, draft.brief.language, self.length) if whole else None
        limit = math.ceil(words * tokens_per_word(self.engine, draft.brief.language) * _OVERRUN) + 64
        asker, sampling = prompts.asker(draft.brief.language), replace(self.sampling, seed=seed)
        return Request(conversation, sampling, limit, length=goal, guarded=self.guarded, asker=asker)


def tokens_per_word(engine: Engine, language: str) -> float:
    """How many tokens this vocabulary needs for a word (a character in Chinese), from a sample sentence."""
    sample = _SAMPLES["zh" if language == "zh" else "en"]
    empty = engine.measure((user(""),)).total
    count = len(sample) if language == "zh" else len(sample.split())
    # Vocabularies are made for English and Chinese; other languages take about half as many tokens again.
    scale = 1.0 if language in _SAMPLES else 1.5
    return scale * (engine.measure((user(sample),)).total - empty) / count


def write_paragraph(draft: Draft, index: int, writer: Writer, *, anew: bool) -> Generator[Event, None, FinishReason]:
    """One paragraph; returns its finish reason. An empty answer is asked for once more with another seed; one that
    repeats itself is taken back to its last good sentence and goes on from there, once."""
    paragraph, vocabulary = draft.paragraphs[index], writer.engine.info.vocabulary
    stopped = paragraph.version if not anew and paragraph.version is not None and paragraph.text.strip() else None
    planned = paragraph.step.words
    words = planned if anew or writer.length is LengthMode.OFF else goal_words(draft, index)
    make_task = continued_task if stopped else paragraph_task
    task = make_task(draft, index, vocabulary, told_words(planned, words))
    begun = begin(draft, index, stopped, task, vocabulary)
    yield ParagraphStarted(paragraph.key, begun, task.opening)
    asked = task.conversation[:-1] if stopped else task.conversation
    repeats = stopped is not None and stopped.finish is FinishReason.LOOP
    usage = Usage()
    for attempt in range(ATTEMPTS):
        conversation = (*asked, assistant(part(begun, vocabulary))) if begun.text else asked
        seed = seed_of(draft.seed, index, paragraph.versions + attempt)
        request = (writer.against_repetition() if repeats else writer).request(
            draft, conversation, seed, words or 0, words
        )
        answer = Answer(begun, request)
        for item in writer.engine.stream(request, writer.cancel):
            if isinstance(item, Reading):
                yield item
            else:
                answer.add(item)
                if item.text:
                    yield TextDelta(paragraph.key, item.text, item.tokens_per_second)
        usage += answer.usage
        if answer.finish is FinishReason.LOOP:
            begun, repeats = answer.before_repetition(request.answers), True
            yield ParagraphDone(paragraph.key, begun, usage)
            if attempt == ATTEMPTS - 1:
                raise repeats_itself(kept=anew and paragraph.version is not None)
            usage = Usage()
            yield ParagraphStarted(paragraph.key, begun)
        elif answer.text.strip() or answer.finish is FinishReason.CANCELLED:
            yield ParagraphDone(paragraph.key, answer.version() if answer.text.strip() else None, usage)
            return answer.finish
    raise EngineError(
        "The model wrote nothing for this paragraph.", "Try again, or change its main point.", retryable=True
    )


def begin(draft: Draft, index: int, stopped: Version | None, task: Task, vocabulary: str) -> Version:
    """The version that an answer to `task` begins with: empty, or what there is of a stopped one."""
    basis = draft.basis(index)
    return Version(
        stopped.text if stopped else "",
        Author.MODEL,
        FinishReason.CANCELLED,
        basis=replace(basis, before="") if draft.mode is Mode.PARALLEL else basis,
        prompt=task.prompt,
        rest=stopped.rest if stopped else draft.rest(index + 1),
        tokens=stopped.tokens if stopped and stopped.vocabulary == vocabulary else (),
        vocabulary=vocabulary,
    )


def repeats_itself(*, kept: bool = False) -> EngineError:
    """What the person is told when a second try ended in repetition too. `kept`: what was to be replaced stays."""
    if kept:
        return EngineError(
            "The model keeps repeating itself here, so the paragraph stays as it was.",
            "Ask for it in other words, change the main point or the text before it, or choose another model.",
            retryable=True,
        )
    return EngineError(
        "The model keeps repeating itself here, so the text was taken back to its last good sentence.",
        "Go on from there, change the main point or the text before it, or choose another model.",
        retryable=True,
    )


class Answer:
    """An answer to `request` as it grows, from the version it began with."""

    def __init__(self, begun: Version, request: Request) -> None:
        self.begun = begun
        self._request = request
        self._held = request.length is not None and request.length.mode is not LengthMode.OFF
        self._chunks: list[Chunk] = []

    def add(self, chunk: Chunk) -> None:
        self._chunks.append(chunk)

    @property
    def text(self) -> str:
        return self.begun.text + self._new

    @property
    def _new(self) -> str:
        return "".join(chunk.text for chunk in self._chunks)

    @property
    def finish(self) -> FinishReason:
        return (self._chunks[-1].finish if self._chunks else None) or FinishReason.ERROR

    @property
    def usage(self) -> Usage:
        return usage_of(self._chunks[-1] if self._chunks else None)

    def version(self) -> Version:
        """The answer as a version; a stopped one keeps its trailing space, so that it can be continued exactly. What
        only those who ask would say is taken back. One that is held to a length and did not end by itself loses the
        sentence that it was cut off in; a line without sentences, such as one of a list or a poem, stays as it is."""
        old = len(self.begun.text)
        if (own := self._request.own(self.text, old)) < len(self.text):
            finish = FinishReason.CANCELLED if self.finish is FinishReason.CANCELLED else FinishReason.STOP
            own = _whole(self.text[:own]) if self._held else own
            if own < old:
                return replace(self.begun, text=self.begun.text[:own].rstrip(), finish=finish, tokens=())
            # The space after a sentence is often of one token with its end.
            spaces = len(self.text) - own - len(self.text[own:].lstrip(" \t\n"))
            version = self._up_to(own + spaces - old, finish)
            return replace(version, text=version.text.strip(" \t\n"))
        if self._held and self.finish is FinishReason.LENGTH and (whole := _whole(self._new)) < len(self._new):
            return self._up_to(whole, FinishReason.LENGTH)
        text = self.text if self.finish is FinishReason.CANCELLED else self.text.strip(" \t\n")
        return replace(self.begun, text=text, finish=self.finish, tokens=self._tokens(len(self._chunks)))

    def before_repetition(self, earlier: Sequence[str]) -> Version:
        """The answer up to the last sentence before it came to repeat itself or `earlier` texts."""
        return self._up_to(len(good_part(earlier, self._new)), FinishReason.LOOP)

    def _up_to(self, end: int, finish: FinishReason) -> Version:
        """The beginning and so many characters of the answer."""
        count = length = 0
        while length < end:
            length += len(self._chunks[count].text)
            count += 1
        # Where a token holds more than the end of the sentence, the ids of the text are not known.
        tokens = self._tokens(count) if length == end else ()
        return replace(self.begun, text=self.begun.text + self._new[:end], finish=finish, tokens=tokens)

    def _tokens(self, count: int) -> tuple[int, ...]:
        """Ids of the beginning and the first chunks, where all are known."""
        if self.begun.text and not self.begun.tokens:
            return ()
        return (*self.begun.tokens, *(token for chunk in self._chunks[:count] for token in chunk.tokens))


def _whole(text: str) -> int:
    """How much of a text there is without the sentence that it breaks off; all, where its last line has none."""
    line = text.rpartition("\n")[2]
    end = last_sentence_end(line)
    return len(text) - len(line) + end if end else len(text)


def usage_of(chunk: Chunk | None) -> Usage:
    """What a request cost, from its last chunk."""
    return Usage(chunk.read, chunk.reused, chunk.written) if chunk else Usage()


def seed_of(seed: int, index: int, attempt: int) -> int:
    """A sampler seed (32 bits) for one answer: another for each paragraph and for each time it is written."""
    return (seed * 1_000_003 + index * 8_191 + attempt * 131) & 0xFFFFFFFF
