"""The page in Simplified Chinese: from the browser's language, or chosen under Settings."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from longwriter_ui.paths import ASSETS, PROJECT
from tests.e2e.conftest import Site

Serve = Callable[..., Site]


def test_every_phrase_of_the_scripts_has_a_translation_with_the_same_slots() -> None:
    phrases = json.loads((ASSETS / "locale" / "zh.json").read_text(encoding="utf-8"))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (ASSETS / "board").glob("*.js"))
    phrase = r'"((?:[^"\\]|\\.)+)"'
    used = set(re.findall(rf"\bt\({phrase}", scripts))
    for either, other in re.findall(rf"\bt\([^?\n\"()]+(?:\"\w+\" )?\? {phrase} : {phrase}", scripts):
        used |= {either, other}  # the one or the other is said
    assert "then writes for at most {time}" in used
    assert sorted(used - phrases.keys()) == []
    slots = re.compile(r"\{\w+\}")
    optional = {"{m}"}
    wrong = [text for text, other in phrases.items() if set(slots.findall(text)) - set(slots.findall(other)) - optional]
    assert wrong == []


class Texts(HTMLParser):
    """Text and names in a static template, but for keys, code and the names of languages."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._skipped = 0
        self.feed((ASSETS / "board" / f"{name}.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipped += tag in ("kbd", "code") or ("lang", "zh") in attrs
        self.found.update(value for name, value in attrs if value and name in ("aria-label", "title", "placeholder"))

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in ("kbd", "code") or (tag == "option" and self._skipped > 0)

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._skipped:
            self.found.add(data.strip())


@pytest.mark.parametrize("name", ["board", "brief", "export", "library", "models", "servers", "evaluate", "settings"])
def test_every_text_of_a_template_has_a_translation(name: str) -> None:
    phrases = json.loads((ASSETS / "locale" / "zh.json").read_text(encoding="utf-8"))
    same = re.compile(r"Ctrl\+Enter|https?://.*|/home/.*|[\d,]+")
    assert sorted(text for text in Texts(name).found if text not in phrases and not same.fullmatch(text)) == []


# Where a person at the page meets an error. The names in slots do not matter.
SPEAKING = ("brief", "edits", "draft", "plan", "manner", "jobs", "locks", "studio", "shelf", "writing", "pipeline",
            "revision", "together", "host", "store", "ui/board", "ui/brief", "ui/files", "ui/models", "ui/settings",
            "ui/servers", "ui/gate", "allowance", "visitors", "ui/evaluate", "trials", "evaluat", "judges", "jsonl",
            "server", "engine/", "models", "weights", "loading", "imports", "selftest")  # fmt: skip
ENDINGS = ("Error", "Refused", "Small", "Busy", "NotFound", "Reached", "Allowed", "Loaded")


def test_why_a_model_does_not_fit_is_told_in_chinese_too() -> None:
    known = sentences()
    source = ast.parse((PROJECT / "longwriter_ui" / "weights" / "fit.py").read_text(encoding="utf-8"))
    calls = [
        call for call in ast.walk(source) if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "verdict"
    ]
    reasons = {reason for call in calls for reason in map(sentence, call.args[1:2]) if reason}
    assert len(reasons) == 4
    assert sorted(reasons - known) == []


def sentences() -> set[str]:
    """What the studio says and a translation is there for, with {} where something is put in."""
    phrases = json.loads((ASSETS / "locale" / "zh.studio.json").read_text(encoding="utf-8"))
    return {re.sub(r"\{\w+\}", "{}", text) for text in phrases}


def test_every_error_of_the_page_has_a_translation() -> None:
    known, missing = sentences(), set()
    for path in sorted((PROJECT / "longwriter_ui").rglob("*.py")):
        if not str(path.relative_to(PROJECT / "longwriter_ui").as_posix()).startswith(SPEAKING):
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
            if name.endswith(ENDINGS) and name not in ("KeyError", "ValueError", "OSError"):
                missing |= {text for text in map(sentence, call.args[:2]) if text and text not in known}
    assert sorted(missing) == []


def sentence(node: ast.expr) -> str | None:
    """A message as the page gets it, with {} where something is put in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


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


@pytest.mark.browser
def test_errors_dialogs_and_examples_are_chinese_too(serve: Serve) -> None:
    site = serve()
    site.open().evaluate("localStorage.setItem('longwriter.locale', 'zh')")
    tab = site.open()
    tab.get_by_role("button", name="游记").click()
    tab.wait_for_function("document.querySelector('#lw-ask textarea').value.includes('里斯本')")
    tab.get_by_text("检测到：中文。").wait_for()
    tab.locator("#lw-length").get_by_text("自定", exact=True).click()
    tab.locator("#lw-custom input").fill("many")
    tab.locator("#lw-make").click()
    tab.get_by_text("目标长度 'many' 不是数字。").wait_for()
    tab.get_by_text("请填写整数，例如 1500。").wait_for()
    tab.locator("#lw-custom input").fill("300")
    tab.locator("#lw-make").click()
    tab.locator("[data-part=foot] [data-part=write]").wait_for()
    tab.locator(".card").nth(0).focus()
    tab.keyboard.press("Delete")
    tab.get_by_text("已删除第 1 段。").wait_for()
    tab.locator("[data-part=foot] [data-part=write]").click()
    tab.locator(".status .now", has_text="已完成").wait_for()
    tab.get_by_role("button", name="导出", exact=True).click()
    tab.get_by_role("radio", name="电子书").check()
    tab.get_by_role("button", name="关闭").last.click()
    tab.get_by_role("tab", name="模型").click()
    tab.get_by_role("heading", name="使用中").wait_for()
    tab.locator("#lw-path").fill("/nowhere/model.gguf")
    tab.get_by_role("button", name="使用这个模型").click()
    tab.get_by_text("没有文件 /nowhere/model.gguf。").wait_for()
    tab.get_by_role("tab", name="设置").click()
    tab.get_by_label("温度").fill("9")
    tab.get_by_label("温度").blur()
    tab.get_by_text("温度 不能是 9").wait_for()
