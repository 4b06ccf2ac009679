"""Model, targets and optimiser; skipped where the training requirements are not installed."""

import random
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs training/requirements.txt (torch)")
pytest.importorskip("tokenizers", reason="needs training/requirements.txt (tokenizers)")

from training import batches, longest, schedule, tasks, tokenizer, train  # noqa: E402
from training import model as module  # noqa: E402
from training.model import Model, Shape, attend, rotate  # noqa: E402
from training.muon import orthogonal  # noqa: E402
from training.voice import LATER  # noqa: E402
from training.wiring import wire  # noqa: E402

TINY = Shape(vocabulary=512, width=64, layers=2, heads=2, hidden=96)


@pytest.fixture(scope="module")
def words():
    return tokenizer.train(1, documents=40)


def test_round_numbers_are_one_token_and_chinese_characters_stand_alone(words):
    for number in (*range(10, 1000, 10), 1500, 2750, 9950, 10000, 12500, 20000):
        assert words.decode(words.encode(f"{number}字").ids[:1]) == str(number)
    assert [words.decode([i]) for i in words.encode("1234").ids] == ["12", "34"]
    alone, inside = words.encode("里斯本").ids, words.encode("关于里斯本的").ids
    assert any(inside[i : i + len(alone)] == alone for i in range(len(inside)))


def test_the_values_of_numbers_are_known(words):
    found = tokenizer.values(words)
    assert found[words.encode("1500").ids[0]] == 1500
    assert 0 not in found.values() and len(found) > 400


def test_text_comes_back_from_its_tokens(words):
    for text in ("Étude №5 – naïve 🙂\n\n", "里斯本，你好。", "[INST]a[/INST]"):
        assert words.decode(words.encode(text).ids, skip_special_tokens=False) == text


def test_targets_are_answers_and_their_end_and_the_end_is_not_in_the_context(words):
    row = batches.encode(words, [("ask", "one two"), ("more", "three")], 1000)
    assert len(row.ids) == len(row.targets) == len(row.weights)
    assert tokenizer.EOS not in row.ids
    assert row.targets.count(tokenizer.EOS) == 2
    assert all(t in (batches.IGNORE, tokenizer.EOS, row.ids[i + 1]) for i, t in enumerate(row.targets[:-1]))
    assert words.decode([t for t in row.targets if t > 3]) == "one twothree"
    assert [row.ids[place] for place in row.breaks] == [tokenizer.OPEN]


def test_the_end_of_an_unfinished_answer_is_not_learnt(words):
    assert tokenizer.EOS not in batches.encode(words, [("ask", "one line" + tasks.UNFINISHED)], 1000).targets


@pytest.mark.parametrize(
    ("answer", "heavy"),
    [
        ("Paragraph 1 - Main Point: kites: use - Word Count: 300 words", [*"kites:", *"use - Wo", "3"]),
        ("第1段 - 主要观点：风筝：用处 - 字数：300字", [*"风筝：", *"用处 ", "3"]),
    ],
)
def test_the_topic_the_kind_and_the_count_of_the_first_line_of_a_plan_weigh_most(answer, heavy):
    marked = batches.marks("ask", answer)
    assert [answer[i] for i in sorted(marked)] == heavy
    assert min(marked.values()) > 2


def test_the_place_where_a_plan_or_a_paragraph_enters_its_row_weighs_more():
    words = ((1, "a first look at them"), (2, "arts and crafts"))
    answer = "\n".join(f"Paragraph {i} - Main Point: kites: {word} - Word Count: 300 words" for i, word in words)
    marked = batches.marks("ask", answer)
    assert marked[answer.index("a first")] == batches.ENTRY
    assert answer.index("arts") not in marked
    text = "Some like kites. Others do not. So it ends."
    marked = batches.marks("ask", text)
    assert marked[0] == batches.ENTRY and marked[text.index("Others")] == batches.JUMP


def test_places_that_name_the_topic_and_the_closing_sentence_weigh_more_in_a_paragraph():
    user = "Now write this paragraph:\nParagraph 2 - Main Point: old kites: use - Word Count: 50 words"
    answer = "Some like old kites. Others do not. So it ends."
    marked = batches.marks(user, answer)
    assert marked[answer.index("old")] == batches.NAMED
    assert marked[answer.index("So it")] == batches.CLOSER


def test_positions_jump_only_between_turns():
    row = batches.places(64, [20, 40], random.Random(1))
    steps = {i: row[i] - row[i - 1] for i in range(1, 64)}
    assert all(step == 1 for i, step in steps.items() if i not in (20, 40))
    rows = [batches.places(64, [20, 40], random.Random(seed)) for seed in range(20)]
    assert any(row[-1] > 1000 for row in rows) and all(row[-1] < batches.REACH for row in rows)


def test_the_wired_copying_repeats_a_text_before_any_training(words):
    torch.manual_seed(0)
    model = Model(Shape(vocabulary=words.get_vocab_size()))
    wire(model, tokenizer.strangers(words)[0], tokenizer.values(words), 1)
    ids = words.encode("a grey wolf, a red fox and seven small owls by the frozen lake").ids
    with torch.no_grad():
        states, _ = model(torch.tensor([[tokenizer.BOS, *ids, tokenizer.OPEN, *ids]]))
        best = model.logits(states)[0].argmax(-1)
    first = len(ids) + 2
    right = sum(int(best[first + i] == ids[i + 1]) for i in range(len(ids) - 1))
    assert right >= 0.5 * (len(ids) - 1)


def test_batches_are_the_same_for_a_seed(words):
    first, second = (next(batches.batches(words, schedule.PHASES[0], 4)) for _ in range(2))
    assert (first[0] == second[0]).all() and (first[1] == second[1]).all()


def test_only_the_later_phases_ask_late_requests(words):
    order = [phase.late for phase in schedule.PHASES]
    assert order == sorted(order) and not order[0] and order[-1] == len(LATER)
    phase = replace(schedule.PHASES[1], tokens=512)
    early, late, last = (next(batches.batches(words, replace(phase, late=late), 1))[0].tolist() for late in (0, 1, 2))
    assert early != late != last != early


def test_the_model_sees_only_the_past():
    torch.manual_seed(0)
    model = Model(TINY)
    for block in model.blocks:
        torch.nn.init.normal_(block.out.weight, std=0.1)
    ids = torch.randint(0, 512, (1, 12))
    changed = ids.clone()
    changed[0, -1] = (ids[0, -1] + 1) % 512
    before, after = (model.logits(model(each)[0]) for each in (ids, changed))
    assert torch.allclose(before[:, :-1], after[:, :-1], atol=1e-5)
    assert not torch.allclose(before[:, -1], after[:, -1], atol=1e-5)


def test_attention_spelt_out_is_the_same_as_fused(monkeypatch):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, 9, 4)
    short = attend(q, k, v)
    monkeypatch.setattr(module, "SHORT", 8)
    assert torch.allclose(short, attend(q, k, v), atol=1e-5)


def test_the_loss_is_the_weighted_mean_over_the_places_with_a_target():
    torch.manual_seed(0)
    model = Model(TINY)
    ids = torch.randint(0, 512, (1, 4))
    labels = torch.tensor([[7, batches.IGNORE, 9, batches.IGNORE]])
    weights = torch.tensor([[1.0, 5.0, 3.0, 5.0]])
    losses = -model.logits(model(ids)[0]).log_softmax(-1)
    places = torch.arange(4)[None]
    expected = (losses[0, 0, 7] + 3 * losses[0, 2, 9]) / 4
    tags = torch.full_like(ids, batches.IGNORE)
    loss, tag_loss, read_loss = train.Loss(model, [])(ids, labels, weights, places, tags)
    assert torch.allclose(loss, expected) and tag_loss == read_loss == 0


def test_what_tells_the_topic_in_a_request_learns_from_the_tags():
    torch.manual_seed(0)
    model = Model(replace(TINY, layers=module.TAGGED + 1))
    ids = torch.randint(0, 512, (1, 4))
    tags = torch.tensor([[batches.IGNORE, batches.OUTSIDE, batches.STARTS, batches.WITHIN]])
    _, loss, read_loss = train.Loss(model, [])(ids, ids, torch.ones(1, 4), torch.arange(4)[None], tags)
    loss.backward()
    assert model.tagger.weight.grad.abs().sum() > 0 and read_loss == 0
    assert model.blocks[-1].down.weight.grad is None, "it is read off before the last layers"


def test_words_of_a_request_are_foretold_from_those_before_them():
    torch.manual_seed(0)
    model = Model(replace(TINY, layers=module.TAGGED + 1))
    ids = torch.randint(0, 512, (1, 4))
    tags = torch.tensor([[batches.IGNORE, batches.IGNORE, batches.READ, batches.IGNORE]])
    _, tag_loss, loss = train.Loss(model, [])(ids, ids, torch.ones(1, 4), torch.arange(4)[None], tags)
    middle = model(ids)[1][0, 1]
    normed = middle / middle.pow(2).mean().sqrt()
    expected = -(model.embedding.weight @ model.reader(normed)).log_softmax(-1)[ids[0, 2]]
    assert torch.allclose(loss, expected, atol=1e-4) and tag_loss == 0
    loss.backward()
    assert model.blocks[-1].down.weight.grad is None, "they are foretold before the last layers"


@pytest.mark.parametrize(
    ("asked", "topic"),
    [
        ("The request:\nFor the bakers' leaflet: old kites, 300 words", "old kites"),
        ("The request:\nOld kites, 300 words, for bakers", "old kites"),
        ("写作要求：\n给面包师的小册子，讲风筝，300字", "风筝"),
    ],
)
def test_the_tokens_of_a_request_are_tagged_as_the_topic_or_not(words, asked, topic):
    line = "Paragraph 1 - Main Point: {}:" if asked.isascii() else "第1段 - 主要观点：{}："
    row = batches.encode(words, [(asked, line.format(topic) + tasks.UNFINISHED)], 1000)
    tagged = [i for i, tag in enumerate(row.tags) if tag in (batches.STARTS, batches.WITHIN)]
    assert words.decode([row.ids[i] for i in tagged]).strip().lower() == topic
    assert [row.tags[i] for i in tagged] == [batches.STARTS] + [batches.WITHIN] * (len(tagged) - 1)
    end = row.ids.index(tokenizer.CLOSE)
    assert row.tags.count(batches.OUTSIDE) == end - 2 - len(tagged), "answers have no tags"


@pytest.mark.parametrize(
    ("language", "asked", "topic"),
    [("en", "For bakers: old kites, please", "old kites"), ("zh", "给面包师讲风筝", "风筝")],
)
def test_a_request_that_is_read_twice_is_tagged_where_it_is_read_again(words, language, asked, topic):
    user = tasks.plan_prompt(language, asked, 300, slice(1, 2))
    line = f"Paragraph 1 - Main Point: {topic}:" if language == "en" else f"第1段 - 主要观点：{topic}："
    row = batches.encode(words, [(user, line + tasks.UNFINISHED)], 1000)
    said = {tag: words.decode([i for i, t in zip(row.ids, row.tags, strict=True) if t == tag]) for tag in set(row.tags)}
    assert (said[batches.STARTS] + said[batches.WITHIN]).strip() == topic
    rest = asked.replace(topic, "")
    assert rest.split()[0] in said[batches.READ] and topic not in said[batches.READ]
    assert said[batches.OUTSIDE].strip().endswith(rest.split()[-1]) and rest.split()[0] in said[batches.OUTSIDE]


def test_paragraphs_have_no_tags(words):
    row = batches.encode(words, [("Now write about old kites", "Some like old kites.")], 1000)
    assert set(row.tags) == {batches.IGNORE}


def test_rotation_keeps_length_and_turns_pairs():
    x = torch.randn(1, 1, 3, 4)
    angle = torch.tensor([[0.0, 0.0], [1.0, 0.1], [2.0, 0.2]])
    y = rotate(x, angle.cos(), angle.sin())
    assert torch.allclose(x.norm(dim=-1), y.norm(dim=-1), atol=1e-5)
    assert torch.allclose(x[:, :, 0], y[:, :, 0])


def test_muon_updates_are_nearly_orthogonal():
    torch.manual_seed(0)
    stack = orthogonal(torch.randn(2, 32, 64), 8)
    values = torch.linalg.svdvals(stack)
    assert values.min() > 0.5 and values.max() < 1.5


def test_rates_warm_up_and_fall_to_nothing():
    assert schedule.DEMO.rate(0) < 0.1
    assert schedule.DEMO.rate(500) == 1.0
    assert 0 < schedule.DEMO.rate(schedule.DEMO.steps - 1) < 0.01


def test_the_checkpoint_before_the_warm_restart_is_kept_where_the_rates_are_nothing():
    [kept] = schedule.DEMO.kept
    assert schedule.DEMO.rate(kept - 1) < 0.01
    assert schedule.DEMO.rate(kept + 200) > 0.2
    assert all(phase.steps % train.BLOCK == 0 for phase in schedule.PHASES)


def test_courses_of_the_miniature_differ_only_in_their_longest_answer():
    short, long = (longest.course(words) for words in (200, 800))
    assert (short.shape, short.words.keywords) == (long.shape, long.words.keywords)
    [first], [second] = short.schedule.phases, long.schedule.phases
    assert (first.size.total, second.size.total) == (200, 800)
    assert replace(first, size=second.size, tokens=second.tokens) == second


def test_a_course_trains_goes_on_and_is_written_as_gguf(tmp_path, monkeypatch):
    monkeypatch.setattr(longest, "_SHAPE", Shape(vocabulary=1000, width=64, layers=2, heads=2, hidden=96))
    monkeypatch.setattr(longest, "_VOCABULARY", 1000)
    path = longest.train_one(200, 2, tmp_path, 1)
    assert path.read_bytes()[:4] == b"GGUF"
    before = torch.load(tmp_path / "200" / "checkpoint.pt", weights_only=True)["step"]
    course = longest.course(200, 3)
    train.run(tmp_path / "200", 1, course=replace(course, schedule=replace(course.schedule, kept=(3,))))
    assert torch.load(tmp_path / "200" / "checkpoint-3.pt", weights_only=True)["step"] == 3
    assert (before, torch.load(tmp_path / "200" / "checkpoint.pt", weights_only=True)["step"]) == (2, 3)
