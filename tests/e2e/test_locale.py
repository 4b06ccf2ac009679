"""The page in Simplified Chinese: from the browser's language, or chosen under Settings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from longwriter_ui.paths import ASSETS
from tests.e2e.conftest import Site

Serve = Callable[..., Site]


def test_every_phrase_of_the_scripts_has_a_translation_with_the_same_slots() -> None:
    phrases = json.loads((ASSETS / "locale" / "zh.json").read_text(encoding="utf-8"))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (ASSETS / "board").glob("*.js"))
    used = set(re.findall(r'\bt\("((?:[^"\\]|\\.)+)"', scripts))
    assert used
    assert sorted(used - phrases.keys()) == []
    slots = re.compile(r"\{\w+\}")
    optional = {"{m}"}
    wrong = [text for text, other in phrases.items() if set(slots.findall(text)) - set(slots.findall(other)) - optional]
    assert wrong == []


@pytest.mark.browser
def test_the_page_speaks_chinese_when_asked_to(serve: Serve) -> None:
    site = serve()
    tab = site.open()
    tab.get_by_role("tab", name="Settings").click()
    tab.locator("#lw-locale").select_option("zh")
    tab.get_by_role("tab", name="写作").wait_for()
    tab.get_by_role("tab", name="写作").click()
    tab.locator("#lw-ask textarea").fill("Write")  # a person's words stay what they are
    tab.locator("#lw-make").click()
    tab.locator(".card").nth(4).wait_for()
    assert tab.locator("[data-part=instruction]").inner_text() == "Write"
    assert tab.get_by_role("button", name="导入提纲").count()
    tab.locator(".card").nth(0).get_by_role("button", name="第 1 段的更多操作").click()
    tab.get_by_role("menuitem", name="拆成两段").wait_for()
