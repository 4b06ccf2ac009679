"""Writing a paragraph again on the scripted engine: wishes, size, seam, alternatives, another main point, prices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.forced import script
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Mode
from longwriter_ui.engine.base import Request, Role
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import ConflictError, EditError
from longwriter_ui.plan import Step
from longwriter_ui.prompts.task import paragraph_task
from longwriter_ui.revision import Revision, seam
from longwriter_ui.studio import Studio
from tests.script import author

BRIEF = Brief.create("Write a 500-word piece about the ferry to Kilkee", 500)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def studio(open_studio: Callable[..., Studio], asked: list[str]) -> Studio:
    def listening(request: Request) -> str:
        asked.append(request.conversation[-1].text)
        assert [turn.role for turn in request.conversation][::2] == [Role.USER] * ((len(request.conversation) + 1) // 2)
        return author(request)

    return open_studio(ScriptedEngine(listening))


def planned(studio: Studio, mode: Mode = Mode.CONVERSATION) -> Draft:
    draft = studio.create(BRIEF, mode, seed=7)
    assert studio.plan(draft.id).wait(10)
    return studio.draft(draft.id)


def written(studio: Studio, mode: Mode = Mode.CONVERSATION) -> Draft:
    draft = planned(studio, mode)
    assert studio.write(draft.id).wait(10)
    return studio.draft(draft.id)


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.AGENTWRITE])
def test_a_wish_reaches_the_model_with_the_present_text_and_the_next_opening(
    studio: Studio, asked: list[str], mode: Mode
) -> None:
    draft = written(studio, mode)
    key, next_text = draft.paragraphs[1].key, draft.paragraphs[2].text
    job = studio.revise(draft.id, key, Revision("rewrite", "more vivid {x} ${y}", fit=True))
    assert job.wait(10)
    assert job.failure is None
    assert "more vivid {x} ${y}" in asked[-1]
    assert next_text[:40] in asked[-1]
    after = studio.draft(draft.id)
    version = after.paragraphs[1].version
    assert version is not None
    assert (version.text[:9], version.author, after.count(version.text)) == ("Once more", Author.MODEL, 100)
    assert version.prompt == draft.paragraphs[1].version.prompt  # type: ignore[union-attr]
    assert after.stale(1) == ()
    assert after.stale(2) == ("before",)
    assert [past.version.text for past in studio.history(draft.id, key)] == [draft.paragraphs[1].text, version.text]


def test_longer_and_shorter_aim_at_other_lengths_and_leave_the_plan(studio: Studio) -> None:
    draft = written(studio)
    key = draft.paragraphs[4].key
    assert studio.revise(draft.id, key, Revision("longer")).wait(10)
    assert studio.draft(draft.id).count(studio.draft(draft.id).paragraphs[4].text) == 140
    assert studio.revise(draft.id, key, Revision("shorter")).wait(10)
    assert studio.draft(draft.id).count(studio.draft(draft.id).paragraphs[4].text) == 90
    assert studio.draft(draft.id).steps == draft.steps


def test_mending_the_seam_changes_the_beginning_and_nothing_else(studio: Studio) -> None:
    draft = written(studio)
    studio.edit(draft.id, None, {"do": "edit_text", "key": draft.paragraphs[0].key, "text": "Quite another start."})
    assert studio.draft(draft.id).stale(1) == ("before",)
    assert studio.revise(draft.id, draft.paragraphs[1].key, Revision("mend")).wait(10)
    after = studio.draft(draft.id)
    assert after.paragraphs[1].text.endswith(seam(draft.paragraphs[1].text)[1])
    assert after.paragraphs[1].text.startswith("Once more")
    assert after.stale(1) == ()


def test_a_stopped_revision_leaves_the_text_as_it_was(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(ScriptedEngine(author, words_per_second=300))
    draft = written(studio)
    job = studio.revise(draft.id, draft.paragraphs[1].key, Revision("longer"))
    next(event for event in job.events() if type(event).__name__ == "TextDelta")
    studio.stop(draft.id)
    assert job.wait(10)
    assert studio.draft(draft.id).text == draft.text


def test_alternatives_are_offered_and_the_chosen_one_becomes_the_text(open_studio: Callable[..., Studio]) -> None:
    def varied(request: Request) -> str:
        return author(request) if request.grammar else f"Text {request.sampling.seed}. " + author(request)

    studio = open_studio(ScriptedEngine(varied))
    draft = written(studio)
    key, before = draft.paragraphs[1].key, draft.paragraphs[1].text
    assert studio.alternatives(draft.id, key).wait(10)
    offered = studio.draft(draft.id).paragraphs[1].offered
    assert len({version.text for version in offered}) == 3
    assert studio.draft(draft.id).paragraphs[1].text == before
    studio.edit(draft.id, None, {"do": "choose", "key": key, "number": 2})
    chosen = studio.draft(draft.id).paragraphs[1]
    assert (chosen.version, chosen.offered) == (offered[1], ())
    assert studio.undo(draft.id) == "choose"
    assert studio.draft(draft.id).paragraphs[1].offered == offered
    studio.edit(draft.id, None, {"do": "dismiss", "key": key})
    assert studio.draft(draft.id).paragraphs[1].offered == ()
    with pytest.raises(EditError):
        studio.edit(draft.id, None, {"do": "choose", "key": key, "number": 1})


def test_what_alternatives_read_is_kept_for_the_next_time(open_studio: Callable[..., Studio]) -> None:
    engine = ScriptedEngine(author)
    studio = open_studio(engine)
    draft = written(studio)
    assert studio.write(draft.id, [draft.paragraphs[0].key]).wait(10)  # what was read of the rest counts no more
    assert studio.alternatives(draft.id, draft.paragraphs[-1].key).wait(10)
    engine.close()  # only what was saved is left
    last = len(draft.paragraphs) - 1
    conversation = paragraph_task(studio.draft(draft.id), last, engine.info.vocabulary).conversation
    engine.restore(draft.id, conversation)
    assert engine.measure(conversation).unread == 1


LOOP = " And zum and" + " zum and" * 200


def varying(number: int, count: int) -> str:
    return ". ".join(script(number, 0).split(". ")[:count]) + "."


def is_revision(request: Request) -> bool:
    return any("Write that paragraph again" in turn.text for turn in request.conversation)


def test_a_revision_that_repeats_itself_goes_on_from_its_last_good_sentence(open_studio: Callable[..., Studio]) -> None:
    answers = iter([varying(1, 6) + LOOP, " " + varying(2, 6)])
    studio = open_studio(ScriptedEngine(lambda request: next(answers) if is_revision(request) else author(request)))
    draft = written(studio)
    job = studio.revise(draft.id, draft.paragraphs[1].key, Revision(wish="Shorter sentences"))
    assert job.wait(10) and job.failure is None
    text = studio.draft(draft.id).paragraphs[1].text
    assert text.startswith(varying(1, 6) + " ") and "zum" not in text


def test_a_revision_that_keeps_repeating_itself_says_so(open_studio: Callable[..., Studio]) -> None:
    good = varying(1, 6)
    studio = open_studio(ScriptedEngine(lambda r: (LOOP if r.begun else good + LOOP) if is_revision(r) else author(r)))
    draft = written(studio)
    key, before = draft.paragraphs[0].key, draft.paragraphs[0].version
    job = studio.revise(draft.id, key, Revision(wish="Livelier"))
    assert job.wait(10) and job.failure is not None and "repeating itself" in str(job.failure)
    assert "stays as it was" in job.failure.message and "taken back" not in str(job.failure)
    assert studio.draft(draft.id).paragraphs[0].version == before


def test_a_paragraph_written_anew_that_keeps_repeating_itself_stays_as_it_was(
    open_studio: Callable[..., Studio],
) -> None:
    looping: list[bool] = []
    studio = open_studio(
        ScriptedEngine(lambda r: (LOOP if r.begun else varying(1, 6) + LOOP) if looping else author(r))
    )
    draft = written(studio)
    looping.append(True)
    job = studio.write(draft.id, [draft.paragraphs[1].key])
    assert job.wait(10) and job.failure is not None and "stays as it was" in job.failure.message
    assert studio.draft(draft.id).paragraphs[1].version == draft.paragraphs[1].version


def test_a_revision_may_repeat_the_text_it_is_made_from(open_studio: Callable[..., Studio]) -> None:
    present: list[str] = []
    studio = open_studio(ScriptedEngine(lambda r: present[0] if is_revision(r) else author(r)))
    draft = written(studio)
    present.append(draft.paragraphs[1].text)
    job = studio.revise(draft.id, draft.paragraphs[1].key, Revision(wish="Leave it as it is"))
    assert job.wait(10) and job.failure is None
    assert studio.draft(draft.id).paragraphs[1].text == present[0]


def test_of_an_alternative_that_repeats_itself_the_good_part_is_offered(open_studio: Callable[..., Studio]) -> None:
    first: list[int] = []

    def answer(request: Request) -> str:
        if request.grammar or not first:
            return author(request)
        return varying(len(first), 6) + (LOOP if request.sampling.seed % 2 else "")

    studio = open_studio(ScriptedEngine(answer))
    draft = written(studio)
    first.append(1)
    assert studio.alternatives(draft.id, draft.paragraphs[1].key).wait(10)
    offered = studio.draft(draft.id).paragraphs[1].offered
    assert [version.text for version in offered] == [varying(1, 6)] * 3
    assert FinishReason.LOOP in {version.finish for version in offered}


def test_any_version_comes_back_with_one_call(studio: Studio) -> None:
    draft = written(studio)
    key, first = draft.paragraphs[0].key, draft.paragraphs[0].version
    assert studio.revise(draft.id, key, Revision(wish="anew")).wait(10)
    studio.return_to(draft.id, key, 1)
    assert studio.draft(draft.id).paragraphs[0].version == first
    assert len(studio.history(draft.id, key)) == 2
    with pytest.raises(EditError):
        studio.return_to(draft.id, key, 3)


def test_another_main_point_changes_that_step_alone(studio: Studio) -> None:
    draft = planned(studio)
    job = studio.suggest(draft.id, draft.paragraphs[2].key)
    assert job.wait(10)
    assert job.failure is None
    steps = studio.draft(draft.id).steps
    assert steps[2] == Step("Another look at the matter", 100)
    assert (steps[:2], steps[3:]) == (draft.steps[:2], draft.steps[3:])
    assert studio.undo(draft.id) == "suggest"
    assert studio.draft(draft.id).steps == draft.steps


def test_notes_and_what_holds_from_here_on_reach_the_prompts(studio: Studio, asked: list[str]) -> None:
    draft = planned(studio)
    keys = [p.key for p in draft.paragraphs]
    studio.edit(draft.id, None, {"do": "edit_step", "key": keys[1], "note": "Name the\nboat {0}."})
    studio.edit(draft.id, None, {"do": "edit_step", "key": keys[2], "cue": "Slow down."})
    asked.clear()
    assert studio.write(draft.id).wait(10)
    assert ["Name the boat {0}." in turn for turn in asked] == [False, True, False, False, False]
    assert ["Slow down." in turn for turn in asked] == [False, False, True, True, True]
    assert all(studio.draft(draft.id).stale(i) == () for i in range(5))
    studio.edit(draft.id, None, {"do": "edit_step", "key": keys[2], "cue": ""})
    assert [studio.draft(draft.id).stale(i) for i in range(5)] == [(), (), ("step",), ("step",), ("step",)]


def test_a_new_plan_waits_where_the_person_has_edited_the_old_one(studio: Studio) -> None:
    draft = planned(studio)
    assert draft.edited_steps == 0
    assert studio.plan(draft.id).wait(10)
    assert studio.draft(draft.id).proposal == ""
    studio.edit(draft.id, None, {"do": "edit_step", "key": draft.paragraphs[0].key, "main_point": "Mine"})
    mine = studio.draft(draft.id)
    assert mine.edited_steps == 1
    assert studio.plan(draft.id).wait(10)
    assert studio.draft(draft.id).steps == mine.steps
    studio.edit(draft.id, None, {"do": "discard_plan"})
    assert (studio.draft(draft.id).proposal, studio.draft(draft.id).steps) == ("", mine.steps)
    studio.undo(draft.id)
    studio.edit(draft.id, None, {"do": "accept_plan"})
    accepted = studio.draft(draft.id)
    assert (accepted.proposal, accepted.edited_steps) == ("", 0)
    assert accepted.steps[0].main_point != "Mine"
    studio.undo(draft.id)
    assert studio.draft(draft.id).steps == mine.steps


def test_writing_from_a_paragraph_on_writes_it_and_all_after_it(studio: Studio) -> None:
    draft = planned(studio)
    assert studio.write(draft.id, start=draft.paragraphs[3].key).wait(10)
    assert [bool(p.text) for p in studio.draft(draft.id).paragraphs] == [False, False, False, True, True]


def test_the_price_is_what_will_be_read(studio: Studio) -> None:
    draft = written(studio)
    key = draft.paragraphs[1].key
    price = studio.price(draft.id, key, Revision("longer"))
    job = studio.revise(draft.id, key, Revision("longer"))
    assert job.wait(10)
    assert price.tokens == job.usage.prompt_read
    assert studio.tokens("twelve chars") == 12


def test_the_price_of_several_texts_and_of_all_that_is_missing(studio: Studio) -> None:
    draft = planned(studio)
    first, fourth = draft.paragraphs[0].key, draft.paragraphs[3].key
    one, three = (studio.price(draft.id, first, Revision(), texts).writing for texts in (1, 3))
    assert one and three == pytest.approx(3 * one)
    whole, onward = studio.price_of_writing(draft.id).writing, studio.price_of_writing(draft.id, fourth).writing
    words = [step.words or 0 for step in draft.steps]
    assert whole and onward == pytest.approx(whole * sum(words[3:]) / sum(words))
    assert studio.write(draft.id).wait(10)
    assert studio.price_of_writing(draft.id).writing == 0
    assert studio.price_of_writing(draft.id, fourth).writing


def test_undo_is_refused_while_the_plan_is_made_and_never_done_twice(studio: Studio) -> None:
    draft = planned(studio)
    studio.edit(draft.id, None, {"do": "set_title", "title": "A"})
    undo = studio.changes(draft.id, 0).undo
    assert undo is not None
    studio.edit(draft.id, None, {"do": "set_title", "title": "B"})
    with pytest.raises(ConflictError):
        studio.undo(draft.id, undo.entry)


def test_stopped_alternatives_keep_those_that_are_whole(open_studio: Callable[..., Studio]) -> None:
    studio = open_studio(ScriptedEngine(author, words_per_second=300))
    draft = written(studio)
    job = studio.alternatives(draft.id, draft.paragraphs[0].key)
    for event in job.events():
        if type(event).__name__ == "AlternativeDone":
            studio.stop(draft.id)
    assert len(studio.draft(draft.id).paragraphs[0].offered) >= 1
    assert studio.draft(draft.id).paragraphs[0].version.finish is FinishReason.STOP  # type: ignore[union-attr]
