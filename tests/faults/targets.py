"""What is fuzzed: each target takes any bytes and must come back, having raised nothing that it does not promise to."""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from longwriter_ui import project
from longwriter_ui.brief import Brief
from longwriter_ui.draft import Author, Draft, Paragraph, Status, Version
from longwriter_ui.edits import apply_edit
from longwriter_ui.engine.header import check_usable, read_header
from longwriter_ui.engine.templates import guess_template
from longwriter_ui.errors import ImportRefused, LongWriterError, ModelFileError
from longwriter_ui.export.cleaning import clean
from longwriter_ui.export.literal import literal
from longwriter_ui.models import shape_of
from longwriter_ui.past import Past
from longwriter_ui.plan import Step
from longwriter_ui.ui import present


@dataclass(frozen=True)
class Target:
    """`seeds` are good inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


_FOLDER = tempfile.TemporaryDirectory()  # until the process ends
_PLACE = Path(_FOLDER.name) / "model.gguf"


def read_gguf(data: bytes) -> None:
    """A model file: a ModelFileError, or a header of which everything can be asked."""
    _PLACE.write_bytes(data)
    try:
        header = read_header(_PLACE)
        check_usable(header, _PLACE)
        shape_of(header)
        assert header.size <= len(data)
        assert len(header.layers) >= 1 and header.repacked >= 0 and isinstance(header.demonstration, bool)
        guess_template(header.metadata)
    except ModelFileError as error:
        assert error.message and error.hint


def read_project(data: bytes) -> None:
    """A project file: ImportRefused, or a project that is the same after it was written and read once more."""
    try:
        first = project.load(data)
    except ImportRefused as error:
        assert error.message
        return
    again = project.load(project.dump(first))
    assert _values(first) == _values(again)


def clean_text(data: bytes) -> None:
    """Texts of a draft as their cards are cleaned for an export: letters may go, but none is added or changes places;
    and Markdown takes what comes of it."""
    title, *cards = data.decode("utf-8", "replace").split("\x00")
    cleaned = clean(cards, title)
    assert len(cleaned) == len(cards)
    for before, after in zip(cards, cleaned, strict=True):
        letters = iter(before)
        assert all(letter in letters for letter in after if letter.isalnum()), "letters that were not there"
        literal(after)


def use_board(data: bytes) -> None:
    """Operations on a draft: refused with words, or a draft that can be shown, with every card once."""
    draft = _DRAFT
    for op in _ops(data):
        try:
            draft = apply_edit(draft, op)
        except LongWriterError as error:
            assert error.message
            continue
        keys = [p.key for p in draft.paragraphs]
        assert len(set(keys)) == len(keys)
        assert all(p.version is not None for p in draft.paragraphs if p.status is Status.WRITTEN)
        marks = draft.stale_marks()
        json.dumps([present.head(draft), present.totals(draft)]).encode()
        json.dumps([present.card(draft, p, marks[i]) for i, p in enumerate(draft.paragraphs)]).encode()


def _values(value: project.Project) -> Any:
    """A project as JSON values; keys are made anew each time."""
    return json.loads(project.dump(value))


_OLD = Version("One went out. Two came in.\n\nThree stayed; four left.", Author.MODEL, prompt="p", tokens=(1, 2, 3))
_DRAFT = Draft(
    "id",
    "Title",
    Brief("Write a guide.", 600, "en"),
    paragraphs=(
        Paragraph(
            Step("Point 1; and more", 100), "k1", Status.WRITTEN, _OLD, 1, offered=(_OLD, replace(_OLD, text="x"))
        ),
        Paragraph(Step("Point 2", None, True, "a note", "a cue"), "k2"),
        Paragraph(Step("", 1), "k3", Status.FAILED, None, 0, "It broke off."),
        Paragraph(Step("Point 4", 20_000), "k4", Status.WRITING, replace(_OLD, text="")),
    ),
    proposal="1. Another (300 words)\n2. And another",
)
_NAMES = (
    "edit_step", "insert_step", "delete_step", "move_step", "split_step", "merge_step", "rebalance", "set_plan",
    "accept_plan", "discard_plan", "edit_text", "keep", "choose", "dismiss", "replace_text", "set_title", "set_mode",
    "set_manner",
)  # fmt: skip
_FIELDS = (
    "key", "main_point", "words", "locked", "note", "cue", "after", "to", "text", "was", "number", "find", "nth",
    "case", "title", "mode", "values",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, 20_000, 10**30, 0.5, float("nan"), "", " ", "k1", "k2", "k3", "k4", "12",
    "Point 1", "One went", "a. b. c.", "第1段：开篇", "１２", "²", "\ud800", "\x00", "\r\n\r\n", "x" * 5000,
    "1. One (9 words)\n2. Two", "oneshot", [], {}, {"temperature": 0.7},
    {"temperature": float("nan"), "guard": 1, "length": "off"}, {"temperature": None},
)  # fmt: skip


def _ops(data: bytes) -> Iterator[dict[str, Any]]:
    """Operations spelled by the bytes: how many fields, which operation, and a field and a value for each."""
    at = 0
    while at + 1 < len(data):
        count, op = data[at] % 5, {"do": _NAMES[data[at + 1] % len(_NAMES)]}
        at += 2
        for _ in range(count):
            if at + 1 >= len(data):
                break
            value = _VALUES[data[at + 1] % len(_VALUES)]
            if data[at] >= 240:  # any text at all
                value = data[at + 1 : at + 9].decode("latin-1")
            op[_FIELDS[data[at] % len(_FIELDS)]] = value
            at += 2
        yield op


def _spelled(*ops: dict[str, Any]) -> bytes:
    """The bytes that spell these operations."""
    result = bytearray()
    for op in ops:
        fields = [(name, value) for name, value in op.items() if name != "do"]
        result += bytes([len(fields), _NAMES.index(op["do"])])
        for name, value in fields:
            result += bytes([_FIELDS.index(name), next(i for i, v in enumerate(_VALUES) if v == value)])
    return bytes(result)


def _gguf() -> bytes:
    """A small model file: a header with every kind of value, and two tensors."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def texts(*values: str) -> bytes:
        return struct.pack("<IQ", 8, len(values)) + b"".join(map(text, values))

    values = [
        ("general.architecture", 8, text("llama")),
        ("general.name", 8, text("Tiny")),
        ("general.alignment", 4, struct.pack("<I", 32)),
        ("llama.block_count", 4, struct.pack("<I", 1)),
        ("llama.context_length", 10, struct.pack("<Q", 4096)),
        ("llama.embedding_length", 4, struct.pack("<I", 64)),
        ("llama.attention.head_count", 9, struct.pack("<IQI", 4, 1, 2)),
        ("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        ("tokenizer.ggml.model", 8, text("gpt2")),
        ("tokenizer.ggml.tokens", 9, texts("a", "b", "<|end|>")),
        ("tokenizer.ggml.add_bos_token", 7, b"\x01"),
        ("tokenizer.chat_template", 8, text("{{ messages }}[INST]")),
    ]
    tensors = [("token_embd.weight", (64, 3), 0, 0), ("blk.0.attn_q.weight", (64, 32), 2, 768)]
    data = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    data += b"".join(text(key) + struct.pack("<I", kind) + value for key, kind, value in values)
    for name, shape, kind, offset in tensors:
        data += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    return data + bytes(-len(data) % 32 + 768 + 64 * 32 // 32 * 18)


_CARDS = (
    "Title\x00Sure! Here is the first paragraph:\n\n**Paragraph 1: Trams**\n\n## Trams\n\nTrams climb.\n\n(300 words)",
    "The hills\x00# The hills\n\nThe hills\n---\n\nSeven of them.\x00```markdown\n## The hills\n\nText.\n```",
    "标题\x00第1段 - 主要观点：开篇 - 字数：300字\n\n以下是第一段：\n\n正文。\n\n希望这段对您有帮助。",
    "标题\x00**小标题**\n\n未完待续\x00Would you like me to continue?",
)

TARGETS = {
    "gguf": Target(read_gguf, (_gguf(),)),
    "project": Target(
        read_project,
        (
            project.dump(
                project.Project(
                    replace(_DRAFT, paragraphs=_DRAFT.paragraphs[:3]),
                    {"k1": (Past(_OLD, "2026-01-02T03:04:05.678+00:00"),)},
                    (Paragraph(Step("Gone", 5), "k9"),),
                    {"author": "Ann"},
                )
            ),
        ),
    ),
    "cleaner": Target(clean_text, tuple(text.encode() for text in _CARDS)),
    "board": Target(
        use_board,
        (
            _spelled({"do": "edit_text", "key": "k1", "text": "a. b. c."}, {"do": "split_step", "key": "k1"}),
            _spelled({"do": "merge_step", "key": "k1"}, {"do": "choose", "key": "k1", "number": 2}),
            _spelled({"do": "insert_step", "after": "k2", "main_point": "Point 1", "words": 3}, {"do": "rebalance"}),
            _spelled({"do": "edit_step", "key": "k2", "words": "12", "note": "第1段：开篇", "locked": True}),
            _spelled({"do": "replace_text", "find": "One went", "text": "", "case": True}, {"do": "keep", "key": "k1"}),
            _spelled(
                {"do": "move_step", "key": "k3", "to": 0}, {"do": "delete_step", "key": "k1"}, {"do": "accept_plan"}
            ),
            _spelled({"do": "set_manner", "values": {"temperature": 0.7}}, {"do": "set_mode", "mode": "oneshot"}),
        ),
    ),
}
