"""Free sampling from a GGUF with llama.cpp, in the model's own format; no grammar and no length control."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from llama_cpp import Llama

TEMPERATURE, TOP_P, TOP_K = 0.5, 0.8, 50


@dataclass(frozen=True)
class Answer:
    """What the model said; `ended` if it ended by itself, `valid` if its bytes are UTF-8."""

    text: str
    ended: bool
    valid: bool
    tokens: int
    seconds: float


class Model:
    """A loaded model. A conversation is a list of token ids that `ask` appends to."""

    def __init__(self, path: Path, context: int = 8192, threads: int = 2) -> None:
        self._llama = Llama(str(path), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False)
        self._context = context
        self._open, self._close = (self._ids(text) for text in ("[INST]", "[/INST]"))

    @property
    def metadata(self) -> dict[str, str]:
        """The keys of the file."""
        return self._llama.metadata

    def _ids(self, text: str) -> list[int]:
        return self._llama.tokenize(text.encode(), add_bos=False, special=False)

    def start(self) -> list[int]:
        """An empty conversation."""
        return [self._llama.token_bos()]

    def ask(self, conversation: list[int], user: str, most: int, seed: int) -> Answer:
        """Add a user's turn and the answer, of at most `most` tokens, to the conversation."""
        conversation += [*self._open, *self._ids(user), *self._close]
        self._llama.set_seed(seed)
        stream = self._llama.generate(
            list(conversation), top_k=TOP_K, top_p=TOP_P, min_p=0.0, temp=TEMPERATURE, repeat_penalty=1.0
        )
        said: list[int] = []
        ended, began = False, 0.0
        most = min(most, self._context - len(conversation) - 1)
        for token in stream if most > 0 else ():
            began = began or perf_counter()
            if token == self._llama.token_eos():
                ended = True
                break
            said.append(token)
            if len(said) >= most:
                break
        seconds = perf_counter() - began
        conversation += said
        data = b"".join(self._llama.detokenize([token], special=True) for token in said)
        text = data.decode("utf-8", "replace")
        return Answer(text, ended, "\ufffd" not in text, len(said), seconds)
