"""What of a prompt is in the KV cache already. Pure bookkeeping: the engine does to llama.cpp what this says.

`PrefixCache.tokens` is the exact list of tokens whose keys and values are in the context, in order of position. A new
prompt keeps the longest common prefix; everything after it is removed and what is new is read. Nothing is ever shifted:
a shifted cache is not the cache of any text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


def common_prefix(a: Sequence[object], b: Sequence[object]) -> int:
    """Length of the longest common prefix, of tokens or of text."""
    # Slices, taken once: another thread may be cutting a list.
    a = a[: len(b)]
    b = b[: len(a)]
    # Drafts only grow, so almost always one list begins the other; comparing slices is done in C.
    if a == b:
        return len(a)
    return next((i for i, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


@dataclass
class PrefixCache:
    """The tokens in the KV cache."""

    tokens: list[int] = field(default_factory=list)

    def reusable(self, prompt: Sequence[int]) -> int:
        """How many tokens of `prompt` need not be read. The last token is always read again, since its logits, from
        which the first new token is sampled, are kept nowhere."""
        return min(common_prefix(self.tokens, prompt), max(len(prompt) - 1, 0))

    def added(self, tokens: Sequence[int]) -> None:
        """`tokens` were decoded after what was there."""
        self.tokens.extend(tokens)

    def cut(self, length: int) -> None:
        """Everything from position `length` on was removed."""
        del self.tokens[length:]
