"""The studio on the scripted engine: the whole journey, stops, crashes, conflicts, two processes."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.bootstrap import LlamaCppOpener
from longwriter_ui.brief import Brief
from longwriter_ui.draft import PLAN_UNFINISHED, Author, Draft, FinishReason, Mode, Status, Version
from longwriter_ui.engine.base import LengthMode, Request, Role
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import (
    ConflictError,
    ContextTooSmall,
    DraftBusy,
    DraftNotFound,
    EditError,
    EngineError,
    PlanError,
)
from longwriter_ui.events import Failed, Finished, ParagraphDone, ParagraphStarted, TextDelta
from longwriter_ui.host import EngineHost
from longwriter_ui.manner import Manner
from longwriter_ui.paths import home
from longwriter_ui.revision import Revision
from longwriter_ui.studio import Studio
from tests.script import author

BRIEF = Brief.create("Write a 500-word piece about the ferry to Kilkee", 500)


def planned(studio: Studio, mode: Mode = Mode.CONVERSATION) -> Draft:
    draft = studio.create(BRIEF, mode, seed=7)
    assert studio.plan(draft.id).wait(10)
    return studio.draft(draft.id)


def written(studio: Studio, mode: Mode = Mode.CONVERSATION) -> Draft:
    draft = planned(studio, mode)
    assert studio.write(draft.id).wait(10)
    return studio.draft(draft.id)


def test_plan_gives_steps_that_add_up_to_the_target(studio: Studio) -> None:
    draft = planned(studio)
    assert [step.words for step in draft.steps] == [100] * 5
    assert draft.steps[0].main_point == "How it began in this piece"
    assert draft.raw_plan.startswith("Paragraph 1 - Main Point: How it began")


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_writes_every_paragraph_to_its_length(studio: Studio, mode: Mode) -> None:
    draft = written(studio, mode)
    assert [p.status for p in draft.paragraphs] == [Status.WRITTEN] * 5
    assert [draft.count(p.text) for p in draft.paragraphs] == [100] * 5
    assert [p.text[:5] for p in draft.paragraphs] == ["How i", "Who k", "What ", "What ", "Where"]
    assert all(draft.stale(i) == () for i in range(5))


def test_conversation_reads_each_prompt_token_once(studio: Studio) -> None:
    draft = planned(studio)
    job = studio.write(draft.id)
    events = list(job.events())
    assert isinstance(events[-1], Finished)
    draft = studio.draft(draft.id)
    prompts = sum(len(p.version.prompt) for p in draft.paragraphs if p.version)
    # Tokens are characters: the opening, and each turn with its two markers. The very first marker is still in the
    # KV cache from the plan's prompt.
    assert job.usage.prompt_read == len(draft.opening) + prompts + 2 * 5 - 1
    assert job.usage.written == sum(len(p.text) for p in draft.paragraphs)


def test_plan_edited_after_writing_began_reaches_the_model_as_an_amendment(studio: Studio) -> None:
    asked: list[str] = []

    def listening(request: Request) -> str:
        asked.append(request.conversation[-1].text)
        return author(request)

    studio._host._opener.engine._script = listening  # type: ignore[attr-defined]
    draft = planned(studio)
    first, *rest = [p.key for p in draft.paragraphs]
    studio.edit(draft.id, None, {"do": "edit_text", "key": first, "text": "My own beginning."})
    studio.write(draft.id, [rest[0]]).wait(10)
    studio.edit(draft.id, None, {"do": "edit_step", "key": rest[2], "main_point": "The night the ferry sank"})
    assert studio.write(draft.id).wait(10)
    amended = [text for text in asked if "The plan from here on is now" in text]
    assert len(amended) == 1 and "The night the ferry sank" in amended[0]
    assert studio.draft(draft.id).paragraphs[3].text.startswith("The night the ferry sank")


def test_stop_keeps_the_text_and_writing_goes_on_where_it_broke_off(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = planned(studio)
    engine.words_per_second = 100
    job = studio.write(draft.id)
    words = 0
    for event in job.events():
        words += isinstance(event, TextDelta)
        if words == 120:
            engine.words_per_second = 5  # so slow that the stop comes in time wherever the machine is held up
            studio.stop(draft.id)
    assert job.wait(10)
    engine.words_per_second = 0
    stopped = studio.draft(draft.id)
    partial = stopped.paragraphs[1]
    assert partial.version is not None and partial.version.finish is FinishReason.CANCELLED
    assert 0 < stopped.count(partial.text) < 100
    seen: list[str] = []

    def listening(request: Request) -> str:
        if request.conversation[-1].role is Role.ASSISTANT:
            seen.append(request.conversation[-1].text)
        return author(request)

    studio._host._opener.engine._script = listening  # type: ignore[attr-defined]
    assert studio.write(draft.id).wait(10)
    whole = studio.draft(draft.id)
    assert seen == [partial.text]
    assert whole.paragraphs[1].text.startswith(partial.text.strip())
    assert [whole.count(p.text) for p in whole.paragraphs] == [100] * 5


def test_rewrite_makes_a_new_version_and_marks_what_follows_stale(studio: Studio) -> None:
    draft = written(studio)
    key = draft.paragraphs[1].key
    studio.edit(draft.id, None, {"do": "edit_step", "key": key, "main_point": "Who mends the boats"})
    assert studio.draft(draft.id).stale(1) == ("step",)
    studio.write(draft.id, [key]).wait(10)
    again = studio.draft(draft.id)
    assert again.paragraphs[1].text.startswith("Who mends the boats")
    assert again.paragraphs[1].versions == 2
    assert again.stale(1) == ()
    assert again.stale(2) == ("before",)
    studio.edit(draft.id, None, {"do": "keep", "key": again.paragraphs[2].key})
    assert studio.draft(draft.id).stale(2) == ()


def test_a_stopped_rewrite_gives_the_earlier_text_back(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = written(studio)
    before = draft.paragraphs[2].text
    engine.words_per_second = 20
    job = studio.write(draft.id, [draft.paragraphs[2].key])
    for event in job.events():
        if isinstance(event, TextDelta):
            studio.stop(draft.id)
    assert studio.draft(draft.id).paragraphs[2].text == before
    assert studio.draft(draft.id).paragraphs[2].status is Status.WRITTEN


def test_an_engine_that_fails_mid_paragraph_leaves_its_text_and_says_why(open_studio: Callable[..., Studio]) -> None:
    class Failing(ScriptedEngine):
        def stream(self, request, cancel):  # type: ignore[no-untyped-def]
            for n, item in enumerate(super().stream(request, cancel)):
                if request.grammar is None and n == 40:
                    raise EngineError("The model stopped answering.", "Try again.")
                yield item

    studio = open_studio(Failing(author))
    draft = planned(studio)
    job = studio.write(draft.id)
    last = list(job.events())[-1]
    assert isinstance(last, Failed)
    paragraph = studio.draft(draft.id).paragraphs[0]
    assert paragraph.status is Status.FAILED
    assert paragraph.problem == "The model stopped answering. Try again."
    assert paragraph.text.startswith("How it began") and "stopped answering" not in paragraph.text
    assert studio.changes(draft.id, 0).failure is not None


def test_a_defect_in_a_job_fails_that_job_only(open_studio: Callable[..., Studio]) -> None:
    def broken(request: Request) -> str:
        if request.grammar is None:
            raise ZeroDivisionError("a defect")
        return author(request)

    studio = open_studio(ScriptedEngine(broken))
    draft = planned(studio)
    last = list(studio.write(draft.id).events())[-1]
    assert isinstance(last, Failed) and "a defect" in str(last.error)
    other = studio.create(BRIEF)
    assert isinstance(list(studio.plan(other.id).events())[-1], Finished)


def test_a_plan_that_cannot_be_read_is_kept_for_editing(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(ScriptedEngine(lambda request: "I would rather talk about the weather."))
    draft = studio.create(BRIEF)
    last = list(studio.plan(draft.id).events())[-1]
    assert isinstance(last, Failed) and isinstance(last.error, PlanError)
    kept = studio.draft(draft.id)
    assert kept.raw_plan == "I would rather talk about the weather."
    assert "No step" in kept.planning_problem
    studio.edit(draft.id, None, {"do": "set_plan", "text": "1. The weather\n2. The boats"})
    assert [s.words for s in studio.draft(draft.id).steps] == [250, 250]
    assert studio.draft(draft.id).planning_problem == ""


def test_a_piece_that_does_not_fit_is_refused_before_writing_with_the_numbers(
    open_studio: Callable[..., Studio],
) -> None:
    studio = open_studio(ScriptedEngine(author, context=3000))
    draft = planned(studio)
    last = list(studio.write(draft.id).events())[-1]
    assert isinstance(last, Failed) and isinstance(last.error, ContextTooSmall)
    assert last.error.needed > 3000 and f"{last.error.needed:,}" in str(last.error)
    assert all(p.status is Status.PLANNED for p in studio.draft(draft.id).paragraphs)


def test_edit_of_a_card_that_changed_meanwhile_is_a_conflict(studio: Studio) -> None:
    draft = planned(studio)
    seen = studio.changes(draft.id, 0).rev
    key = draft.paragraphs[0].key
    studio.edit(draft.id, seen, {"do": "edit_step", "key": key, "main_point": "first tab"})
    with pytest.raises(ConflictError):
        studio.edit(draft.id, seen, {"do": "edit_step", "key": key, "main_point": "second tab"})
    assert studio.draft(draft.id).steps[0].main_point == "first tab"
    studio.edit(draft.id, seen, {"do": "edit_step", "key": draft.paragraphs[1].key, "main_point": "another card"})


def test_a_paragraph_being_written_cannot_be_edited_but_its_neighbours_can(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = planned(studio)
    engine.words_per_second = 20
    job = studio.write(draft.id)
    writing = next(e.key for e in job.events() if isinstance(e, TextDelta))
    with pytest.raises(EditError, match="being written"):
        studio.edit(draft.id, None, {"do": "edit_text", "key": writing, "text": "mine"})
    last = draft.paragraphs[-1].key
    studio.edit(draft.id, None, {"do": "edit_text", "key": last, "text": "My own ending."})
    studio.stop(draft.id)
    assert job.wait(10)
    ending = studio.draft(draft.id).paragraphs[-1]
    assert ending.text == "My own ending." and ending.version is not None and ending.version.author is Author.USER


def test_views_catch_up_by_revision_from_anywhere(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(ScriptedEngine(author, words_per_second=800))
    draft = planned(studio)
    job = studio.write(draft.id)
    rev, texts = 0, {}
    while True:
        ended = job.ended
        changes = studio.changes(draft.id, rev)
        rev = changes.rev
        for paragraph in changes.draft.paragraphs:
            if paragraph.key in changes.changed:
                texts[paragraph.key] = paragraph.text
        for key, text in changes.deltas:
            texts[key] += text
        if ended:
            break
        job.wait(0.05)
    final = studio.draft(draft.id)
    assert texts == {p.key: p.text for p in final.paragraphs}
    idle = studio.changes(draft.id, rev)
    assert not (idle.head or idle.order or idle.changed or idle.deltas) and idle.progress is None


def test_jobs_wait_their_turn_and_say_their_place(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    first, second = planned(studio), studio.create(BRIEF)
    engine.words_per_second = 20
    running = studio.write(first.id)
    next(iter(running.events()))
    waiting = studio.plan(second.id)
    progress = studio.changes(second.id, 0).progress
    assert progress is not None and (progress.phase, progress.place) == ("queued", 1)
    studio.stop(first.id)
    engine.words_per_second = 0
    assert waiting.wait(10)
    assert len(studio.draft(second.id).paragraphs) == 5


def test_a_job_that_waits_can_be_stopped_at_once(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    first, second = planned(studio), studio.create(BRIEF)
    engine.words_per_second = 20
    running = studio.write(first.id)
    next(iter(running.events()))
    waiting = studio.plan(second.id)
    studio.stop(second.id)
    assert list(waiting.events()) == [Finished(FinishReason.CANCELLED)]
    assert not running.ended
    studio.plan(second.id)  # the draft is free again
    studio.stop(first.id)


def test_two_studios_on_one_store_never_write_the_same_draft(open_studio: Callable[..., Studio]) -> None:
    one, two = open_studio(engine := ScriptedEngine(author)), open_studio()
    draft = planned(one)
    engine.words_per_second = 20
    job = one.write(draft.id)
    next(iter(job.events()))
    with pytest.raises(DraftBusy):
        two.write(draft.id)
    with pytest.raises(DraftBusy):
        two.delete(draft.id)
    assert two.draft(draft.id).title == draft.title
    one.stop(draft.id)
    assert job.wait(10)
    assert two.write(draft.id).wait(10)
    assert two.draft(draft.id).words == 500


def test_text_that_streamed_before_a_crash_is_there_afterwards(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    draft = planned(studio)
    store, key = studio._store, draft.paragraphs[0].key
    written(studio)
    store.begin(draft.id, key, Version("", Author.MODEL, FinishReason.CANCELLED, prompt="asked"), "opening")
    store.append(draft.id, key, "The boat left ")
    store.append(draft.id, key, "at six")
    later = open_studio()  # a new process finds no lock held and closes what was left open
    paragraph = later.draft(draft.id).paragraphs[0]
    assert paragraph.text == "The boat left at six"
    assert paragraph.status is Status.WRITTEN and not paragraph.finished
    assert paragraph.version is not None and paragraph.version.prompt == "asked"


@pytest.mark.parametrize("text", ["", "So far"])
def test_a_copy_made_while_a_draft_is_written_is_nobody_s_work(open_studio: Callable[..., Studio], text: str) -> None:
    studio = open_studio()
    draft = planned(studio)
    store, (first, second) = studio._store, (p.key for p in draft.paragraphs[:2])
    studio.edit(draft.id, None, {"do": "edit_text", "key": second, "text": "Mine."})
    for key in (first, second):
        store.begin(draft.id, key, Version("", Author.MODEL, FinishReason.CANCELLED), None)
        store.append(draft.id, key, text)
    copy = studio.duplicate(draft.id)
    assert [p.text for p in copy.paragraphs[:2]] == [text, "Mine."]
    assert [p.status for p in copy.paragraphs[:2]] == [Status.WRITTEN if text else Status.PLANNED, Status.WRITTEN]
    studio.edit(copy.id, None, {"do": "edit_text", "key": copy.paragraphs[0].key, "text": "Free."})


def test_a_card_that_a_copy_left_locked_is_free_at_the_next_start(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    draft = planned(studio)
    key = draft.paragraphs[0].key
    studio.edit(draft.id, None, {"do": "edit_text", "key": key, "text": "Mine."})
    studio._store.change(
        draft.id, lambda d: replace(d, paragraphs=tuple(replace(p, status=Status.WRITING) for p in d.paragraphs))
    )
    later = open_studio()
    assert {p.status for p in later.draft(draft.id).paragraphs[1:]} == {Status.PLANNED}
    later.edit(draft.id, None, {"do": "edit_text", "key": key, "text": "Mine still."})
    assert later.draft(draft.id).paragraphs[0].text == "Mine still."


def test_a_card_that_is_deleted_while_alternatives_are_written_is_told_in_words(
    open_studio: Callable[..., Studio],
) -> None:
    def deleting(request: Request) -> str:
        if studio.draft(draft.id).paragraphs[0].key == key:
            studio.edit(draft.id, None, {"do": "delete_step", "key": key})
        return author(request)

    studio = open_studio(ScriptedEngine(deleting))
    draft = studio.create(BRIEF)
    studio.edit(draft.id, None, {"do": "set_plan", "text": "1. The tide (20 words)\n2. The rain (20 words)"})
    key = studio.draft(draft.id).paragraphs[0].key
    studio.edit(draft.id, None, {"do": "edit_text", "key": key, "text": "Mine."})
    job = studio.alternatives(draft.id, key)
    assert job.wait(10)
    assert "no longer in the draft" in str(job.failure)
    for look in (studio.compare, studio.return_to):
        with pytest.raises(EditError, match="no longer in the draft"):
            look(draft.id, key, 1)


def test_concurrent_edits_are_all_kept(studio: Studio) -> None:
    draft = planned(studio)

    def edit(n: int) -> None:
        for i in range(20):
            studio.edit(draft.id, None, {"do": "edit_step", "key": draft.paragraphs[n].key, "words": 100 + i})

    threads = [threading.Thread(target=edit, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [s.words for s in studio.draft(draft.id).steps] == [119] * 5


def test_writing_needs_a_plan_and_main_points(studio: Studio) -> None:
    draft = studio.create(BRIEF)
    with pytest.raises(EditError, match="no plan"):
        studio.write(draft.id)
    studio.edit(draft.id, None, {"do": "insert_step", "after": None})
    with pytest.raises(EditError, match="Step 1 has no main point"):
        studio.write(draft.id)
    with pytest.raises(DraftNotFound):
        studio.write("nonsense")


def test_deleted_drafts_are_gone_and_the_library_lists_the_rest(studio: Studio) -> None:
    first, second = planned(studio), written(studio)
    summaries = {s.id: s for s in studio.drafts()}
    assert (summaries[first.id].written, summaries[second.id].written) == (0, 5)
    assert summaries[second.id].words == 500
    studio.delete(second.id)
    assert [s.id for s in studio.drafts()] == [first.id]
    with pytest.raises(DraftNotFound):
        studio.draft(second.id)


class Failing(ScriptedEngine):
    """Breaks off at the text that begins with `last`; `meanwhile` gets each text before."""

    def __init__(self, last: str, meanwhile: Callable[[str], None] = lambda text: None) -> None:
        super().__init__(author)
        self._last, self._meanwhile = last, meanwhile

    def stream(self, request, cancel):  # type: ignore[no-untyped-def]
        for item in super().stream(request, cancel):
            text = getattr(item, "text", "")
            if text.startswith(self._last):
                raise EngineError("The model stopped answering.", "Try again.")
            self._meanwhile(text)
            yield item


def test_a_plan_that_broke_off_is_no_plan_but_its_text_is_kept(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(Failing("3 "))
    draft = studio.create(BRIEF)
    assert isinstance(list(studio.plan(draft.id).events())[-1], Failed)
    kept = studio.draft(draft.id)
    assert kept.paragraphs == () and kept.planning_problem == PLAN_UNFINISHED
    assert kept.raw_plan.count("Main Point") == 2
    with pytest.raises(EditError, match="no plan"):
        studio.write(draft.id)


def test_undo_takes_back_a_plan_that_broke_off_as_one_and_steps_of_one_s_own_stay(
    open_studio: Callable[..., Studio],
) -> None:
    def meanwhile(text: str) -> None:
        if text.startswith("3 "):
            studio.edit(draft.id, None, {"do": "set_title", "title": "Meanwhile"})

    studio = open_studio(Failing("5 ", meanwhile))
    draft = studio.create(BRIEF)
    assert isinstance(list(studio.plan(draft.id).events())[-1], Failed)
    broken = studio.draft(draft.id)
    assert (broken.title, broken.paragraphs, broken.planning_problem) == ("Meanwhile", (), PLAN_UNFINISHED)
    studio.undo(draft.id)
    assert studio.draft(draft.id) == draft
    studio.redo(draft.id)
    assert studio.draft(draft.id) == broken
    for point in ("Mine", "Mine too"):
        studio.edit(draft.id, None, {"do": "insert_step", "after": None, "main_point": point})
    assert [step.main_point for step in studio.draft(draft.id).steps] == ["Mine too", "Mine"]


def test_half_a_plan_left_by_a_killed_process_is_no_plan(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    draft = planned(studio)
    studio._store.change(draft.id, lambda d: replace(d, planning_problem=PLAN_UNFINISHED))
    later = open_studio()
    assert later.draft(draft.id).paragraphs == ()
    assert later.plan(draft.id).wait(10)
    assert len(later.draft(draft.id).paragraphs) == 5 and later.draft(draft.id).planning_problem == ""


def test_a_step_added_while_writing_waits_until_it_is_filled_in(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = planned(studio)
    engine.words_per_second = 20
    job = studio.write(draft.id)
    next(e for e in job.events() if isinstance(e, TextDelta))
    studio.edit(draft.id, None, {"do": "insert_step", "after": draft.paragraphs[2].key})
    engine.words_per_second = 0
    assert job.wait(20) and job.failure is None
    statuses = [p.status for p in studio.draft(draft.id).paragraphs]
    assert statuses == [Status.WRITTEN] * 3 + [Status.PLANNED] + [Status.WRITTEN] * 2


def test_an_edit_says_what_it_was_typed_over(studio: Studio) -> None:
    draft = written(studio)
    key, text = draft.paragraphs[0].key, draft.paragraphs[0].text
    edit = {"do": "edit_text", "key": key, "text": "mine", "was": text}
    studio.edit(draft.id, 0, edit)
    studio.edit(draft.id, 0, edit)  # its answer was lost, so it comes again
    with pytest.raises(ConflictError):
        studio.edit(draft.id, 10**9, {**edit, "text": "another's"})
    with pytest.raises(ConflictError):
        studio.edit(draft.id, 10**9, {"do": "edit_step", "key": key, "words": 50, "was": 60})
    assert studio.draft(draft.id).paragraphs[0].text == "mine"


def test_a_corrected_half_paragraph_is_still_continued(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = planned(studio)
    engine.words_per_second = 50
    job = studio.write(draft.id)
    words = 0
    for event in job.events():
        words += isinstance(event, TextDelta)
        if words == 20:
            studio.stop(draft.id)
    assert job.wait(10)
    first = studio.draft(draft.id).paragraphs[0]
    studio.edit(draft.id, None, {"do": "edit_text", "key": first.key, "text": first.text.replace("How", "Now")})
    assert not studio.draft(draft.id).paragraphs[0].finished
    studio.edit(draft.id, None, {"do": "edit_text", "key": first.key, "text": "My own, and whole."})
    assert studio.draft(draft.id).paragraphs[0].finished


def test_a_file_made_during_a_rewrite_has_the_earlier_text(open_studio: Callable[..., Studio], tmp_path: Path) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = written(studio)
    engine.words_per_second = 20
    job = studio.write(draft.id, [draft.paragraphs[2].key])
    next(e for e in job.events() if isinstance(e, TextDelta))
    text = studio.export(draft.id, tmp_path / "draft.md").read_text(encoding="utf-8")
    studio.stop(draft.id)
    assert draft.paragraphs[2].text in text and job.wait(10)


def test_text_that_no_store_can_hold_is_refused_by_nobody(studio: Studio) -> None:
    draft = planned(studio)
    key = draft.paragraphs[0].key
    studio.edit(draft.id, None, {"do": "edit_text", "key": key, "text": "half \ud83d an emoji\x00."})
    assert studio.draft(draft.id).paragraphs[0].text == "half  an emoji."
    assert Brief.create("caf\udce9", 500).instruction == "caf"


def test_only_drafts_that_there_are_get_a_lock(studio: Studio, isolated_home: Path) -> None:
    for name in ("../../victim", "x" * 300, "a\0b", ""):
        with pytest.raises(DraftNotFound):
            studio.delete(name)
    assert list(isolated_home.parent.rglob("*.lock")) == []


def test_a_slow_listener_is_told_of_each_paragraph_as_it_was(studio: Studio) -> None:
    draft = planned(studio)
    job = studio.write(draft.id)
    assert job.wait(10)
    done = [(e.key, p.paragraph) for e, p in job.with_progress() if isinstance(e, ParagraphDone)]
    assert done == [(p.key, n) for n, p in enumerate(draft.paragraphs, 1)]


def test_paragraphs_written_together_are_stored_like_any_others(tmp_path: Path, tiny_gguf: Path) -> None:
    studio = Studio(home(), EngineHost(LlamaCppOpener(), tiny_gguf), length=LengthMode.OFF)
    draft = studio.create(BRIEF, Mode.PARALLEL, seed=7)
    lines = [f"Paragraph {n} - Main Point: Something about part {n} - Word Count: 20 words" for n in range(1, 11)]
    studio.edit(draft.id, None, {"do": "set_plan", "text": "\n".join(lines)})
    job = studio.write(draft.id)
    events = list(job.events())
    assert job.failure is None and isinstance(events[-1], Finished)
    # They grew side by side, more of them than one batch holds, and each was begun and ended once.
    keys = [event.key for event in events if isinstance(event, TextDelta)]
    assert len(set(keys[:20])) > 1
    cards = sorted(paragraph.key for paragraph in studio.draft(draft.id).paragraphs)
    for kind in (ParagraphStarted, ParagraphDone):
        assert sorted(e.key for e in events if isinstance(e, kind)) == cards
    for paragraph in studio.draft(draft.id).paragraphs:
        streamed = "".join(e.text for e in events if isinstance(e, TextDelta) and e.key == paragraph.key)
        assert paragraph.status is Status.WRITTEN and paragraph.text == streamed.strip(" \t\n")
    assert not any(studio.draft(draft.id).stale_marks())
    studio.close()


def test_a_draft_that_was_closed_is_not_read_again_to_be_revised(tiny_gguf: Path) -> None:
    def opened() -> Studio:
        opener = LlamaCppOpener(states=home().states)
        return Studio(home(), EngineHost(opener, tiny_gguf), length=LengthMode.OFF)

    studio = opened()
    draft = studio.create(BRIEF, seed=7)
    studio.edit(draft.id, None, {"do": "set_plan", "text": "1. The tide (20 words)\n2. The rain (20 words)"})
    assert studio.write(draft.id).wait(60)
    key = studio.draft(draft.id).paragraphs[1].key
    for start in (
        lambda studio: studio.revise(draft.id, key, Revision(wish="darker")),
        lambda studio: studio.alternatives(draft.id, key),
    ):
        studio.close()
        studio = opened()
        job = start(studio)
        assert job.wait(60)
        assert job.failure is None
        assert job.usage.prompt_reused > job.usage.prompt_read
    studio.close()


def test_the_price_knows_only_the_speed_of_the_model_that_is_chosen(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio()
    draft = written(studio)
    key = draft.paragraphs[0].key
    assert studio.price(draft.id, key, Revision()).writing
    studio.choose_model(Path("other"))
    assert studio.price(draft.id, key, Revision()).writing is None
    assert studio.write(draft.id, [key]).wait(10)
    assert studio.price(draft.id, key, Revision()).writing


def test_a_speed_is_remembered_of_the_model_that_wrote_though_another_is_chosen_meanwhile(
    open_studio: Callable[..., Studio],
) -> None:
    studio = open_studio(ScriptedEngine(author, words_per_second=2000))
    draft = planned(studio)
    job = studio.write(draft.id)
    next(event for event in job.events() if isinstance(event, TextDelta))
    studio.choose_model(Path("other"))
    assert job.wait(20)
    assert studio.models.speeds.of(Path("script"))
    assert studio.models.speeds.of(Path("other")) is None


def test_the_model_at_work_is_named_though_another_is_chosen_meanwhile(open_studio: Callable[..., Studio]) -> None:
    begun, chosen = threading.Event(), threading.Event()

    def waiting(request: Request) -> str:
        begun.set()
        assert chosen.wait(10)
        return author(request)

    studio = open_studio(ScriptedEngine(waiting))
    draft = studio.create(BRIEF)
    job = studio.plan(draft.id)
    assert begun.wait(10)
    first = studio.model
    studio.choose_model(Path("another"))
    assert studio.model_at(draft.id) == first != studio.model
    chosen.set()
    assert job.wait(10) and job.model == first
    assert studio.model_at(draft.id) == studio.model


def test_a_paused_job_writes_nothing_until_it_goes_on(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    draft = planned(studio)
    engine.words_per_second = 20
    job = studio.write(draft.id)
    for event in job.events():
        if isinstance(event, TextDelta):
            studio.pause(draft.id)
            break
    engine.words_per_second = 0  # all would be there at once, were it not paused
    progress = studio.changes(draft.id, 0).progress
    assert progress is not None and progress.phase == "paused"
    before = None
    while before != (text := studio.draft(draft.id).text):  # what came before the pause may not be stored yet
        before = text
        assert not job.wait(0.5)
    studio.pause(draft.id, False)
    assert job.wait(10)
    assert [p.status for p in studio.draft(draft.id).paragraphs] == [Status.WRITTEN] * 5


def test_a_paused_job_makes_way_for_another_piece(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    first, second = planned(studio), planned(studio)
    engine.words_per_second = 20
    job = studio.write(first.id)
    next(event for event in job.events() if isinstance(event, TextDelta))
    studio.pause(first.id)
    engine.words_per_second = 0
    assert studio.write(second.id).wait(10)
    assert job.ended
    assert studio.draft(second.id).words == 500
    with pytest.raises(EditError, match="Nothing is being written"):
        studio.pause(first.id)


def test_a_draft_is_written_in_its_own_manner(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(engine := ScriptedEngine(author))
    manner = Manner(temperature=0.9, top_k=3, dry_multiplier=0.8, length="off", guard=False)
    draft = studio.create(BRIEF, seed=7, manner=manner)
    assert studio.plan(draft.id).wait(10)
    asked: list[Request] = []
    stream = engine.stream
    engine.stream = lambda request, cancel: (asked.append(request), stream(request, cancel))[1]  # type: ignore[method-assign]
    assert studio.write(draft.id).wait(10)
    assert {(r.sampling.temperature, r.sampling.top_k, r.sampling.dry_multiplier) for r in asked} == {(0.9, 3, 0.8)}
    assert {r.sampling.top_p for r in asked} == {0.8}, "what was not chosen is as usual"
    assert all(r.length is None or r.length.mode is LengthMode.OFF for r in asked)
    assert not any(r.guarded for r in asked)
    assert studio.draft(studio.duplicate(draft.id).id).manner == manner


def test_a_manner_is_undone_like_anything_else(studio: Studio) -> None:
    draft = planned(studio)
    studio.edit(draft.id, None, {"do": "set_manner", "values": {"temperature": 1.5, "guard": False}})
    assert studio.draft(draft.id).manner == Manner(temperature=1.5, guard=False)
    studio.undo(draft.id)
    assert studio.draft(draft.id).manner == Manner()


@pytest.mark.parametrize(
    "values", [{"temperature": 3}, {"top_k": 1.5}, {"top_p": True}, {"length": "long"}, {"guard": 1}, {"other": 1}]
)
def test_a_manner_that_cannot_be_is_refused(studio: Studio, values: dict[str, object]) -> None:
    draft = planned(studio)
    with pytest.raises(EditError):
        studio.edit(draft.id, None, {"do": "set_manner", "values": values})
    assert studio.draft(draft.id).manner == Manner()


def test_what_a_job_told_is_not_kept_when_it_has_ended(studio: Studio) -> None:
    draft = planned(studio)
    job = studio.write(draft.id)
    assert job.wait(10)
    ended = weakref.ref(job)
    del job
    planned(studio)  # the worker lets go of a job when it has another
    gc.collect()
    assert ended() is None


def test_a_failure_is_told_until_the_next_job_and_goes_with_its_draft(open_studio: Callable[..., Studio]) -> None:
    broken: list[bool] = [True]

    def answer(request: Request) -> str:
        if broken and request.grammar is None:
            raise EngineError("It broke.")
        return author(request)

    studio = open_studio(ScriptedEngine(answer))
    draft = planned(studio)
    assert studio.write(draft.id).wait(10)
    assert [str(studio.changes(draft.id, rev).failure) for rev in (0, 5)] == ["It broke."] * 2
    broken.clear()
    assert studio.write(draft.id).wait(10)
    assert studio.changes(draft.id, 0).failure is None
    broken.append(True)
    assert studio.write(draft.id, [draft.paragraphs[0].key]).wait(10)
    studio.delete(draft.id)
    assert studio._jobs.failure(draft.id) is None
