"""Runs of a few steps on the tiny model: what they leave, how they go on, and the same logits in llama.cpp."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs training/requirements.txt (torch)")
pytest.importorskip("trl", reason="needs training/requirements.txt (trl)")
pytest.importorskip("peft", reason="needs training/requirements.txt (peft)")

from safetensors.torch import load_file  # noqa: E402

from longwriter_ui.engine.adapter import Adapter  # noqa: E402
from longwriter_ui.engine.base import user  # noqa: E402
from tests.engine.answers import logits_after  # noqa: E402
from tests.tiny_gguf import write_tiny_gguf  # noqa: E402
from training import dpo, sft, to_gguf  # noqa: E402
from training.chats import DataError  # noqa: E402
from training.encoding import Encoder  # noqa: E402
from training.from_gguf import halved, load_base, paired  # noqa: E402

ASKED = "Write about the harbour, part {}."
TOLD = "The harbour wakes. Fishermen mend their nets, part {}. 老城沿着河。"


@pytest.fixture
def data(tmp_path: Path) -> str:
    lines = [
        {
            "messages": [
                {"role": "user", "content": ASKED.format(n)},
                {"role": "assistant", "content": TOLD.format(n) * (n + 1)},
            ]
        }
        for n in range(6)
    ]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(tmp_path / "train.jsonl")


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    lines = [
        {
            "prompt": [{"role": "user", "content": ASKED.format(n)}],
            "chosen": [{"role": "assistant", "content": TOLD.format(n)}],
            "rejected": [{"role": "assistant", "content": "harbour harbour"}],
        }
        for n in range(6)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(tmp_path / "pairs.jsonl")


def few(data: str, base: Path, **changes: Any) -> dict[str, Any]:
    """Four short steps."""
    settings = {"rate": 1e-2, "length": 512, "batch": 2, "steps": 4, "save_every": 2, "threads": 1}
    return {"data": data, "base": str(base), **settings, **changes}


def weights(out: Path) -> dict[str, torch.Tensor]:
    [file] = [*(out / "model").glob("*.safetensors"), *(out / "adapter").glob("*.safetensors")]
    return load_file(file)


def test_tuning_the_whole_model_lowers_its_loss_and_leaves_a_card(tiny_gguf: Path, data: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    facts = sft.run(sft.Sft(**few(data, tiny_gguf, steps=6)), out)
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    losses = [loss for _, loss in card["curves"]["loss"]]
    assert losses[-1] < losses[0] - 0.5
    assert len(card["data_sha256"]) == 64 and card["settings"]["rate"] == 1e-2
    assert card["data"] == {"conversations": 6, "kept": 6} and card["lengths"]["0 to 499"] == "6 -> 6"
    assert (out / "curves.png").read_bytes()[:4] == b"\x89PNG" and "![Curves]" in (out / "card.md").read_text()
    assert facts["check"]["same_best_token"] > 0.9  # the file is in half precision
    again, _ = load_base(str(out / "model.gguf"))
    saved, _ = load_base(str(out / "model"))
    for name, weight in saved.state_dict().items():
        assert torch.allclose(weight, again.state_dict()[name], rtol=1e-3, atol=1e-3), name


@pytest.mark.parametrize("kind", ["whole", "lora", "pairs"])
def test_a_run_that_goes_on_is_as_good_as_one_that_was_not_interrupted(
    tiny_gguf: Path, data: str, pairs: str, tmp_path: Path, kind: str
) -> None:
    rank = 4 if kind == "lora" else 0
    module, settings = (
        (dpo, dpo.Dpo(**few(pairs, tiny_gguf)))
        if kind == "pairs"
        else (sft, sft.Sft(**few(data, tiny_gguf, rank=rank)))
    )
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    module.run(settings, whole)
    broken.mkdir()
    shutil.copy(whole / "run.json", broken)
    shutil.copytree(whole / "checkpoint-2", broken / "checkpoint-2")
    before = (broken / "checkpoint-2" / "trainer_state.json").stat().st_mtime_ns
    module.run(settings, broken)
    # From the beginning it would have been written anew.
    assert (broken / "checkpoint-2" / "trainer_state.json").stat().st_mtime_ns == before
    assert (broken / "checkpoint-4").is_dir()
    first, second = weights(whole), weights(broken)
    assert first.keys() == second.keys()
    assert max((first[name] - second[name]).abs().max().item() for name in first) < 1e-5


def test_a_folder_is_for_one_run(tiny_gguf: Path, data: str, tmp_path: Path) -> None:
    settings = few(data, tiny_gguf, steps=1)
    sft.run(sft.Sft(**settings), tmp_path / "out")
    with pytest.raises(DataError, match="other settings or other data"):
        sft.run(sft.Sft(**{**settings, "rate": 1e-3}), tmp_path / "out")
    with Path(data).open("a", encoding="utf-8") as file:
        file.write("{}\n")
    with pytest.raises(DataError, match="other settings or other data"):
        sft.run(sft.Sft(**settings), tmp_path / "out")


@pytest.mark.parametrize("kv_heads", [4, 2])
def test_an_adapter_computes_the_same_in_the_engine_and_in_pytorch(
    data: str, tmp_path: Path, load: Any, kv_heads: int
) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", heads=4, kv_heads=kv_heads)
    out = tmp_path / "out"
    facts = sft.run(sft.Sft(**few(data, base, rank=4, steps=6)), out)
    assert facts["check"]["largest_logit_difference"] < 1e-2
    tuned, tokenizer = load_base(str(out / "adapter"))
    prompt = Encoder(tokenizer).prompt([{"role": "user", "content": ASKED.format(9)}])
    with torch.no_grad():
        ours = tuned(input_ids=torch.tensor([prompt])).logits[0, -1].numpy()
    conversation = (user(ASKED.format(9)),)
    theirs = logits_after(load(base, adapter=Adapter(out / "adapter.gguf")), conversation)
    plain = logits_after(load(base), conversation)
    assert abs(theirs - ours).max() < 1e-2
    assert abs(theirs - plain).max() > 0.2


def test_an_adapter_is_merged_into_one_file(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", heads=4, kv_heads=2)
    sft.run(sft.Sft(**few(data, base, rank=4, steps=2)), tmp_path / "out")
    merged = tmp_path / "merged.gguf"
    arguments = ["to_gguf", str(tmp_path / "out" / "adapter"), "--like", str(base), "--out", str(merged)]
    monkeypatch.setattr("sys.argv", [*arguments, "--kind", "F32"])
    to_gguf.main()
    tuned, _ = load_base(str(tmp_path / "out" / "adapter"))
    assert to_gguf.difference(tuned, [list(range(60))], merged)["largest_logit_difference"] < 1e-3


def test_an_adapter_on_top_of_an_adapter_is_written_as_one(data: str, pairs: str, tmp_path: Path, load: Any) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", heads=4, kv_heads=2)
    sft.run(sft.Sft(**few(data, base, rank=4, steps=3)), tmp_path / "first")
    below = tmp_path / "first" / "adapter"
    facts = dpo.run(dpo.Dpo(**few(pairs, below, rank=2, steps=3)), tmp_path / "second")
    assert facts["check"]["largest_logit_difference"] < 1e-2
    conversation = (user(ASKED.format(9)),)
    both, one = (
        logits_after(load(base, adapter=Adapter(folder / "adapter.gguf")), conversation)
        for folder in (tmp_path / "second", tmp_path / "first")
    )
    assert abs(both - one).max() > 0.01


def test_preferences_move_the_model_towards_the_chosen_answers(tiny_gguf: Path, pairs: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dpo.run(dpo.Dpo(**few(pairs, tiny_gguf, steps=6, rate=1e-3)), out)
    curves = json.loads((out / "card.json").read_text(encoding="utf-8"))["curves"]
    assert curves["loss"][0][1] == pytest.approx(0.6931, abs=1e-3)  # the model is its own reference to begin with
    assert curves["rewards/margins"][0][1] == pytest.approx(0.0, abs=1e-4)
    assert curves["rewards/margins"][-1][1] > 0.5


def test_a_hugging_face_folder_is_a_base_too(tiny_gguf: Path, data: str, tmp_path: Path) -> None:
    model, tokenizer = load_base(str(tiny_gguf))
    model.save_pretrained(tmp_path / "hf")
    tokenizer.save_pretrained(tmp_path / "hf")
    facts = sft.run(sft.Sft(**few(data, tmp_path / "hf", rank=4, steps=2)), tmp_path / "out", like=tiny_gguf)
    assert facts["check"]["largest_logit_difference"] < 1e-2


def test_general_chats_are_mixed_in_and_told(tiny_gguf: Path, data: str, tmp_path: Path) -> None:
    general = tmp_path / "general.jsonl"
    turns = [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Good day to you."}]
    general.write_text((json.dumps({"conversations": turns}) + "\n") * 40, encoding="utf-8")
    settings = sft.Sft(**few(data, tiny_gguf), general=str(general), ratio=3.0, least_words=20)
    pieces, told = sft.load_data(settings, Encoder(load_base(str(tiny_gguf))[1]))
    kept = told["data"]["kept"]
    assert told["data"]["fewer than 20 words"] == 6 - kept > 0
    assert told["general"] == {"conversations": 40, "drawn": 3 * kept, "wanted": 3 * kept}
    assert len(pieces) == 4 * kept
    assert told["lengths"]["0 to 499"] == f"6 -> {kept}"


@pytest.mark.parametrize("module", [sft, dpo])
def test_a_mistake_on_the_command_line_is_told(
    module: Any, tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tmp_path / "none.jsonl"), "--base", str(tiny_gguf), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["tune", *arguments])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 1
    assert "error: There is no file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_no_plain_llama_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be tuned from its GGUF"):
        load_base(str(write_tiny_gguf(tmp_path / "other.gguf", architecture="glm4")))
    with pytest.raises(DataError, match="There is no file"):
        load_base(str(tmp_path / "none.gguf"))


def test_rows_of_heads_come_back_in_their_order() -> None:
    rows = torch.arange(48.0).reshape(16, 3).numpy()
    assert (halved(paired(rows, 2), 2) == rows).all()
    assert paired(rows, 2)[:4, 0].tolist() == [0.0, 12.0, 3.0, 15.0]
