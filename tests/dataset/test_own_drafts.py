"""Data from a person's drafts: whole ones, the texts they chose and those they passed over; and the check of files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.dataset.check import check
from longwriter_ui.dataset.drafts import sample
from longwriter_ui.dataset.preferences import pairs
from longwriter_ui.draft import Author, Draft, FinishReason, Version
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import EditError, StoreError
from longwriter_ui.revision import Revision
from longwriter_ui.studio import Studio
from tests.script import author


def written(studio: Studio) -> Draft:
    draft_id = studio.create(Brief.create("Write about harbours", 500), seed=1).id
    for job in (studio.plan, studio.write):
        assert job(draft_id).wait(20)
    return studio.draft(draft_id)


def pairs_of(studio: Studio, draft_id: str) -> list[dict[str, object]]:
    return pairs(studio.draft(draft_id), lambda key: [text.version for text in studio.history(draft_id, key)])


def test_a_whole_draft_is_one_exchange(studio: Studio):
    draft = written(studio)
    assert sample(draft) == {
        "messages": [
            {"role": "user", "content": "Write about harbours"},
            {"role": "assistant", "content": draft.text},
        ]
    }


def test_a_draft_that_is_not_whole_is_refused(studio: Studio):
    draft = studio.create(Brief.create("Write about harbours", 500))
    with pytest.raises(EditError, match="has no text"):
        sample(draft)
    studio.plan(draft.id).wait(20)
    with pytest.raises(EditError, match=r"Paragraph 1 of .* not written to its end"):
        sample(studio.draft(draft.id))


def test_a_draft_nobody_changed_has_no_pairs(studio: Studio):
    assert pairs_of(studio, written(studio).id) == []


def test_a_text_the_person_rewrote_is_passed_over(studio: Studio):
    draft = written(studio)
    first = draft.paragraphs[1]
    assert studio.revise(draft.id, first.key, Revision("rewrite", "shorter please")).wait(20)
    mine = "I wrote this myself."
    studio.edit(draft.id, None, {"do": "edit_text", "key": first.key, "text": mine})
    found = pairs_of(studio, draft.id)
    assert [pair["chosen"] for pair in found] == [[{"role": "assistant", "content": mine}]] * 2
    assert first.text in [pair["rejected"][0]["content"] for pair in found]
    prompt = found[0]["prompt"]
    assert [turn["role"] for turn in prompt] == ["user", "assistant", "user"]
    assert prompt[1]["content"] == draft.paragraphs[0].text
    assert "Write about harbours" in prompt[0]["content"]


def test_what_a_person_wrote_is_never_rejected(studio: Studio):
    draft = written(studio)
    key = draft.paragraphs[0].key
    for text in ("My first try.", "My second try."):
        studio.edit(draft.id, None, {"do": "edit_text", "key": key, "text": text})
    rejected = [pair["rejected"][0]["content"] for pair in pairs_of(studio, draft.id)]
    assert rejected == [draft.paragraphs[0].text]


def test_an_answer_that_goes_on_with_the_person_s_words_is_never_rejected(studio: Studio):
    draft = written(studio)
    first, *rest = draft.paragraphs
    assert first.version is not None
    begun = replace(first.version, text="I began so", author=Author.USER, finish=FinishReason.CANCELLED)
    ended, other = (replace(first.version, text=text) for text in ("I began so and it ended.", "It ends here."))
    mine = replace(first.version, text="I wrote it all.", author=Author.USER)
    changed = replace(draft, paragraphs=(replace(first, version=mine), *rest))
    texts = {first.key: [other, begun, ended, mine]}
    found = pairs(changed, lambda key: texts.get(key, []))
    assert [pair["rejected"][0]["content"] for pair in found] == [other.text]


def test_alternatives_count_once_they_were_not_taken(open_studio):
    answers = iter(range(100))
    studio = open_studio(
        ScriptedEngine(lambda r: author(r) if r.grammar else f"{author(r)} Take {next(answers)} of them.")
    )
    draft = written(studio)
    key = draft.paragraphs[0].key
    assert studio.alternatives(draft.id, key).wait(20)
    offered = [version.text for version in studio.draft(draft.id).paragraphs[0].offered]
    assert len(offered) == 3
    assert pairs_of(studio, draft.id) == []  # nothing is decided yet
    studio.edit(draft.id, None, {"do": "choose", "key": key, "number": 2})
    found = pairs_of(studio, draft.id)
    assert {pair["chosen"][0]["content"] for pair in found} == {offered[1]}
    assert {pair["rejected"][0]["content"] for pair in found} == {draft.paragraphs[0].text, offered[0], offered[2]}


@pytest.mark.parametrize("finish", [FinishReason.LENGTH, FinishReason.LOOP, FinishReason.CANCELLED])
def test_a_text_that_was_cut_off_is_neither_chosen_nor_rejected(studio: Studio, finish: FinishReason):
    draft = written(studio)
    first, *rest = draft.paragraphs
    whole = first.version
    assert whole is not None
    other, cut = replace(whole, text="It ends here."), replace(whole, text="It ends in the", finish=finish)

    def found(now: Version) -> list[object]:
        changed = replace(draft, paragraphs=(replace(first, version=now), *rest))
        return [
            pair["rejected"] for pair in pairs(changed, lambda key: [whole, other, cut] if key == first.key else [])
        ]

    assert found(other) == [[{"role": "assistant", "content": whole.text}]]
    assert found(cut) == []


def turns(*contents: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": content} for i, content in enumerate(contents)]


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_lengths_are_counted_into_bars(tmp_path: Path):
    lines = [{"messages": turns("Write", "word " * n)} for n in (1, 499, 500, 3999, 40_000)]
    found = check(write(tmp_path / "d.jsonl", *lines, lines[0]))
    assert found.words == (1, 499, 500, 3999, 40_000, 1)
    assert dict(found.bars) == {
        "0 to 499": 3, "500 to 999": 1, "1,000 to 1,999": 0, "2,000 to 3,999": 1, "4,000 to 7,999": 0,
        "8,000 to 15,999": 0, "16,000 to 31,999": 0, "32,000 and more": 1,
    }  # fmt: skip
    assert found.repeated == 1


@pytest.mark.parametrize(
    "line",
    [
        {"messages": []},
        {"messages": turns("Write")},
        {"messages": turns("Write", "")},
        {"messages": turns("Write", "a", "b")},
        {"messages": [{"role": "assistant", "content": "a"}]},
        {"messages": turns("a", "b")[::-1]},
        {"messages": "text"},
        {"text": "text"},
    ],
)
def test_a_conversation_that_is_none_is_told_with_its_line(tmp_path: Path, line: object):
    found = check(write(tmp_path / "d.jsonl", {"messages": turns("a", "b")}, line))
    assert len(found.problems) == 1 and found.problems[0].startswith("Line 2: ")


def test_pairs_are_checked_too(tmp_path: Path):
    good = {"prompt": turns("a"), "chosen": turns("", "b")[1:], "rejected": turns("", "c")[1:]}
    system = {**good, "prompt": [{"role": "system", "content": "s"}, *turns("a", "b", "c")]}
    bad = [{**good, "rejected": good["chosen"]}, {**good, "prompt": turns("a", "b")}, {**good, "chosen": "b"}]
    found = check(write(tmp_path / "d.jsonl", good, system, *bad))
    assert (found.kind, found.lines, len(found.problems)) == ("pairs", 5, 3)


def test_an_empty_file_is_told(tmp_path: Path):
    with pytest.raises(StoreError, match="no lines"):
        check(write(tmp_path / "d.jsonl"))
    with pytest.raises(StoreError, match="no file"):
        check(tmp_path / "none.jsonl")
    with pytest.raises(StoreError, match=r"No line of .* has"):
        check(write(tmp_path / "d.jsonl", {"prompt": "Write", "length": 500}))
