"""What visitors may have, however it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.engine.scripted import ScriptedEngine
from longwriter_ui.errors import LimitReached
from longwriter_ui.host import EngineHost
from longwriter_ui.limits import Limits
from longwriter_ui.paths import home
from longwriter_ui.studio import Studio
from tests.script import ScriptedOpener, author


@pytest.fixture
def shared() -> Iterator[Studio]:
    studio = Studio(
        home(), EngineHost(ScriptedOpener(ScriptedEngine(author)), Path("script")), limits=Limits(megabytes=1)
    )
    yield studio
    studio.close()


def test_an_edit_counts_with_all_that_it_stores(shared: Studio) -> None:
    draft = shared.create(Brief.create("Write about rain.", 300), owner="ann").id
    shared.edit(draft, None, {"do": "set_plan", "text": "\n".join(f"{n}. Rain" for n in range(1, 6))})
    keys = [p.key for p in shared.draft(draft).paragraphs]
    for key in keys:
        shared.edit(draft, None, {"do": "edit_text", "key": key, "text": "a" * 1000})
    small: dict[str, Any] = {"do": "replace_text", "find": "a", "text": "b" * 300}
    with pytest.raises(LimitReached, match="more than 1 MB"):
        shared.edit(draft, None, small)
    assert {p.text for p in shared.draft(draft).paragraphs} == {"a" * 1000}
    shared.edit(draft, None, {**small, "text": "b" * 100})
    assert {p.text for p in shared.draft(draft).paragraphs} == {"b" * 100_000}
    # Each time the merged text is stored anew.
    with pytest.raises(LimitReached):
        for _ in keys[1:]:
            shared.edit(draft, None, {"do": "merge_step", "key": keys[0]})
    assert shared.owners.size("ann") < 1_000_000
    shared.delete(draft)
    assert shared.create(Brief.create("Write about snow.", 300), owner="ann").text == ""
