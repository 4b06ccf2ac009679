"""Conversations as token ids and labels, in the form that the engine of the application prompts with.

    BOS [<<SYS>> system] then for each turn [INST]user[/INST]answer, with no spaces; EOS once, after the last answer

A label stands at the place of the token it is to be predicted for (the trainers shift by one). Only answers are
labelled, and after each comes the end of text: after the last one as a token, after earlier ones as the label of the
first token of the next turn. So the end is learnt everywhere, and never seen between turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from longwriter_ui.engine.base import assistant, user
from longwriter_ui.engine.templates import LONGWRITER, Segment, get_template

from .chats import Chat, Pair

IGNORE = -100
_TEMPLATE = get_template(LONGWRITER, {})


@dataclass(frozen=True)
class Piece:
    """One conversation; both lists are of one length."""

    ids: list[int]
    labels: list[int]

    @property
    def targets(self) -> int:
        """How many places are learnt from; that of BOS never is."""
        return sum(label != IGNORE for label in self.labels[1:])


class Encoder:
    """Encodes for one vocabulary. What people and models wrote never becomes a special token."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        self._plain = tokenizer.backend_tokenizer
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        if bos is None or eos is None:
            raise ValueError("The tokenizer names no BOS or no EOS token, and this form needs both.")
        self.bos, self.eos = int(bos), int(eos)

    @cached_property
    def _markers(self) -> dict[str, int]:
        """The template's markers that are single tokens here; elsewhere they are ordinary text."""
        found = {text: self._plain.encode(text, add_special_tokens=False).ids for text in ("[INST]", "[/INST]")}
        return {text: ids[0] for text, ids in found.items() if len(ids) == 1}

    def _text(self, text: str) -> list[int]:
        self._plain.encode_special_tokens = True  # their names in a text are text
        try:
            return self._plain.encode(text, add_special_tokens=False).ids
        finally:
            self._plain.encode_special_tokens = False

    def _segments(self, segments: Sequence[Segment]) -> list[int]:
        """Ids of segments as one text, except where a marker is a token of its own."""
        ids: list[int] = []
        text = ""
        for segment in segments:
            marker = self._markers.get(segment.text) if segment.marker else None
            if marker is None:
                text += segment.text
            else:
                ids += [*self._text(text), marker] if text else [marker]
                text = ""
        return ids + self._text(text) if text else ids

    def turn(self, role: str, content: str) -> list[int]:
        """Ids of one turn with its markers."""
        if role == "system":
            return self._text(f"<<SYS>>\n{content}\n<</SYS>>\n\n")
        return self._segments(_TEMPLATE.render(((user if role == "user" else assistant)(content),)))

    def prompt(self, chat: Chat) -> list[int]:
        """A conversation that an answer is to follow."""
        return [self.bos, *(token for turn in chat for token in self.turn(turn["role"], turn["content"]))]

    def chat(self, chat: Chat) -> Piece:
        """A whole conversation, which ends with an answer."""
        ids, labels, ended = [self.bos], [IGNORE], False
        for turn in chat:
            new = self.turn(turn["role"], turn["content"])
            ids += new
            if turn["role"] == "assistant":
                labels += new
                ended = True
            else:
                labels += [self.eos if ended else IGNORE, *[IGNORE] * (len(new) - 1)]
                ended = False
        return Piece([*ids, self.eos], [*labels, self.eos])

    def pair(self, pair: Pair) -> dict[str, list[int]]:
        """What the preference trainer takes; both answers end with the end of text."""
        chosen, rejected = (self.turn("assistant", text) for text in (pair.chosen, pair.rejected))
        return {
            "prompt_ids": self.prompt(pair.prompt),
            "chosen_ids": [*chosen, self.eos],
            "rejected_ids": [*rejected, self.eos],
        }
