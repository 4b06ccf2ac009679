"""Nobody reaches a draft of somebody else, whatever they send, and nobody changes what holds for everybody."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from longwriter_ui.brief import Brief
from longwriter_ui.limits import Limits
from longwriter_ui.paths import home
from tests.safety.conftest import Shared, Visitor, ask

Share = Callable[..., Shared]

# Every server function of every component of the page as visitors get it, with what a curious visitor would send.
BODIES: dict[str, list[dict[str, Any]]] = {
    "poll": [{"rev": 0}],
    "feed": [{"rev": 0}],
    "apply": [{"rev": 0, "op": {"do": "set_title", "title": "Mine now"}}, {"rev": 0, "op": {"do": "delete_step"}}],
    "command": [
        {"rev": 0, "do": name}
        for name in (
            "plan",
            "write",
            "revise",
            "alternatives",
            "suggest",
            "return_to",
            "pause",
            "resume",
            "stop",
            "undo",
            "redo",
        )
    ],
    "outline": [{}],
    "price": [{"how": how} for how in ("rewrite", "alternatives", "onward", "write")],
    "compare": [{"number": 1}],
    "versus": [{"name": "title", "mine": "x"}],
    "find": [{"wanted": "e"}],
    "look": [{}],
    "choose": [
        {"options": {"plan": True}},
        {"of": "piece", "values": {"temperature": 2}},
        {"of": "new", "values": {"temperature": 2}},
    ],
    "fetch": [{"format": "md"}, {"format": "longwriter.json"}],
    "remove": [{}],
    "shelve": [{"do": name, "title": "x"} for name in ("rename", "duplicate", "trash", "restore")],
    "begin": [{"instruction": "Rain", "words": "300"}],
    "weigh": [{"instruction": "Rain", "notes": "x"}],
    "notes": [{"name": "a.md", "data": ""}],
    "bring": [{"name": "a.md", "data": ""}],
    "drafts": [{"wanted": "e"}, {"trashed": True}],
    "terms": [{}],
}
ABOUT_NO_DRAFT = {"leave"}  # tried on its own: it deletes what the caller has


def fingerprint(shared: Shared, draft: str) -> object:
    """All there is of a draft, as it stands in the store."""
    found = shared.studio._store.project(draft)
    return found, shared.studio.drafts(), shared.studio.drafts(trashed=True), shared.studio.owners.of(draft)


def server_functions(address: str) -> list[tuple[str, str]]:
    config = json.loads(ask(address + "config")[2])
    found = [
        (c["props"].get("elem_id") or str(c["id"]), c["props"].get("server_fns") or []) for c in config["components"]
    ]
    return [(component, name) for component, names in found for name in names]


def test_a_draft_of_somebody_else_is_out_of_reach_through_every_function(shared: Shared) -> None:
    ann, eve = shared.visitor(), shared.visitor()
    draft = ann.written()
    key = ann.call("poll", draft=draft, rev=0)["order"][0]
    before = fingerprint(shared, draft)
    functions = server_functions(shared.address)
    assert {name for _, name in functions} == BODIES.keys() | ABOUT_NO_DRAFT
    owner = shared.studio.owners.of(draft)
    # As herself, without a key, with a wrong one, and with what the functions behind the gate are given.
    visitors = (eve, *(Visitor(shared.address, key) for key in ("", "x", draft)))
    for component, name in functions:
        for body in BODIES.get(name, []):
            for visitor in visitors:
                told = {**body, "draft": draft, "key": key, "owner": owner}
                status, answer = visitor.post(component, name, told)
                assert status == 200
                assert "refused" in answer or "gone" in answer, (component, name, body, answer)
                assert "tides" not in json.dumps(answer).lower(), (component, name, answer)
                if visitor is eve:
                    assert "There is no draft" in json.dumps(answer)
    assert fingerprint(shared, draft) == before


def test_a_foreign_draft_and_none_are_answered_alike(shared: Shared) -> None:
    ann, eve = shared.visitor(), shared.visitor()
    draft = str(ann.make_plan("Tides")["draft"])
    missing = "0" * len(draft)
    for component, name in server_functions(shared.address):
        for body in BODIES.get(name, []):
            answers = [
                json.dumps(eve.post(component, name, {**body, "draft": each})[1]).replace(each, "")
                for each in (draft, missing)
            ]
            assert answers[0] == answers[1]


def test_each_visitor_sees_their_own_drafts_only(shared: Shared) -> None:
    operators = shared.studio.create(Brief.create("The operator's own piece.", 300))
    ann, eve = shared.visitor(), shared.visitor()
    first, second = str(ann.make_plan("Tides of Ann")["draft"]), str(eve.make_plan("Rain of Eve")["draft"])
    assert (ann.drafts(), eve.drafts(), shared.visitor().drafts()) == ([first], [second], [])
    assert "gone" in ann.call("poll", draft=operators.id, rev=0)
    assert {line.id for line in shared.studio.drafts()} == {operators.id, first, second}
    ann.settled(first)
    copy = ann.call("shelve", "lw-library", draft=first, do="duplicate")
    assert copy == {"ok": True} and len(ann.drafts()) == 2 and eve.drafts() == [second]


def test_a_draft_can_be_taken_along_and_everything_deleted(shared: Shared) -> None:
    ann, eve = shared.visitor(), shared.visitor()
    draft, others = ann.written(), eve.written()
    answer = ann.call("fetch", draft=draft, format="longwriter.json")
    status, _, project = ask(shared.address + answer["href"].replace(" ", "%20"))
    assert status == 200
    assert ann.call("leave", "lw-library") == {"deleted": 1}
    assert ann.drafts() == [] and eve.drafts() == [others]
    brought = ann.call("bring", "lw-library", name="a.longwriter.json", data=base64.b64encode(project).decode())
    assert ann.drafts() == [brought["draft"]] and eve.drafts() == [others]


def test_leaving_stops_what_is_being_written(share: Share) -> None:
    from longwriter_ui.engine.scripted import ScriptedEngine
    from tests.script import author

    shared = share(engine := ScriptedEngine(author))
    ann = shared.visitor()
    draft = str(ann.make_plan("Tides")["draft"])
    ann.settled(draft)
    engine.words_per_second = 20
    ann.call("command", draft=draft, rev=0, do="write")
    assert ann.call("leave", "lw-library") == {"deleted": 1}
    assert shared.studio.drafts() == []


def test_what_holds_for_everybody_is_the_operators_alone(shared: Shared) -> None:
    eve = shared.visitor()
    before = shared.studio.loader.settings
    answer = eve.call("choose", "lw-settings", of="new", values={"temperature": 2, "mode": "parallel", "seed": 1})
    assert "Only the person who runs this studio" in answer["refused"]["message"]
    assert shared.studio.loader.settings == before and not home().settings.exists()
    components = eve.components()
    assert not {"lw-models", "lw-evaluate", "lw-notice"} & components.keys()
    for found in components.values():
        for name in ("act", "state", "browse", "score", "__init__", "get_config", "postprocess"):
            payload = {"data": {"folder": "/"}, "component_id": found, "fn_name": name, "session_hash": "x"}
            status, _, _ = ask(
                shared.address + "gradio_api/component_server/",
                json.dumps(payload).encode(),
                {"Content-Type": "application/json", "X-LongWriter-Owner": eve.key},
            )
            assert status == 404


def test_no_event_of_the_page_gets_past_the_gate(shared: Shared) -> None:
    """Nothing runs Python on an event: all goes through server functions."""
    config = json.loads(ask(shared.address + "config")[2])
    assert not [d for d in config["dependencies"] if d["backend_fn"]]
    assert "refused" in Visitor(shared.address, "").make_plan("Rain")
    assert shared.studio.drafts() == []


def test_errors_do_not_name_the_servers_folders(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = shared.visitor()
    draft = str(ann.make_plan("Tides")["draft"])
    ann.settled(draft)
    shared.studio._store._database._path.rename(home().root / "elsewhere.sqlite3")
    answer = ann.call("poll", draft=draft, rev=0)
    assert "cannot be used" in json.dumps(answer) and str(home().root) not in json.dumps(answer)


def test_a_limit_is_refused_with_what_to_do(share: Share) -> None:
    shared = share(words=400, drafts=2, jobs=1, megabytes=1)
    ann, eve = shared.visitor(), shared.visitor()
    told = ann.make_plan("Rain", 500)["refused"]
    assert "at most 400" in told["message"] and told["hint"]
    drafts = [str(ann.make_plan("Rain", 100)["draft"])]
    ann.settled(drafts[0])
    drafts.append(str(ann.make_plan("Snow", 100)["draft"]))
    ann.settled(drafts[1])
    assert "the most this studio keeps" in ann.make_plan("Hail", 100)["refused"]["message"]
    assert "draft" in eve.make_plan("Hail", 100)
    # A plan may not grow past what may be asked for.
    card = ann.call("poll", draft=drafts[0], rev=0)["order"][0]
    ann.call("apply", draft=drafts[0], rev=10**6, op={"do": "edit_step", "key": card, "words": 2000})
    assert "at most 400" in ann.call("command", draft=drafts[0], rev=0, do="write")["refused"]["message"]
    # Nor may edits fill the disk.
    refused = None
    for number in range(20):
        op = {"do": "edit_text", "key": card, "text": f"{number} " * 30_000}
        refused = refused or ann.call("apply", draft=drafts[0], rev=10**6, op=op).get("refused")
    assert refused and "more than 1 MB" in refused["message"]
    assert "ok" in ann.call("remove", "lw-library", draft=drafts[0])


def test_a_visitor_has_so_many_pieces_in_work(share: Share) -> None:
    from longwriter_ui.engine.scripted import ScriptedEngine
    from tests.script import author

    shared = share(engine := ScriptedEngine(author), jobs=1)
    ann, eve = shared.visitor(), shared.visitor()
    first = str(ann.make_plan("Rain", 400)["draft"])
    ann.settled(first)
    engine.words_per_second = 20
    ann.call("command", draft=first, rev=0, do="write")
    assert "in work already" in ann.make_plan("Snow")["refused"]["message"]
    assert ann.drafts() == [first]
    assert "draft" in eve.make_plan("Snow")
    ann.call("command", draft=first, rev=0, do="stop")


def test_old_drafts_go_and_the_operators_stay(share: Share, open_studio: Callable[..., Any]) -> None:
    shared = share(days=1)
    ann = shared.visitor()
    old, fresh = ann.written(), ann.written()
    own = shared.studio.create(Brief.create("The operator's own piece.", 300))
    with shared.studio._store._database.change() as db:
        db.execute("UPDATE drafts SET updated = '2020-01-01T00:00:00.000+00:00' WHERE id IN (?, ?)", (old, own.id))
    shared.studio._allowance._swept = float("-inf")  # type: ignore[union-attr]
    assert ann.drafts() == [fresh]
    assert {line.id for line in shared.studio.drafts()} == {fresh, own.id}


def test_limits_come_from_the_environment() -> None:
    assert Limits.from_environment({"LONGWRITER_LIMIT_DAYS": "7"}) == Limits(days=7)
    for wrong in ("0", "-1", "many", "1e9", "99999999999999"):
        with pytest.raises(Exception, match="LONGWRITER_LIMIT_WORDS"):
            Limits.from_environment({"LONGWRITER_LIMIT_WORDS": wrong})


def test_an_account_takes_over_what_its_browser_wrote_before(shared: Shared) -> None:
    from types import SimpleNamespace

    from longwriter_ui.ui.gate import Gate

    ann = shared.visitor()
    draft = str(ann.make_plan("Tides")["draft"])
    gate = Gate(shared.studio, str(home().root))
    request = SimpleNamespace(headers={"x-longwriter-owner": ann.key})
    assert gate.owner(request, "ann") == shared.studio.owners.of(draft) == "account-ann"
    assert ann.drafts() == []
    assert gate.owner(SimpleNamespace(headers={}), "ann") == "account-ann"
