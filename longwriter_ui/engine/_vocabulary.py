"""The vocabulary of a loaded model: from segments of a prompt to token ids, and from ids back to bytes."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Mapping
from typing import Any

from longwriter_ui.engine._llama import llama
from longwriter_ui.engine.templates import Segment, Template


class Vocabulary:
    """Wraps the vocabulary of a model; valid as long as the model is.

    Where a byte-pair vocabulary names no BOS or EOS, llama.cpp takes its token 11 for it, which is a comma or the
    like: here there is none (-1).
    """

    def __init__(self, model: Any, metadata: Mapping[str, object]) -> None:
        self.pointer = llama.llama_model_get_vocab(model)
        self.size: int = llama.llama_vocab_n_tokens(self.pointer)
        self.bos: int = llama.llama_vocab_bos(self.pointer)
        self.eos: int = llama.llama_vocab_eos(self.pointer)
        self._no_end = -1
        if metadata.get("tokenizer.ggml.model") == "gpt2":
            if "tokenizer.ggml.bos_token_id" not in metadata:
                self.bos = -1
            if "tokenizer.ggml.eos_token_id" not in metadata:
                self._no_end, self.eos = self.eos, -1
        self._adds_bos: bool = llama.llama_vocab_get_add_bos(self.pointer)
        self._pieces: dict[int, bytes] = {}
        self._parsed = self._always_parsed()

    def text(self, token: int) -> str:
        """The name of a token, such as "<|end_of_text|>"; empty for none."""
        if token < 0:
            return ""
        return llama.llama_vocab_get_text(self.pointer, token).decode("utf-8", "replace")

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; nothing for a control token."""
        piece = self._pieces.get(token)
        if piece is None:
            buffer = ctypes.create_string_buffer(64)
            length = llama.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, False)
            if length < 0:
                buffer = ctypes.create_string_buffer(-length)
                length = llama.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, False)
            piece = self._pieces[token] = buffer.raw[: max(length, 0)]
        return piece

    def text_of(self, token: int) -> str:
        """What a token stands for, as far as that is whole characters."""
        return self.piece(token).decode("utf-8", "replace")

    def ends(self, stops: Iterable[str]) -> frozenset[int]:
        """The tokens that end an answer: those that the model file names, and stops that are single tokens."""
        ends = {i for i in range(self.size) if llama.llama_vocab_is_eog(self.pointer, i)} - {self._no_end}
        for stop in stops:
            ids = self.tokenise(stop, special=True)
            if len(ids) == 1:
                ends.add(ids[0])
        return frozenset(ends)

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; `special`: names of special tokens in it become those tokens. BOS is never added."""
        data = text.encode("utf-8", "replace")
        ids = (llama.llama_token * (len(data) + 2))()
        count = llama.llama_tokenize(self.pointer, data, len(data), ids, len(ids), False, special)
        if count < 0:
            ids = (llama.llama_token * -count)()
            count = llama.llama_tokenize(self.pointer, data, len(data), ids, len(ids), False, special)
        return ids[: max(count, 0)]

    def prompt(self, template: Template, segments: Iterable[Segment]) -> list[int]:
        """Ids of a prompt, with BOS exactly where the template wants it."""
        ids = self.encode(segments)
        begins = template.bos if template.bos is not None else self._adds_bos and ids[:1] != [self.bos]
        return [self.bos, *ids] if begins and self.bos >= 0 else ids

    def encode(self, segments: Iterable[Segment]) -> list[int]:
        """Ids of segments: contents never become special tokens, given ids stay as they are."""
        result: list[int] = []
        group: list[Segment] = []
        for segment in segments:
            if group and (segment.tokens or not segment.joined):
                result += self._group(group)
                group = []
            if segment.tokens:
                result += segment.tokens
            else:
                group.append(segment)
        return result + self._group(group)

    def _group(self, group: list[Segment]) -> list[int]:
        """Ids of segments that belong together: one text, except where a marker is a token of its own."""
        if len(group) == 1 and group[0].marker:
            return self.tokenise(group[0].text, special=True)
        result: list[int] = []
        text = ""
        for segment in group:
            if not segment.marker:
                *closed, last = self._disarmed(segment.text)
                for piece in closed:
                    result += self.tokenise(text + piece)
                    text = ""
                text += last
                continue
            alone = self.tokenise(segment.text, special=True)
            if len(alone) == 1:
                result += [*self.tokenise(text), *alone]
                text = ""
            else:
                text += segment.text
        return result + self.tokenise(text)

    def _disarmed(self, text: str) -> list[str]:
        """The text in pieces none of which holds the whole name of a token that is parsed even where special tokens
        are off."""
        pieces: list[str] = []
        start = 0
        while self._parsed and (match := self._parsed.search(text, start)):
            pieces.append(text[start : match.start() + 1])
            start = match.start() + 1
        return [*pieces, text[start:]]

    def _always_parsed(self) -> re.Pattern[str] | None:
        """Matches the user-defined tokens, which llama.cpp parses in any text. Runs of blanks are ordinary text."""
        attribute = llama.llama_vocab_get_attr
        names = [
            self.text(i) for i in range(self.size) if attribute(self.pointer, i) & llama.LLAMA_TOKEN_ATTR_USER_DEFINED
        ]
        names = sorted((n for n in names if len(n) > 1 and not n.isspace()), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, names))) if names else None
