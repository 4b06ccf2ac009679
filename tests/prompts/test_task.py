"""What the model is asked, in each mode, before and after the plan was changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from longwriter_ui import prompts
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, FinishReason, Mode, Status, Version, paragraphs_of
from longwriter_ui.edits import apply_edit
from longwriter_ui.engine.base import Role
from longwriter_ui.plan import Step, parse_plan
from longwriter_ui.prompts.task import continued_task, oneshot_task, paragraph_task

VOCABULARY = "v"


def planned(mode: Mode = Mode.CONVERSATION, language: str = "en") -> Draft:
    steps = [Step(f"point {n} with {{braces}} and $dollars", 100 * n) for n in (1, 2, 3)]
    return Draft("id", "t", Brief("Tell {everything} about ${boats}", 600, language), mode, 0, paragraphs_of(steps))


def write(draft: Draft, index: int, text: str, finish: FinishReason = FinishReason.STOP) -> Draft:
    """The draft after the model wrote `text` for paragraph `index`."""
    task = paragraph_task(draft, index, VOCABULARY)
    version = Version(
        text, Author.MODEL, finish, draft.basis(index), task.prompt, draft.rest(index + 1), (index, 1, 2), VOCABULARY
    )
    paragraph = replace(draft.paragraphs[index], status=Status.WRITTEN, version=version)
    return replace(draft.with_paragraph(paragraph), opening=task.opening or draft.opening)


def test_a_conversation_only_grows() -> None:
    draft = planned()
    conversations = []
    for index in range(3):
        conversations.append(paragraph_task(draft, index, VOCABULARY).conversation)
        draft = write(draft, index, f"Text {index}.")
    for shorter, longer in pairwise(conversations):
        assert longer[: len(shorter)] == shorter
        assert [t.role for t in longer[len(shorter) :]] == [Role.ASSISTANT, Role.USER]
    assert conversations[2][3].parts[0].tokens == (1, 1, 2)
    first = conversations[0][0].text
    assert "Tell {everything} about ${boats}" in first
    assert first.endswith("Paragraph 1 - Main Point: point 1 with {braces} and $dollars - Word Count: 100 words")
    assert parse_plan(conversations[2][4].text.splitlines()[-1]).steps == draft.steps[2:]


def test_a_changed_plan_is_an_amendment_and_the_past_stays() -> None:
    draft = write(write(planned(), 0, "One."), 1, "Two.")
    before = paragraph_task(draft, 2, VOCABULARY).conversation
    changed = apply_edit(draft, {"do": "edit_step", "key": draft.paragraphs[2].key, "main_point": "another end"})
    after = paragraph_task(changed, 2, VOCABULARY).conversation
    assert after[:-1] == before[:-1]
    assert after[-1].text.startswith("The plan from here on is now:\nParagraph 3 - Main Point: another end")
    # Once told, the model is not told again.
    step = apply_edit(changed, {"do": "insert_step", "after": changed.paragraphs[2].key, "main_point": "a coda"})
    told = write(step, 2, "Three.")
    assert "from here on" not in paragraph_task(told, 3, VOCABULARY).conversation[-1].text


def test_a_change_to_a_step_already_written_is_no_amendment() -> None:
    draft = write(write(planned(), 0, "One."), 1, "Two.")
    changed = apply_edit(draft, {"do": "edit_step", "key": draft.paragraphs[0].key, "main_point": "too late"})
    assert paragraph_task(changed, 2, VOCABULARY) == paragraph_task(draft, 2, VOCABULARY)


def test_a_rewrite_sees_what_comes_before_and_nothing_after() -> None:
    draft = planned()
    for index in range(3):
        draft = write(draft, index, f"Text {index}.")
    conversation = paragraph_task(draft, 1, VOCABULARY).conversation
    assert [turn.role for turn in conversation] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert conversation[1].text == "Text 0."


def test_a_stopped_answer_is_continued_with_its_own_prompt_and_tokens() -> None:
    draft = write(write(planned(), 0, "One."), 1, "Two and", FinishReason.CANCELLED)
    key = draft.paragraphs[1].key
    draft = apply_edit(draft, {"do": "edit_step", "key": key, "main_point": "changed meanwhile"})
    task = continued_task(draft, 1, VOCABULARY)
    assert task.conversation[-1].role is Role.ASSISTANT
    assert task.conversation[-1].parts[0].tokens == (1, 1, 2)
    assert "point 2" in task.conversation[-2].text and "changed meanwhile" not in task.conversation[-2].text


def test_edited_text_enters_as_text_and_other_vocabularies_tokens_do_not() -> None:
    draft = write(write(planned(), 0, "One."), 1, "Two.")
    edited = apply_edit(draft, {"do": "edit_text", "key": draft.paragraphs[0].key, "text": "Mine."})
    parts = [
        turn.parts[0] for turn in paragraph_task(edited, 2, VOCABULARY).conversation if turn.role is Role.ASSISTANT
    ]
    assert [(p.text, p.tokens) for p in parts] == [("Mine.", ()), ("Two.", (1, 1, 2))]
    other = paragraph_task(draft, 2, "another model").conversation
    assert all(not part.tokens for turn in other for part in turn.parts)


def test_agentwrite_shows_all_text_in_one_turn_and_changes_only_its_end() -> None:
    draft = planned(Mode.AGENTWRITE)
    first = paragraph_task(draft, 0, VOCABULARY).conversation
    draft = write(draft, 0, "One.")
    second = paragraph_task(draft, 1, VOCABULARY).conversation
    draft = write(draft, 1, "Two.")
    third = paragraph_task(draft, 2, VOCABULARY).conversation
    assert len(first) == len(second) == len(third) == 1
    assert "One.\n\nTwo." in third[0].text
    head = third[0].text.index("One.")
    assert second[0].text[:head] == third[0].text[:head] == first[0].text[:head]
    assert parse_plan(third[0].text.splitlines()[-1]).steps[0].words == 300


def test_oneshot_asks_once_and_goes_on_with_its_own_answer() -> None:
    draft = planned(Mode.ONESHOT)
    asked = oneshot_task(draft, 0, VOCABULARY).conversation
    assert len(asked) == 1 and asked[0].text.startswith("Tell {everything} about ${boats}")
    assert parse_plan(asked[0].text[asked[0].text.index("Paragraph 1") :]).steps == draft.steps
    version = Version("One.", Author.USER)
    edited = draft.with_paragraph(replace(draft.paragraphs[0], version=version, status=Status.WRITTEN))
    conversation = oneshot_task(edited, 1, VOCABULARY).conversation
    assert conversation[:1] == asked and conversation[1].text == "One.\n\n"


def test_languages_choose_their_prompts() -> None:
    chinese = paragraph_task(planned(language="zh"), 0, VOCABULARY).conversation[0].text
    assert "现在写这一段：\n第1段 - 主要观点：" in chinese
    german = prompts.plan_prompt(Brief("Schreibe über Boote", 600, "de"))[0].text
    assert german.startswith("Plan a long piece") and "Write in German." in german


@pytest.mark.parametrize(("language", "asked"), [("en", "An essay on kites"), ("zh", "写一篇关于风筝的文章")])
def test_a_short_request_is_read_twice_before_it_is_planned_and_a_long_one_once(language, asked):
    notes = "The museum opens at nine."
    short = prompts.plan_prompt(Brief(asked, 600, language, notes))[0].text
    assert short.count(asked) == 2 and short.count(notes) == 1
    assert short.rindex(asked) < short.index("600")  # what is to be printed comes last
    long = asked + "x" * prompts.READ_TWICE
    assert prompts.plan_prompt(Brief(long, 600, language))[0].text.count(long) == 1
    tricky = "A guide to {words} and {again}"
    assert prompts.plan_prompt(Brief(tricky, 600, language))[0].text.count(tricky) == 2
