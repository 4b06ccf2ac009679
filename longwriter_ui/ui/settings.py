"""The settings as a Gradio component: how new pieces are written, and how the open one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import gradio as gr

from longwriter_ui.draft import Mode
from longwriter_ui.engine.base import Sampling
from longwriter_ui.errors import BriefError, EditError, LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import assets, present
from longwriter_ui.ui.gate import Gate, operators_alone

Json = dict[str, Any]

MOST_SEED = 2**31 - 1


def settings(studio: Studio, gate: Gate) -> gr.HTML:
    def look(body: Json) -> Json:
        """What is chosen for new pieces and for the open one, and what is usual."""
        saved = studio.loader.settings
        answer: Json = {
            "usual": {**asdict(Sampling()), "guard": True, "length": saved.length},
            "new": {"mode": saved.mode, "seed": saved.seed, "length": saved.length, **saved.manner.values()},
            "piece": None,
        }
        if not body.get("draft"):
            return answer
        try:
            draft = studio.draft(str(body["draft"]))
        except LongWriterError:
            return answer  # it was deleted elsewhere; the board says so
        piece = {"mode": draft.mode.value, "seed": draft.seed, **draft.manner.values()}
        return answer | {"piece": piece, "title": draft.title}

    def choose(body: Json) -> Json:
        """Change some of it; the answer is `look`'s."""
        values = body.get("values")
        try:
            if not isinstance(values, dict):
                raise EditError("The edit lacks its values.")
            if body.get("of") == "piece":
                _choose_for(studio, str(body.get("draft") or ""), values)
            elif gate.public:
                raise operators_alone()
            else:
                choose_for_new(studio, values)
        except LongWriterError as error:
            return look(body) | {"refused": present.error(error)}
        return look(body)

    return gr.HTML(
        None,
        html_template=assets.read("settings.html"),
        js_on_load=assets.start("startSettings"),
        server_functions=gate.calls(look, choose),
        apply_default_css=False,
        padding=False,
        elem_id="lw-settings",
    )


def choose_for_new(studio: Studio, values: Mapping[str, Any]) -> None:
    """Change some of what the pieces started from now on are written with; EditError."""
    saved, rest = studio.loader.settings, dict(values)
    mode, seed = _mode(rest.pop("mode", saved.mode)), rest.pop("seed", saved.seed)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MOST_SEED):
        raise EditError("The seed is no number that can be used.", f"Give a whole number from 0 to {MOST_SEED:,}.")
    manner = saved.manner.with_values(rest)
    length = manner.length or saved.length  # not a choice of its own among the settings of all
    studio.loader.save(mode=mode, seed=seed, length=length, manner=manner.with_values({"length": None}))


def _choose_for(studio: Studio, draft_id: str, values: Mapping[str, Any]) -> None:
    rest = dict(values)
    if "mode" in rest:
        studio.edit(draft_id, None, {"do": "set_mode", "mode": rest.pop("mode")})
    if rest:
        studio.edit(draft_id, None, {"do": "set_manner", "values": rest})


def _mode(chosen: object) -> str:
    try:
        return Mode(chosen).value
    except ValueError as error:
        raise BriefError(f"There is no way of writing {chosen!r}.", "Choose one under Settings.") from error
