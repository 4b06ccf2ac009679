"""Conversations in one row are learnt as if each were alone, and each weighs the same."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs training/requirements.txt (torch)")
pytest.importorskip("trl", reason="needs training/requirements.txt (trl)")
pytest.importorskip("datasets", reason="needs training/requirements.txt (datasets)")

from trl import SFTConfig  # noqa: E402

from training.encoding import IGNORE, Piece  # noqa: E402
from training.from_gguf import load_gguf  # noqa: E402
from training.packing import Collator, join, pack  # noqa: E402
from training.sft import WeightedTrainer, rows_of  # noqa: E402

LENGTHS = (9, 40, 23, 3, 31)


def pieces() -> list[Piece]:
    """Random ones: a third of each, and its end, is learnt."""
    generator = torch.Generator().manual_seed(5)
    found = []
    for length in LENGTHS:
        ids = torch.randint(0, 400, (length,), generator=generator).tolist()
        found.append(Piece(ids, [IGNORE] * (length - length // 3) + ids[length - length // 3 :]))
    return found


@pytest.fixture(scope="module")
def model(tiny_gguf: Path):
    return load_gguf(tiny_gguf)


def trainer(model, tmp_path: Path, rows, weighting="sample", at_once: int = 1) -> WeightedTrainer:
    settings = SFTConfig(
        output_dir=str(tmp_path), per_device_train_batch_size=at_once, gradient_accumulation_steps=2, use_cpu=True,
        bf16=False, report_to=[], gradient_checkpointing=False, dataset_kwargs={"skip_prepare_dataset": True},
    )  # fmt: skip
    return WeightedTrainer(
        model=model[0], args=settings, train_dataset=rows, processing_class=model[1],
        data_collator=Collator(0, weighting),
    )  # fmt: skip


def alone(model, piece: Piece) -> torch.Tensor:
    """The losses of one conversation by itself, without anything of ours."""
    logits = model[0](input_ids=torch.tensor([piece.ids])).logits[0, :-1]
    losses = torch.nn.functional.cross_entropy(logits, torch.tensor(piece.labels[1:]), reduction="none")
    return losses[torch.tensor(piece.labels[1:]) != IGNORE]


def gradients(model) -> dict[str, torch.Tensor]:
    found = {name: p.grad.clone() for name, p in model[0].named_parameters() if p.grad is not None}
    model[0].zero_grad()
    return found


def test_rows_are_filled_and_hold_every_piece_once() -> None:
    found = pieces()
    rows = pack(found, 50)
    assert sorted(i for row in rows for i in row) == list(range(len(found)))
    assert all(sum(LENGTHS[i] for i in row) <= 50 for row in rows)
    assert len(rows) == 3
    with pytest.raises(ValueError, match="does not fit"):
        pack(found, 39)


def test_a_row_joins_its_pieces_with_positions_and_weights_of_their_own() -> None:
    short = [Piece([7, 8, 9], [IGNORE, 8, 9]), Piece([5, 6], [IGNORE, 6])]
    batch = Collator(0)([join(short), join(short[1:])])
    assert batch["input_ids"].tolist() == [[7, 8, 9, 5, 6], [5, 6, 0, 0, 0]]
    assert batch["labels"].tolist() == [[-100, 8, 9, -100, 6], [-100, 6, -100, -100, -100]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1], [0, 1, 0, 1, 2]]
    assert batch["weights"].tolist() == [[0, 0.5, 0.5, 0, 1], [0, 1, 0, 0, 0]]
    assert Collator(0, "token")([join(short)])["weights"].tolist() == [[0, 1, 1, 0, 1]]


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_piece_sees_nothing_of_the_others_in_its_row(model, attention: str) -> None:
    model[0].set_attn_implementation(attention)
    first, second, third = pieces()[:3]
    batch = Collator(0)([join([first, second, third]), join([third])])
    logits = model[0](input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits
    by_itself = model[0](input_ids=torch.tensor([third.ids])).logits[0]
    model[0].set_attn_implementation("sdpa")
    start = len(first.ids) + len(second.ids)
    assert torch.allclose(logits[0, start:], by_itself, atol=1e-4)
    assert torch.allclose(logits[1, : len(third.ids)], by_itself, atol=1e-4)


@pytest.mark.parametrize("weighting", ["sample", "token"])
def test_packed_loss_and_gradients_are_those_of_each_alone(model, tmp_path: Path, weighting: str) -> None:
    found = pieces()
    packed = trainer(model, tmp_path, rows_of(found, 50), weighting)
    batches = list(packed.get_train_dataloader())
    items = packed._get_num_items_in_batch(batches, torch.device("cpu"))
    model[0].zero_grad()
    loss = 0.0
    for batch in batches:  # as rows that are accumulated to one step
        part = packed.compute_loss(model[0], dict(batch), num_items_in_batch=items)
        part.backward()
        loss += part.item()
    packed_gradients = gradients(model)
    losses = [alone(model, piece) for piece in found]
    each = torch.stack([one.mean() for one in losses]) if weighting == "sample" else torch.cat(losses)
    each.mean().backward()
    assert loss == pytest.approx(each.mean().item(), abs=1e-4)
    for name, gradient in gradients(model).items():
        assert torch.allclose(gradient, packed_gradients[name], atol=2e-5), name


def test_a_long_conversation_weighs_as_much_as_a_short_one(model, tmp_path: Path) -> None:
    short, long = Piece([1, 2, 3], [IGNORE, 2, 3]), Piece(list(range(100)), [IGNORE, *range(1, 100)])
    packed = trainer(model, tmp_path, rows_of([short, long], 200))
    [batch] = packed.get_train_dataloader()
    loss = packed.compute_loss(model[0], dict(batch)).item()
    each = [alone(model, piece).mean().item() for piece in (short, long)]
    assert loss == pytest.approx(sum(each) / 2, abs=1e-4)
