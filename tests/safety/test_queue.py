"""Several visitors, one model: a paragraph of each after the other, and everybody knows their place."""

from __future__ import annotations

import time
from collections.abc import Callable

from longwriter_ui.engine.base import Request
from longwriter_ui.engine.scripted import ScriptedEngine
from tests.safety.conftest import Shared
from tests.script import author

Share = Callable[..., Shared]


def test_paragraphs_of_all_are_written_in_turn_and_nothing_is_lost(share: Share) -> None:
    asked: list[str] = []

    def script(request: Request) -> str:
        told = next(name for name in ("Rain", "Snow", "Hail") if name in request.conversation[0].text)
        if request.grammar is None:
            asked.append(told)
        return author(request)

    shared = share(ScriptedEngine(script, words_per_second=1500))
    visitors = {name: shared.visitor() for name in ("Rain", "Snow", "Hail")}
    drafts = {name: str(visitor.make_plan(f"{name} on the roof", 600)["draft"]) for name, visitor in visitors.items()}
    for name, visitor in visitors.items():
        visitor.settled(drafts[name])
    for name, visitor in visitors.items():
        visitor.call("command", draft=drafts[name], rev=0, do="write")
    shown = [visitor.call("poll", draft=drafts[name], rev=0)["job"] for name, visitor in visitors.items()]
    assert [job["phase"] for job in shown].count("queued") == 2
    assert {job["place"] for job in shown} == {0, 1, 2}
    assert all(job["wait"] > -1 for job in shown if job["place"])
    for name, visitor in visitors.items():
        answer = visitor.settled(drafts[name])
        assert answer["error"] is None
        assert [card["status"] for card in answer["cards"]] == ["written"] * 5
        assert {card["words"] for card in answer["cards"]} == {120}
    assert sorted(asked) == ["Hail"] * 5 + ["Rain"] * 5 + ["Snow"] * 5
    # Once all three wait, nobody has a turn twice before the others have had one.
    middle = asked[2:-3]
    assert all(len(set(middle[i : i + 3])) == 3 for i in range(len(middle) - 2)), asked


def test_stopping_while_waiting_for_the_next_turn_keeps_what_is_written(share: Share) -> None:
    shared = share(engine := ScriptedEngine(author))
    ann, eve = shared.visitor(), shared.visitor()
    first, second = (str(visitor.make_plan("Rain", 600)["draft"]) for visitor in (ann, eve))
    ann.settled(first), eve.settled(second)
    engine.words_per_second = 200
    ann.call("command", draft=first, rev=0, do="write")
    eve.call("command", draft=second, rev=0, do="write")
    while not any(card["status"] == "written" for card in ann.call("poll", draft=first, rev=0)["cards"]):
        time.sleep(0.02)
    ann.call("command", draft=first, rev=0, do="stop")
    engine.words_per_second = 0
    answer = ann.settled(first)
    assert answer["cards"][0]["status"] == "written" and answer["cards"][4]["status"] == "planned"
    assert [card["status"] for card in eve.settled(second)["cards"]] == ["written"] * 5
    ann.call("command", draft=first, rev=0, do="write")
    assert [card["words"] for card in ann.settled(first)["cards"]] == [120] * 5
