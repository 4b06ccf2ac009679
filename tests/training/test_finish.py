"""What is done with the trained weights; skipped where the training requirements are not installed."""

import pytest

torch = pytest.importorskip("torch", reason="needs training/requirements.txt (torch)")
pytest.importorskip("tokenizers", reason="needs training/requirements.txt (tokenizers)")

from torch.nn import functional  # noqa: E402

from training import batches, finish, tokenizer  # noqa: E402
from training.model import Model, Shape  # noqa: E402
from training.tasks import Size  # noqa: E402


@pytest.fixture(scope="module")
def words():
    return tokenizer.train(1, documents=40)


@pytest.fixture
def model(words):
    torch.manual_seed(1)
    return Model(Shape(vocabulary=words.get_vocab_size(), width=64, layers=2, heads=2, hidden=96))


def shown(words):
    return batches.batches(words, batches.Phase(1, 800, {"begin": 1.0}, Size(200, 100, 2), 400), 4)


def test_the_mean_of_checkpoints_is_taken_weight_by_weight():
    first, second = (
        {"a": torch.tensor([1.0, 4.0]), "b": torch.tensor([[2.0]])},
        {"a": torch.zeros(2), "b": torch.ones(1, 1)},
    )
    found = finish.mean([first, second])
    assert found["a"].tolist() == [0.5, 2.0] and found["b"].tolist() == [[1.5]]


def test_every_token_that_is_not_learnt_from_what_comes_next_shares_a_vector_with_its_kind(words):
    groups = finish.kinds(words)
    assert sorted(i for group in groups for i in group) == sorted(
        i for found in tokenizer.strangers(words) for i in found
    )
    latin = [{words.decode([i]).strip().isascii() for i in group} for group in groups if group]
    assert all(len(kinds) == 1 for kinds in latin)


def test_tokens_of_a_kind_move_together_and_no_others_do(words, model):
    groups = [group for group in finish.kinds(words) if group]
    before = model.embedding.weight.detach().clone()
    moved = finish.shifted(model, groups, shown(words), 3, 0.1) - before
    inside = [i for group in groups for i in group]
    for group in groups:
        assert torch.allclose(moved[group], moved[group[0]].expand(len(group), -1), atol=1e-5)
        assert moved[group[0]].norm() > 0.01
    outside = torch.ones(len(before), dtype=torch.bool)
    outside[inside] = False
    assert torch.equal(moved[outside], torch.zeros_like(moved[outside]))
    assert torch.equal(model.embedding.weight, before)


def test_tokens_that_only_topics_have_become_less_likely_where_others_are_wanted(words, model):
    groups = finish.kinds(words)
    inside = torch.tensor([i for group in groups for i in group])

    def share():
        inputs, labels, _, places, _ = (torch.from_numpy(part) for part in next(shown(words)))
        with torch.no_grad():
            logits = model.logits(model(inputs, places)[0])[labels != batches.IGNORE]
        wanted = ~torch.isin(labels[labels != batches.IGNORE], inside)
        return functional.softmax(logits[wanted], -1)[:, inside].sum(-1).mean().item()

    before = share()
    table = finish.shifted(model, groups, shown(words), 12, 1.0)
    with torch.no_grad():
        model.embedding.weight.copy_(table)
    assert share() < 0.9 * before
