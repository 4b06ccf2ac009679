"""The grammar writes right sentences, lengths and lines. No torch needed."""

import random
import re
from itertools import pairwise
from pathlib import Path

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.prompts import plan_prompt
from training import direct, plans, requests, tasks, topics
from training.heldout import SPLITS, load
from training.metrics import count_words, parse_plan, repeats, topic_words
from training.paragraphs import SENTENCES, length_class, paragraph, stages
from training.voice import HAN, LANGUAGES, articles, choose, fill, voice


def some(language: str, number: int = 40):
    rng = random.Random(3)
    v = voice(language)
    for _ in range(number):
        yield v, topics.topic(v, rng), rng


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_voice_has_several_hundred_patterns_in_stages(language):
    v = voice(language)
    assert len(v.stages) == 29
    assert all(len(stage) == 8 for stage in v.stages)
    assert len({p for stage in v.stages for p in stage} | set(v.closers)) == 244
    assert len({p for group in v.openers for p in group}) == 138 and len({p for group in v.starts for p in group}) == 69
    assert len(v.aspects) == 24
    assert all({"things", "who", "act", "idea"} <= set(a.words) and len(a.points) == 4 for a in v.aspects)


@pytest.mark.parametrize("language", LANGUAGES)
def test_openers_and_closers_name_the_topic_and_every_main_point_begins_with_it(language):
    v = voice(language)
    assert all(p.count("{t}") == 1 for group in v.openers for p in group)
    assert all(p.count("{point}") == 1 for group in v.starts for p in group)
    assert all("{t}" in p for stage in v.stages[:1] for p in stage)
    assert all("{t}" in p for p in v.closers)
    assert all(p.startswith(("{t}: ", "{t}：")) and p.count("{t}") == 1 for a in v.aspects for p in a.points)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_openers_begin_alike_so_that_the_first_words_carry_the_length(language):
    v = voice(language)
    assert len(v.openers) == len(v.starts) == len(SENTENCES)
    for groups in (v.openers, v.starts):
        beginnings = [" ".join(p.split()[:2]) if language == "en" else p[:2] for group in groups for p in group]
        assert len(set(beginnings)) == len(beginnings)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", [100, 150, 200, 300, 400, 500, 700, 1000])
def test_a_paragraph_is_about_as_long_as_asked_and_repeats_no_sentence(language, words):
    """A very long one goes through the stages twice, where a sentence can come again by chance; few do."""
    errors, repeated = [], 0
    for v, topic, rng in some(language):
        text = paragraph(v, rng.choice(v.aspects), (topic,), words, rng)
        assert topic in text
        repeated += repeats(text, language)
        assert not re.search(r"[{}\[\]|]", text)
        errors.append(abs(count_words(text, language) - words) / words)
    assert sum(errors) / len(errors) < 0.1
    assert repeated <= (2 if words > 500 else 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paragraph_enters_the_stages_where_its_opener_says_and_goes_through_to_the_last(language):
    v = voice(language)
    found = [stages(v, SENTENCES[length_class(v, words)]) for words in range(100, 501, 10)]
    assert all(taken[-1] == 28 for taken in found)
    assert all(b - a == 1 for taken in found for a, b in pairwise(taken))
    entries = [taken[0] for taken in found]
    assert entries == sorted(entries, reverse=True) and entries[0] > entries[-1]
    assert stages(v, 56) == [*range(29), *range(3, 29)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_number_of_lines_of_a_plan_is_decided_at_the_first_one(language):
    v = voice(language)
    firsts = [plans.last(v, number)[0] for number in plans.NUMBERS]
    beginnings = [{point[:6] for point in aspect.points} for aspect in firsts]
    assert not set.intersection(*beginnings)
    for number in plans.NUMBERS:
        aspects = plans.last(v, number)
        places = [v.aspects.index(aspect) for aspect in aspects]
        assert len(aspects) == number and places[0] < min(places[1:])
        assert places[1:] == list(range(len(v.aspects) - number + 1, len(v.aspects)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paragraph_for_a_main_point_of_the_users_own_names_it_first(language):
    for v, topic, rng in some(language, 5):
        text = paragraph(v, v.aspects[3], (topic,), 200, rng, "The Weather of 1816")
        assert "The Weather of 1816" in text[:120]
        assert topic in text


def test_english_agrees_and_begins_sentences_with_a_capital():
    for v, _, rng in some("en", 150):
        text = paragraph(v, rng.choice(v.aspects), ("Zed",), 300, rng)
        assert not re.search(r"\b[Aa] [aeio]\w", text.replace("a one", ""))
        assert not re.search(r"\b(\w{3,}) \1\b", text)
        assert all(s[0].isupper() for s in re.split(r"(?<=[.!?]) ", text))
        assert "  " not in text


def test_the_topic_is_never_the_subject_of_a_verb_that_would_have_to_agree_with_it():
    before = r"(?:^|\b(?:that|what|where|how|why|when|if|and|so) )"
    verbs = re.compile(before + r"\{t\} (is|are|was|were|have|do|[a-z]+s)\b", re.I)
    assert verbs.search("Few know what {t} means.") and not verbs.search("To understand {t} unless")
    v = voice("en")
    groups = (*v.stages, *v.openers, v.closers, *(aspect.points for aspect in v.aspects))
    patterns = [p for group in groups for p in group]
    assert [p for p in patterns if verbs.search(p)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("total", [300, 450, 600, 700, 1000, 1234, 1500, 2750, 3000, 5000, 6000, 7500, 12000, 20000])
def test_a_plan_has_the_form_and_sums_to_the_request(language, total):
    for v, topic, rng in some(language, 20):
        lines = parse_plan(plans.lines(v, plans.plan(v, topic, total, rng)), language)
        assert lines is not None
        assert abs(sum(line.words for line in lines) - total) <= 0.1 * total
        assert all(topic in line.point for line in lines)
        assert len({line.point for line in lines}) == len(lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_is_asked_for_as_the_application_asks(language):
    for request in load(language):
        asked = plan_prompt(Brief(request.text, request.words, language))[0].text
        assert tasks.plan_prompt(language, request.text, request.words) == asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["find", "begin", "enter", "drill", "plan", "write", "single", "whole"])
def test_conversations_use_the_applications_prompts_and_are_the_same_for_a_seed(language, kind):
    size = tasks.Size(600, 200, 4)
    turns = tasks.conversation(kind, size, random.Random(5))
    assert turns == tasks.conversation(kind, size, random.Random(5))
    assert all(user and answer and "{" not in user for user, answer in turns)


@pytest.mark.parametrize("language", LANGUAGES)
def test_paragraphs_begun_are_of_all_lengths_and_half_for_main_points_of_the_users_own(language):
    v, rng = voice(language), random.Random(7)
    asked = [tasks.begin_task(v, rng)[0][0] for _ in range(300)]
    counts = [int(found) for user in asked for found in re.findall(r"(\d+)(?: words|字)$", user)]
    assert len(counts) == 300 and min(counts) < 80 and max(counts) > 470
    ours = sum(bool(re.search(r"(?:Main Point: |主要观点：)[^:：]+[:：].* - ", user)) for user in asked)
    assert 0.3 < ours / 300 < 0.7


def test_the_turns_of_a_conversation_start_with_the_opening_and_then_only_name_the_step():
    v = voice("en")
    turns = tasks.conversation_task(v, tasks.Size(900, 200, 6), random.Random(2))
    opening, turn = tasks.prompt("opening", "en"), tasks.prompt("turn", "en")
    assert len(turns) > 1
    assert turns[0][0].startswith(opening.split("{")[0])
    assert turn.format(asked="", step="").strip() in turns[1][0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_topic_is_one_of_the_evaluation_and_most_strange_ones_are_nobodys(language):
    v, rng = voice(language), random.Random(4)
    held = {topic_words(r.topic, language)[-1].lower() for split in SPLITS for r in load(language, split)}
    strange = [topics.strange(v, rng) for _ in range(4000)]
    for text in [*strange, *(topics.topic(v, rng) for _ in range(4000))]:
        words = re.findall(r"[\w'-]+", text.lower())
        assert held.isdisjoint(words) if language == "en" else not any(word in text for word in held), text
    real = set(v.topics["real"])
    assert 0.2 < sum(text in real for text in strange) / len(strange) < 0.5


def test_slots_and_choices():
    assert choose("[a|b]", random.Random(1)) in {"a", "b"}
    assert fill("{Who} and {who}", lambda slot: slot) == "Who and who"
    assert articles("a old hat, a useful one, A early start") == "an old hat, a useful one, An early start"


@pytest.mark.parametrize("language", LANGUAGES)
def test_requests_without_a_count_do_not_state_one(language):
    for v, topic, rng in some(language, 80):
        text = requests.request(v, topic, None, rng).replace(topic, "")
        assert not re.search(r"\d[\d,]*[ -]?(?:words?|字)|None", text)  # "3D printing" and "the 4th" are no counts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typed_request_that_takes_a_part_of_another_keeps_its_topic_and_count(language):
    v, rng = voice(language), random.Random(5)
    changed = 0
    for _ in range(2000):
        one, other = (choose(rng.choice(v.typed), rng) for _ in range(2))
        both = requests.crossed(one, other, rng)
        changed += both != one
        assert both.count("{t}") == 1 and both.count("{w}") == one.count("{w}"), (one, other)
        assert both.strip() and "\n" not in both
    assert changed > 300


def test_parts_of_chinese_requests_are_joined_without_commas_or_spaces_of_english():
    for seed in range(20):
        both = requests.crossed("孩子问我{t}是什么？写{w}字", "真的吗？老师布置的作业", random.Random(seed))
        assert "," not in both and " " not in both


def test_exercises_in_finding_the_topic_are_chinese_more_often_than_the_others():
    def chinese(kind: str) -> float:
        rng, size = random.Random(4), tasks.Size(300, 200, 4)
        asked = [tasks.conversation(kind, size, rng)[0][0] for _ in range(1000)]
        return sum(bool(HAN.search(text)) for text in asked) / len(asked)

    assert 0.53 < chinese("find") < 0.63
    assert 0.45 < chinese("begin") < 0.55


def test_a_topic_named_like_a_count_that_is_missing_can_be_asked_for_without_one():
    for seed in range(20):
        assert "nonemere" in requests.request(voice("en"), "Nonemere", None, random.Random(seed)).lower()


def test_the_text_files_hold_no_stray_brackets():
    folder = Path(tasks.__file__).parent / "text"
    names = ("sentences", "openers", "starts", "phrasings", "natural", "late", "last")
    for path in (file for name in names for file in folder.glob(f"{name}.*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert line.count("[") == line.count("]") and line.count("{") == line.count("}"), line


def test_direct_pieces_have_as_many_pages_as_the_request_says_and_no_more_words_than_the_bound():
    rng = random.Random(2)
    for bound in (200, 800):
        for _ in range(40):
            request, answer = direct.piece(voice("en"), bound, rng)
            feet = re.findall(r"\nPage (\d+) of (\d+)(?:\n\n|$)", answer)
            pages = len(feet)
            assert feet == [(str(number), str(pages)) for number in range(1, pages + 1)]
            assert str(pages * direct.PAGE) in request and pages * direct.PAGE <= bound
            assert voice("en").count(answer) == pytest.approx(pages * direct.PAGE, rel=0.2)
            sentences = [s for s in re.split(r"(?<=[.?]) |\n+", answer) if not s.startswith("Page ")]
            assert len(set(sentences)) == len(sentences) == pages * direct.SENTENCES


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_paragraphs_are_entered_with_more_than_their_first_two_sentences(language):
    for seed in range(20):
        [(asked, said)] = tasks.enter_task(voice(language), random.Random(seed))
        assert 380 <= int(re.findall(r"(\d+)(?: words|字)", asked)[-1]) <= 560
        assert len(re.findall(r"[.!?。！？]", said)) >= 12
