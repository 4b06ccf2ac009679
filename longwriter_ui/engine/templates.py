"""Chat templates: how a conversation becomes the text a model was trained on.

A template turns a conversation into segments. Markers are the template's own; contents are what the person or the
model wrote, and are tokenised with special tokens off, so that nothing in them can end a turn or begin one. The
template is selected explicitly, by name; only `guess_template` guesses, from the metadata of the file.

    longwriter-llama3   BOS, then [INST]{user}[/INST]{assistant} for each turn, with no spaces and no end-of-text
                        between turns (the form LongWriter-llama3.1-8b was trained on)
    glm4                [gMASK]<sop>, then <|user|>\\n{user}<|assistant|>\\n{assistant} (LongWriter-glm4-9b)
    gguf                the Jinja template in the GGUF file itself
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from longwriter_ui.engine.base import Conversation, Part, Role, Turn
from longwriter_ui.errors import EngineError

LONGWRITER, GLM4, GGUF = "longwriter-llama3", "glm4", "gguf"
NAMES = (LONGWRITER, GLM4, GGUF)
_ANOTHER = f"Choose another template for it under Models, or with `models test --template`: {LONGWRITER} or {GLM4}."


@dataclass(frozen=True)
class Segment:
    """A piece of the prompt. `marker`: the template's own text, in which special tokens count. `tokens`: ids to use
    as they are. `joined`: tokenised together with the segment before it, as if they were one text."""

    text: str
    marker: bool = False
    tokens: tuple[int, ...] = ()
    joined: bool = False


@dataclass(frozen=True)
class Template:
    """A named template. `bos`: the prompt begins with one BOS (None: when the vocabulary says so). Writing stops
    where one of `stops` appears, as a special token or as text."""

    name: str
    render: Callable[[Conversation], list[Segment]]
    stops: tuple[str, ...] = ()
    bos: bool | None = None


def guess_template(metadata: Mapping[str, object]) -> str:
    """The name of the template for a GGUF with this metadata."""
    chosen = metadata.get("longwriter.template")
    if chosen in NAMES:
        return str(chosen)
    architecture = metadata.get("general.architecture")
    if "longwriter" in str(metadata.get("general.name", "")).lower():
        if architecture == "llama":
            return LONGWRITER
        if architecture in ("chatglm", "glm4"):
            return GLM4
    return GGUF if metadata.get("tokenizer.chat_template") else LONGWRITER


def get_template(name: str, metadata: Mapping[str, object], bos: str = "", eos: str = "") -> Template:
    """The template `name`; for `gguf` the one in `metadata`, with the texts of its BOS and EOS tokens."""
    if name == LONGWRITER:
        return Template(name, _longwriter, stops=("[INST]",), bos=True)
    if name == GLM4:
        return Template(name, _glm4, stops=("<|endoftext|>", "<|user|>", "<|observation|>"), bos=False)
    if name == GGUF:
        source = metadata.get("tokenizer.chat_template")
        if not isinstance(source, str) or not source:
            raise EngineError("This model file has no chat template of its own.", _ANOTHER)
        return Template(name, _jinja(source, bos, eos))
    raise EngineError(f"There is no template named {name!r}.", f"Choose one of: {', '.join(NAMES)}.")


# longwriter-llama3 ------------------------------------------------------------------------------------------------

_MARKERS = re.compile(r"\[(/?INST)\]|<<(/?SYS)>>")


def _neutral(text: str) -> str:
    """The text with the markers of longwriter-llama3 taken apart: they are ordinary text in its vocabulary, so
    tokenising them without special tokens does not disarm them."""
    return _MARKERS.sub(lambda m: f"[ {m[1]} ]" if m[1] else f"<< {m[2]} >>", text)


def _longwriter(conversation: Conversation) -> list[Segment]:
    segments: list[Segment] = []
    for turn in conversation:
        contents = [Segment(_neutral(p.text), tokens=p.tokens, joined=True) for p in _contents(turn)]
        if _MARKERS.search("".join(s.text for s in contents)):
            # A marker made of the end of one part and the beginning of the next: the ids do not matter any more.
            contents = [Segment(_neutral(turn.text), joined=True)]
        if turn.role is Role.USER:
            # In training a user's turn was tokenised with its markers as one text (".[" is one token), an
            # assistant's by itself.
            segments += [Segment("[INST]", marker=True), *contents, Segment("[/INST]", marker=True, joined=True)]
        else:
            segments += [Segment(s.text, tokens=s.tokens) for s in contents]
    return segments


# glm4 -------------------------------------------------------------------------------------------------------------


def _glm4(conversation: Conversation) -> list[Segment]:
    segments = [Segment("[gMASK]<sop>", marker=True)]
    for turn in conversation:
        segments.append(Segment(f"<|{turn.role.value}|>\n", marker=True))
        segments += [Segment(p.text, tokens=p.tokens) for p in _contents(turn)]
    if conversation and conversation[-1].role is Role.USER:
        segments.append(Segment("<|assistant|>\n", marker=True))
    return segments


# gguf -------------------------------------------------------------------------------------------------------------


def _jinja(source: str, bos: str, eos: str) -> Callable[[Conversation], list[Segment]]:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = refuse
    try:
        template = environment.from_string(source)
    except jinja2.TemplateError as error:
        raise _unusable(error) from error

    def render(conversation: Conversation) -> list[Segment]:
        # Contents are rendered as unguessable letters and put in afterwards: what a person writes is never part of
        # the text in which special tokens count, and the template cannot act on it.
        mark = secrets.token_hex(8)
        names = [f"content{mark}n{i}end" for i in range(len(conversation))]
        messages = [{"role": t.role.value, "content": n} for t, n in zip(conversation, names, strict=True)]
        answering = conversation[-1].role is Role.USER
        try:
            text = template.render(
                messages=messages,
                add_generation_prompt=answering,
                bos_token=bos,
                eos_token=eos,
                enable_thinking=False,  # what a model thinks aloud is no part of the piece
            )
        except (jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise _unusable(error) from error
        if any(name not in text for name in names):
            raise _unusable("it leaves out a part of the conversation")
        if not answering:
            text = text[: text.rindex(names[-1]) + len(names[-1])]
        segments: list[Segment] = []
        for i, piece in enumerate(re.split(f"content{mark}n(\\d+)end", text)):
            if i % 2:
                segments += [Segment(p.text, tokens=p.tokens) for p in _contents(conversation[int(piece)])]
            elif piece:
                segments.append(Segment(piece, marker=True))
        return segments

    return render


def _unusable(reason: object) -> EngineError:
    return EngineError(f"The chat template in this model file cannot be used: {reason}.", _ANOTHER)


def _contents(turn: Turn) -> Iterator[Part]:
    """The parts of a turn that hold something, with neighbours that have no ids made one."""
    text = ""
    for part in turn.parts:
        if not part.tokens:
            text += part.text
            continue
        if text:
            yield Part(text)
            text = ""
        yield part
    if text:
        yield Part(text)
