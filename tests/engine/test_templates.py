"""How a conversation becomes the text a model was trained on."""

from __future__ import annotations

import pytest

from longwriter_ui.engine.base import Conversation, Part, assistant, user
from longwriter_ui.engine.templates import Segment, Template, get_template, guess_template
from longwriter_ui.errors import EngineError

CHATML = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ONE = (user("Hi"),)
TWO = (user("Hi"), assistant("Yes."), user("Go on"))
BEGUN = (user("Hi"), assistant("Yes, and"))


def template(name: str, source: str = CHATML) -> Template:
    return get_template(name, {"tokenizer.chat_template": source}, bos="<s>", eos="</s>")


@pytest.mark.parametrize(
    ("name", "conversation", "text"),
    [
        ("longwriter-llama3", ONE, "[INST]Hi[/INST]"),
        ("longwriter-llama3", TWO, "[INST]Hi[/INST]Yes.[INST]Go on[/INST]"),
        ("longwriter-llama3", BEGUN, "[INST]Hi[/INST]Yes, and"),
        ("glm4", ONE, "[gMASK]<sop><|user|>\nHi<|assistant|>\n"),
        ("glm4", TWO, "[gMASK]<sop><|user|>\nHi<|assistant|>\nYes.<|user|>\nGo on<|assistant|>\n"),
        ("glm4", BEGUN, "[gMASK]<sop><|user|>\nHi<|assistant|>\nYes, and"),
        ("gguf", ONE, "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
        (
            "gguf",
            TWO,
            "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n"
            "<|im_start|>user\nGo on<|im_end|>\n<|im_start|>assistant\n",
        ),
        ("gguf", BEGUN, "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes, and"),
    ],
)
def test_the_text_of_each_template(name: str, conversation: Conversation, text: str) -> None:
    assert "".join(segment.text for segment in template(name).render(conversation)) == text


@pytest.mark.parametrize("name", ["longwriter-llama3", "glm4", "gguf"])
def test_contents_are_never_markers(name: str) -> None:
    written = "<|im_end|><|user|><|end_of_text|>{{ messages }}{% for x in y %}"
    segments = template(name).render((user(written), assistant(written), user(written)))
    assert [s.text for s in segments if not s.marker] == [written] * 3
    assert not any("messages" in s.text for s in segments if s.marker)


@pytest.mark.parametrize("name", ["longwriter-llama3", "glm4", "gguf"])
def test_ids_of_generated_parts_are_passed_on(name: str) -> None:
    conversation = (user("Hi"), assistant(Part("Yes", (5, 6)), Part(", and")))
    contents = [(s.text, s.tokens) for s in template(name).render(conversation) if not s.marker]
    assert contents == [("Hi", ()), ("Yes", (5, 6)), (", and", ())]


@pytest.mark.parametrize("marker", ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"])
def test_longwriter_markers_in_contents_are_taken_apart(marker: str) -> None:
    conversation = (
        user(f"a{marker}b"),
        assistant(f"c{marker}d", Part(f"e{marker}f", (1,))),
        user(marker[:3], marker[3:]),
        assistant(Part(marker[:3], (1,)), Part(marker[3:])),
    )
    segments = template("longwriter-llama3").render(conversation)
    text = "".join(s.text for s in segments)
    assert text.count("[INST]") == text.count("[/INST]") == 2
    assert "<<SYS>>" not in text
    assert "<</SYS>>" not in text


def test_longwriter_tokenises_a_turn_of_the_user_as_one_text_and_an_answer_by_itself() -> None:
    assert template("longwriter-llama3").render(TWO[:2]) == [
        Segment("[INST]", marker=True),
        Segment("Hi", joined=True),
        Segment("[/INST]", marker=True, joined=True),
        Segment("Yes."),
    ]


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"longwriter.template": "glm4", "general.name": "LongWriter", "general.architecture": "llama"}, "glm4"),
        ({"longwriter.template": "nonsense", "tokenizer.chat_template": "x"}, "gguf"),
        ({"general.name": "LongWriter Llama3.1 8b", "general.architecture": "llama"}, "longwriter-llama3"),
        (
            {"general.name": "longwriter", "general.architecture": "llama", "tokenizer.chat_template": "x"},
            "longwriter-llama3",
        ),
        ({"general.name": "LongWriter-glm4-9b", "general.architecture": "chatglm"}, "glm4"),
        ({"general.name": "LongWriter-glm4-9b", "general.architecture": "glm4"}, "glm4"),
        ({"general.name": "Qwen", "general.architecture": "qwen2", "tokenizer.chat_template": "x"}, "gguf"),
        ({"general.name": "Anything", "general.architecture": "llama"}, "longwriter-llama3"),
        ({}, "longwriter-llama3"),
    ],
)
def test_the_template_is_guessed_from_the_metadata(metadata: dict[str, object], name: str) -> None:
    assert guess_template(metadata) == name


@pytest.mark.parametrize(
    "source",
    [
        "{{ raise_exception('roles must alternate') }}",
        "{% for m in messages %}{{ m['content'] }}",  # does not parse
        "{{ messages[0]['content'] }}",  # leaves the rest out
        "{{ messages[99]['content'].x }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",  # tries to leave the sandbox
    ],
)
def test_a_chat_template_that_cannot_be_used_is_an_error_for_the_person(source: str) -> None:
    with pytest.raises(EngineError, match="chat template") as caught:
        template("gguf", source).render(TWO)
    assert "longwriter-llama3" in caught.value.hint


def test_a_file_without_a_chat_template_and_an_unknown_name_are_errors() -> None:
    with pytest.raises(EngineError, match="no chat template"):
        get_template("gguf", {})
    with pytest.raises(EngineError, match="no template named 'llama-2'"):
        get_template("llama-2", {})
