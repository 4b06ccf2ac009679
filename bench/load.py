"""Many visitors on one studio at once, over HTTP on the loopback, with the scripted engine.

    python bench/load.py --json [--visitors 50] [--pieces 1] [--minutes 0]

Each visitor has a plan made, edits it, has the piece written while polling twice a second, checks every word of it,
exports it and deletes it; then the next piece begins. `--minutes` goes on for so long, and tells the memory over time.

poll_ms_p50, poll_ms_p95    from the question to the answer, over a connection that stays open
mixed_up                    paragraphs, titles or library lines that are another visitor's
lost                        pieces that did not come to their end, edits that are not there, calls without an answer
memory_mb                   of the server: after the first tenth of the time, at the end, and the most
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

import psutil

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))  # so that it runs as a script

from longwriter_ui.plan import Step, render_plan
from tests.script import ScriptedOpener, author, paragraph_text

POLL_SECONDS = 0.5  # between two looks of a visitor
PATIENCE = 600.0  # seconds for one job to end
PARTS, STEP_WORDS = ("one", "two", "three", "four", "five"), 60
SPEED = 4000  # words per second


def serve() -> None:
    """The server's side, a process of its own: prints the port and the numbers of what visitors call."""
    from longwriter_ui.engine.base import Request
    from longwriter_ui.engine.scripted import ScriptedEngine
    from longwriter_ui.host import EngineHost
    from longwriter_ui.limits import Limits
    from longwriter_ui.paths import home
    from longwriter_ui.studio import Studio
    from longwriter_ui.ui.page import Page

    def script(request: Request) -> str:
        [who] = set(re.findall("Visitor[a-z]+Piece[a-z]+", request.conversation[0].text))
        if request.grammar is not None:
            return render_plan([Step(f"Part {part} of {who}", STEP_WORDS) for part in PARTS], "en")
        return author(request)

    opener = ScriptedOpener(ScriptedEngine(script, words_per_second=SPEED))
    studio = Studio(home(), EngineHost(opener, Path("script")), limits=Limits(queue=1000))
    page = Page(studio, home())
    address = page.launch(server_name="127.0.0.1", server_port=int(os.environ["LOAD_PORT"]) or None)
    print(address, flush=True)
    sys.stdin.read()  # until the other side ends
    page.close()
    studio.close()


@dataclass
class Tally:
    """What all visitors found."""

    polls: list[float] = field(default_factory=list)
    mixed_up: int = 0
    lost: int = 0
    pieces: int = 0
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def trouble(self, kind: str, text: str) -> None:
        with self.lock:
            setattr(self, kind, getattr(self, kind) + 1)
            self.problems = [*self.problems, text][-20:]


class Visitor(threading.Thread):
    """One visitor with a connection and a key of their own."""

    def __init__(
        self, number: int, port: int, ids: dict[str, int], tally: Tally, pieces: int, until: float, pause: float
    ) -> None:
        super().__init__(daemon=True)
        self._name = f"Visitor{letters(number)}x{letters(secrets.randbelow(10**6))}"
        self._port, self._ids, self._tally = port, ids, tally
        self._pieces, self._until, self._pause = pieces, until, pause
        self._headers = {"Content-Type": "application/json", "X-LongWriter-Owner": secrets.token_urlsafe(32)}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def run(self) -> None:
        piece = 0
        while piece < self._pieces or time.monotonic() < self._until:
            try:
                self._write_one(f"{self._name}Piece{letters(piece)}")
            except (OSError, http.client.HTTPException, KeyError, ValueError, TimeoutError) as error:
                self._tally.trouble("lost", f"{self._name}: {error!r}")
                self._connection.close()
            piece += 1

    def _write_one(self, who: str) -> None:
        draft = self._call(
            "begin", instruction=f"Write about {who}.", words=str(len(PARTS) * STEP_WORDS), language="en", notes=""
        )["draft"]
        planned = self._ended(draft)
        keys = planned["order"]
        edit = {"do": "edit_step", "key": keys[-1], "main_point": f"The edited end of {who}"}
        self._call("apply", draft=draft, rev=planned["rev"], op=edit)
        self._call("command", draft=draft, rev=planned["rev"], do="write")
        written = self._ended(draft)
        points = [*(f"Part {part} of {who}" for part in PARTS[:-1]), edit["main_point"]]
        for card, point in zip(written["cards"], points, strict=True):
            if (card["main_point"], card["text"]) != (point, paragraph_text(Step(point, STEP_WORDS))):
                foreign = any(name != who for name in re.findall("Visitor[a-z]+Piece[a-z]+", str(card)))
                self._tally.trouble("mixed_up" if foreign else "lost", f"{who}: {card['text'][:60]!r}")
        lines = self._call("drafts", "lw-library")["drafts"]
        if [line["id"] for line in lines] != [draft] or who not in lines[0]["title"]:
            self._tally.trouble("mixed_up", f"{who}: {lines}")
        href = self._call("fetch", draft=draft, format="txt")["href"]
        self._connection.request("GET", "/" + quote(href))
        if who not in self._connection.getresponse().read().decode():
            self._tally.trouble("lost", f"{who}: the exported file")
        self._call("remove", "lw-library", draft=draft)
        with self._tally.lock:
            self._tally.pieces += 1

    def _ended(self, draft: str) -> dict[str, Any]:
        """Poll until no job runs; the whole draft."""
        end, rev = time.monotonic() + PATIENCE, 0
        while True:
            began = time.perf_counter()
            answer = self._call("poll", draft=draft, rev=rev)
            with self._tally.lock:
                self._tally.polls.append(1000 * (time.perf_counter() - began))
            rev = answer["rev"]
            if answer["job"] is None:
                return self._call("poll", draft=draft, rev=0)
            if time.monotonic() > end:
                raise TimeoutError("the job does not end")
            time.sleep(self._pause)

    def _call(self, name: str, component: str = "lw-board", **body: object) -> dict[str, Any]:
        payload = {"data": body, "component_id": self._ids[component], "fn_name": name, "session_hash": self._name}
        self._connection.request("POST", "/gradio_api/component_server/", json.dumps(payload), self._headers)
        response = self._connection.getresponse()
        read = response.read()
        if response.status != 200:
            raise ValueError(f"{name} answers {response.status}: {read[:200]!r}")
        answer: dict[str, Any] = json.loads(read)
        if "refused" in answer or "gone" in answer:
            raise ValueError(f"{name}: {answer.get('refused') or answer.get('gone')}")
        return answer


def letters(number: int) -> str:
    """A number as letters, since only these are words."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def ids_of(port: int) -> dict[str, int]:
    """The numbers of the page's components."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/config")
    config = json.loads(connection.getresponse().read())
    return {c["props"]["elem_id"]: c["id"] for c in config["components"] if c["props"].get("elem_id")}


def run(visitors: int, pieces: int, minutes: float, pause: float = POLL_SECONDS) -> dict[str, Any]:
    """The figures of one run; `pause` is the time between two looks of a visitor, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"LONGWRITER_HOME": folder, "GRADIO_ANALYTICS_ENABLED": "False", "LOAD_PORT": "0"}
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT,
        )  # fmt: skip
        assert server.stdout is not None and server.stdin is not None
        port = int(server.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1])
        tally, memory = Tally(), []
        began = time.monotonic()
        ids = ids_of(port)
        crowd = [Visitor(n, port, ids, tally, pieces, began + 60 * minutes, pause) for n in range(visitors)]
        process = psutil.Process(server.pid)
        for visitor in crowd:
            visitor.start()
        while any(visitor.is_alive() for visitor in crowd):
            memory.append(process.memory_info().rss / 1e6)
            time.sleep(min(2 * pause, 1.0) if minutes < 2 else 5)
        seconds = time.monotonic() - began
        left = sum(1 for path in Path(folder).rglob("locks/*"))
        server.stdin.close()
        server.wait(60)
    cuts = quantiles(tally.polls, n=20) if len(tally.polls) > 1 else [0.0] * 19
    tenth = memory[len(memory) // 10 :]
    return {
        "visitors": visitors,
        "pieces": tally.pieces,
        "seconds": round(seconds, 1),
        "polls": len(tally.polls),
        "poll_ms_p50": round(cuts[9], 1),
        "poll_ms_p95": round(cuts[18], 1),
        "mixed_up": tally.mixed_up,
        "lost": tally.lost + (visitors * pieces if not tally.pieces else 0),
        "locks_left": left,
        "memory_mb": {"early": round(tenth[0]), "end": round(memory[-1]), "most": round(max(memory))},
        "problems": tally.problems,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--pieces", type=int, default=1, help="at least so many of each")
    parser.add_argument("--minutes", type=float, default=0.0, help="for at least so long")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    figures = run(options.visitors, options.pieces, options.minutes)
    print(json.dumps(figures) if options.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
