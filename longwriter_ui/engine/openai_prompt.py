"""A conversation as a server takes it: as messages, or as one text in the form that a model was trained on."""

from __future__ import annotations

import re
from typing import Any

from longwriter_ui.engine.base import Conversation, JsonForm, Role
from longwriter_ui.engine.templates import GLM4, LONGWRITER, Template, get_template

Json = dict[str, Any]

# The server tokenises text with special tokens on, so what looks like one in a person's text is taken apart.
_SPECIAL = re.compile(r"<(?=\||/?s>|sop>|eop>)|\[(?=g?MASK\])")


def messages(conversation: Conversation, form: JsonForm | None = None) -> list[Json]:
    """As messages; `form` is told where the answer is to be JSON."""
    sent: list[Json] = [{"role": turn.role.value, "content": turn.text} for turn in conversation]
    if form is not None and conversation[-1].role is Role.USER:
        sent[-1]["content"] += f"\n\n{form.asked}"
    return sent


def raw(template: Template, conversation: Conversation) -> str:
    """As one text. The server puts its own token of beginning before it."""
    return "".join(
        segment.text if segment.marker else _SPECIAL.sub(lambda match: f"{match[0]} ", segment.text)
        for segment in template.render(conversation)
    )


def template_for(model: str) -> Template:
    """The form that a LongWriter of this name was trained on."""
    return get_template(GLM4 if "glm" in model.lower() else LONGWRITER, {})
