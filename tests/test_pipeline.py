"""Planning and writing as iterators of events, on the scripted engine."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.forced import script
from longwriter_ui import pipeline
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Draft, FinishReason, Mode, Status, paragraphs_of
from longwriter_ui.engine.base import Cancel, Chunk, Engine, LengthMode, Request, Sampling
from longwriter_ui.engine.scripted import Script, ScriptedEngine
from longwriter_ui.errors import EngineError
from longwriter_ui.events import Event, Finished, ParagraphDone, ParagraphStarted, PlanReady, Reading, TextDelta
from longwriter_ui.plan import Step, parse_plan
from tests.script import WORDS, author, paragraph_text

BRIEF = Brief.create("Write about the ferry", 600)


class Desk:
    """A draft in memory that takes in the events as the store would."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.events: list[Event] = []

    def write(
        self,
        engine: Engine,
        cancel: threading.Event | None = None,
        keys: list[str] | None = None,
        length: LengthMode = LengthMode.GENTLE,
    ) -> list[Event]:
        writer = pipeline.Writer(engine, Sampling(), cancel or threading.Event(), length)
        self.events = []
        for event in pipeline.write(lambda: self.draft, writer, keys):
            self.events.append(event)
            self.take(event)
        return self.events

    def take(self, event: Event) -> None:
        if isinstance(event, ParagraphStarted | ParagraphDone) and event.version is not None:
            paragraph = self.draft.paragraphs[self.draft.index(event.key)]
            self.draft = self.draft.with_paragraph(
                replace(paragraph, version=event.version, status=Status.WRITTEN, versions=paragraph.versions + 1)
            )
        if isinstance(event, ParagraphStarted) and event.opening is not None:
            self.draft = replace(self.draft, opening=event.opening)


def desk(mode: Mode = Mode.CONVERSATION, words: tuple[int, ...] = (200, 200, 200)) -> Desk:
    steps = [Step(f"The part about number {'abcdef'[n]}", count) for n, count in enumerate(words)]
    return Desk(Draft("id", "t", BRIEF, mode, 1, paragraphs_of(steps)))


def plan_events(script: Script) -> list[Event]:
    return list(pipeline.plan(BRIEF, ScriptedEngine(script), Sampling(), threading.Event()))


def steps_of(events: list[Event]) -> list[Step]:
    return list(next(e.steps for e in events if isinstance(e, PlanReady)))


def test_counts_that_miss_the_target_by_far_are_scaled_to_it() -> None:
    text = "Paragraph 1 - Main Point: a - Word Count: 2000 words\nParagraph 2 - Main Point: b - Word Count: 4000 words"
    assert steps_of(plan_events(lambda request: text)) == [Step("a", 200), Step("b", 400)]
    near = text.replace("2000", "250").replace("4000", "400")
    assert steps_of(plan_events(lambda request: near)) == [Step("a", 250), Step("b", 400)]


def test_a_line_cut_off_by_the_token_limit_is_no_step() -> None:
    line = "Paragraph 1 - Main Point: something to say here - Word Count: 300 words\n"
    events = plan_events(lambda request: line * 2 + "Paragraph 3 - Main Point: " + "x" * 5000)
    assert [s.words for s in steps_of(events)] == [300, 300]


def test_the_room_asked_for_is_enough_and_not_much_more() -> None:
    for mode in Mode:
        table = desk(mode)
        engine = ScriptedEngine(author)
        needed = pipeline.context_needed(table.draft, engine)
        last = table.write(engine)[-1]
        assert isinstance(last, Finished) and last.reason is FinishReason.STOP
        if mode is Mode.PARALLEL:  # each answer needs room for itself only
            assert needed < pipeline.context_needed(desk().draft, engine)
        elif mode is not Mode.AGENTWRITE:
            used = last.usage.prompt_read + last.usage.written
            assert 0.8 * needed <= used + len(table.draft.brief.instruction) and used <= needed


class Longest(ScriptedEngine):
    """Notes how long the longest conversation became, its answer included."""

    longest = 0

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Reading | Chunk]:
        before = self.measure(request.conversation).total
        for event in super().stream(request, cancel):
            if isinstance(event, Chunk):
                self.longest = max(self.longest, before + event.written)
            yield event


def changed_plan(table: Desk) -> None:
    """Steps 2 and 5 have lost their text, and the plan says something else of the steps from 4 on."""
    cleared = [replace(p, version=None) if n in (1, 4) else p for n, p in enumerate(table.draft.paragraphs)]
    told = [replace(p, step=replace(p.step, main_point=p.step.main_point + " told at length")) for p in cleared[3:]]
    table.draft = replace(table.draft, paragraphs=(*cleared[:3], *told))


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.AGENTWRITE, Mode.ONESHOT])
@pytest.mark.parametrize("case", ["a gap and a changed plan", "from here on", "one of them"])
def test_room_is_asked_for_all_that_stands_before_the_last_paragraph(mode: Mode, case: str) -> None:
    table = desk(mode, (200, 150, 300, 200, 250, 100))
    table.write(ScriptedEngine(author), length=LengthMode.OFF)
    keys = None
    if case == "a gap and a changed plan":
        changed_plan(table)
    else:
        paragraphs = table.draft.paragraphs
        table.draft = replace(table.draft, paragraphs=(*paragraphs[:5], replace(paragraphs[5], version=None)))
        keys = [p.key for p in paragraphs[2:]] if case == "from here on" else [paragraphs[3].key]
    engine = Longest(author)
    needed = pipeline.context_needed(table.draft, engine, keys)
    table.write(engine, keys=keys, length=LengthMode.OFF)
    assert engine.longest <= needed <= 1.25 * engine.longest


def test_an_answer_has_a_limit_and_says_when_it_met_it() -> None:
    table = desk(words=(50,))
    endless = " ".join(random.Random(1).choices(WORDS, k=5000))  # without the end of a sentence
    table.write(ScriptedEngine(lambda request: endless))
    version = table.draft.paragraphs[0].version
    assert version is not None and version.finish is FinishReason.LENGTH
    assert 50 < table.draft.words < 400


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.PARALLEL])
def test_an_answer_held_to_a_length_loses_the_sentence_it_was_cut_off_in(mode: Mode) -> None:
    whole = "The ferry came at noon."
    endless = f"{whole} Then " + " ".join(random.Random(1).choices(WORDS, k=5000))
    for length in (LengthMode.GENTLE, LengthMode.OFF):
        table = desk(mode, words=(50,))
        table.write(ScriptedEngine(lambda request: endless), length=length)
        version = table.draft.paragraphs[0].version
        assert version is not None and version.finish is FinishReason.LENGTH
        assert version.text.startswith(whole) and (version.text == whole) == (length is LengthMode.GENTLE)
        assert "".join(map(chr, version.tokens)) in ("", version.text)


def test_an_answer_cut_off_in_a_poem_keeps_all_its_lines() -> None:
    table = desk(words=(50,))
    poem = "\n".join(" ".join(random.Random(n).choices(WORDS, k=6)) for n in range(900))
    table.write(ScriptedEngine(lambda request: "Here is the poem.\n" + poem))
    version = table.draft.paragraphs[0].version
    assert version is not None and version.finish is FinishReason.LENGTH
    assert version.text.count("\n") > 10


def test_an_empty_answer_is_asked_for_once_more_with_another_seed() -> None:
    seeds: list[int] = []

    def shy(request: Request) -> str:
        seeds.append(request.sampling.seed)
        return "" if len(seeds) == 1 else "At last."

    table = desk(words=(50,))
    table.write(ScriptedEngine(shy))
    assert table.draft.text == "At last." and len(set(seeds)) == 2
    with pytest.raises(EngineError, match="wrote nothing"):
        desk(words=(50,)).write(ScriptedEngine(lambda request: " \n"))


def test_every_paragraph_and_every_rewrite_has_a_seed_of_its_own() -> None:
    seeds: list[int] = []

    def noting(request: Request) -> str:
        seeds.append(request.sampling.seed)
        return author(request)

    table = desk()
    table.write(ScriptedEngine(noting))
    table.write(ScriptedEngine(noting), keys=[table.draft.paragraphs[1].key])
    assert len(set(seeds)) == 4
    again, first = desk(), list(seeds)
    seeds.clear()
    again.write(ScriptedEngine(noting))
    assert seeds == first[:3]


@pytest.mark.parametrize("mode", list(Mode))
def test_stopping_and_going_on_gives_the_text_of_writing_in_one_go(mode: Mode) -> None:
    whole = desk(mode)
    whole.write(ScriptedEngine(author))
    halting = desk(mode)
    engine = ScriptedEngine(author)
    for _ in range(40):
        cancel = threading.Event()
        seen = 0
        writer = pipeline.Writer(engine, Sampling(), cancel)
        for event in pipeline.write(lambda: halting.draft, writer):
            halting.take(event)
            seen += isinstance(event, TextDelta)
            if seen == 37:
                cancel.set()
        if isinstance(event, Finished) and event.reason is FinishReason.STOP:
            break
    assert halting.draft.text == whole.draft.text
    assert [p.text for p in halting.draft.paragraphs] == [p.text for p in whole.draft.paragraphs]


def test_an_edit_between_two_paragraphs_is_what_the_model_works_from() -> None:
    table = desk()
    events: Iterator[Event] = pipeline.write(
        lambda: table.draft, pipeline.Writer(ScriptedEngine(author), Sampling(), threading.Event())
    )
    for event in events:
        table.take(event)
        if isinstance(event, ParagraphDone) and event.key == table.draft.paragraphs[0].key:
            second = table.draft.paragraphs[1]
            table.draft = table.draft.with_paragraph(replace(second, step=Step("Something else altogether", 60)))
    assert table.draft.paragraphs[1].text.startswith("Something else altogether")
    assert table.draft.count(table.draft.paragraphs[1].text) == 60


def test_oneshot_that_ends_early_leaves_the_rest_planned_and_says_so_when_asked_again() -> None:
    table = desk(Mode.ONESHOT)
    engine = ScriptedEngine(lambda r: author(r)[:700] if len(r.conversation) == 1 else "")
    last = table.write(engine)[-1]
    assert isinstance(last, Finished) and last.reason is FinishReason.STOP
    assert [p.finished for p in table.draft.paragraphs] == [True, False, False]
    with pytest.raises(EngineError, match="considers the piece finished"):
        table.write(engine)


def debts(words: tuple[int, ...], factor: float, length: LengthMode = LengthMode.GENTLE) -> tuple[list[int], Desk]:
    """The counts the model is told, by an author who writes `factor` times what is planned in the first half."""
    told: list[int] = []

    def careless(request: Request) -> str:
        step = parse_plan(request.conversation[-1].text.splitlines()[-1]).steps[0]
        told.append(step.words or 0)
        if len(told) > len(words) // 2:
            return paragraph_text(step)
        return paragraph_text(Step(step.main_point, round((step.words or 0) * factor)))

    table = desk(words=words)
    table.write(ScriptedEngine(careless), length=length)
    return told, table


def test_what_a_paragraph_falls_short_is_shared_by_those_that_follow() -> None:
    told, table = debts((200, 200, 300, 100), 0.5)
    assert told[0] == 200 and told[1] > 200
    assert told[2] > 300 and told[3] > 100
    assert told[2] / told[3] == pytest.approx(3, rel=0.1)
    assert table.draft.words == pytest.approx(800, rel=0.03)
    # The plan is the person's: nothing of it was changed, and nothing is stale.
    assert [s.words for s in table.draft.steps] == [200, 200, 300, 100]
    assert not any(table.draft.stale_marks())


def test_a_debt_does_not_distort_what_is_left() -> None:
    told, _ = debts((1000, 100), 0.2)
    assert told == [1000, 160]


def test_without_length_control_the_plan_is_told_as_it_is() -> None:
    told, table = debts((200, 200, 300, 100), 0.5, LengthMode.OFF)
    assert told == [200, 200, 300, 100]
    assert table.draft.words == 600


def test_a_locked_step_pays_no_debt() -> None:
    table = desk(words=(200, 200, 200))
    first, second, third = table.draft.paragraphs
    locked = replace(second, step=replace(second.step, locked=True))
    table.draft = replace(table.draft, paragraphs=(first, locked, third))
    table.write(ScriptedEngine(lambda r: author(r) if len(r.conversation) > 1 else sentences(1, 9)))
    lengths = [table.draft.count(p.text) for p in table.draft.paragraphs]
    assert lengths[0] < 150 and lengths[1] == 200
    assert lengths[2] == pytest.approx(400 - lengths[0], abs=5)


def test_small_debts_are_not_worth_saying() -> None:
    told, _ = debts((200, 200, 200, 200), 0.98)
    assert told == [200, 200, 200, 200]


def test_a_rewrite_has_the_length_of_its_step() -> None:
    _, table = debts((200, 200, 300, 100), 0.5)
    table.write(ScriptedEngine(author), keys=[table.draft.paragraphs[0].key])
    assert table.draft.count(table.draft.paragraphs[0].text) == 200


def sentences(seed: int, count: int) -> str:
    return " ".join(script(seed, 0).split(". ")[i] + "." for i in range(count))


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.AGENTWRITE, Mode.ONESHOT])
def test_a_loop_is_taken_back_to_the_last_good_sentence_and_tried_once_more(mode: Mode) -> None:
    good, rest = sentences(1, 6), sentences(2, 12)
    asked: list[Request] = []

    def loops_once(request: Request) -> str:
        asked.append(request)
        return f"{good} And zum and" + " zum and" * 200 if len(asked) == 1 else f" {rest}"

    table = desk(mode, words=(200,))
    events = table.write(ScriptedEngine(loops_once))
    assert isinstance(events[-1], Finished) and events[-1].reason is FinishReason.STOP
    assert table.draft.text.startswith(f"{good} {rest}"[:400])
    assert "zum" not in table.draft.text
    assert asked[0].sampling.dry_multiplier == 0 and asked[1].sampling.dry_multiplier > 0
    assert asked[0].sampling.seed != asked[1].sampling.seed
    assert asked[1].conversation[-1].text == good
    shown = sum(len(e.text.split()) for e in events if isinstance(e, TextDelta) and "zum" in e.text)
    assert shown <= 60


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.AGENTWRITE, Mode.ONESHOT])
def test_a_second_loop_is_an_error_that_keeps_the_good_text(mode: Mode) -> None:
    good = sentences(1, 6)
    table = desk(mode, words=(200,))
    with pytest.raises(EngineError, match="repeating itself") as caught:
        table.write(ScriptedEngine(lambda r: (good if not r.begun else "") + " And zum and" + " zum and" * 200))
    assert caught.value.hint and caught.value.retryable
    assert table.draft.text == good
    assert not table.draft.paragraphs[0].finished
    # Going on later starts from the good text, and warily.
    table.write(ScriptedEngine(lambda request: f" {sentences(3, 12)}"))
    assert table.draft.text.startswith(good) and table.draft.paragraphs[0].finished


def test_a_loop_from_the_first_word_is_begun_anew() -> None:
    answers = iter(["and zum " * 300, sentences(1, 12)])
    table = desk(words=(100,))
    table.write(ScriptedEngine(lambda request: next(answers)))
    assert "zum" not in table.draft.text and table.draft.paragraphs[0].finished


def test_oneshot_stopped_before_its_first_word_is_stopped_and_not_refused() -> None:
    table = desk(Mode.ONESHOT)
    cancel = threading.Event()
    cancel.set()
    last = table.write(ScriptedEngine(author), cancel)[-1]
    assert isinstance(last, Finished) and last.reason is FinishReason.CANCELLED


def test_oneshot_with_a_gap_in_the_middle_writes_the_gap_alone() -> None:
    table = desk(Mode.ONESHOT)
    table.write(ScriptedEngine(author))
    texts = [p.text for p in table.draft.paragraphs]
    middle = table.draft.paragraphs[1]
    table.draft = table.draft.with_paragraph(replace(middle, version=None, status=Status.PLANNED))
    table.write(ScriptedEngine(author))
    assert [p.text for p in table.draft.paragraphs] == texts


def test_parallel_writes_every_step_from_the_plan_alone() -> None:
    asked: list[Request] = []

    def noting(request: Request) -> str:
        asked.append(request)
        return author(request)

    table = desk(Mode.PARALLEL)
    events = table.write(ScriptedEngine(noting))
    assert isinstance(events[-1], Finished) and events[-1].reason is FinishReason.STOP
    assert [table.draft.count(p.text) for p in table.draft.paragraphs] == [200, 200, 200]
    assert [len(request.conversation) for request in asked] == [1, 1, 1]
    assert not any(p.text in request.conversation[0].text for p in table.draft.paragraphs for request in asked)
    assert len({request.sampling.seed for request in asked}) == 3
    # Nothing was written from the text before it, so a change there makes nothing stale; a change of the plan does.
    first = table.draft.paragraphs[0]
    assert first.version is not None
    edited = table.draft.with_paragraph(replace(first, version=replace(first.version, text="Another text.")))
    assert not any(edited.stale_marks())
    edited = table.draft.with_paragraph(replace(table.draft.paragraphs[1], step=Step("Something else", 200)))
    assert edited.stale_marks() == ((), ("step",), ())


def test_parallel_tries_what_came_to_nothing_once_more() -> None:
    table = desk(Mode.PARALLEL)
    one, two, three = (f"{name}. {sentences(i, 5)}" for i, name in enumerate(("One", "Two", "Three")))
    answers = iter([one, "", "and zum " * 300, two, three])
    table.write(ScriptedEngine(lambda request: next(answers)))
    assert [p.text.split(".")[0] for p in table.draft.paragraphs] == ["One", "Two", "Three"]
    with pytest.raises(EngineError, match="repeating itself"):
        desk(Mode.PARALLEL).write(ScriptedEngine(lambda request: "and zum " * 300))
    with pytest.raises(EngineError, match="wrote nothing"):
        desk(Mode.PARALLEL).write(ScriptedEngine(lambda request: ""))
