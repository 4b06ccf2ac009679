"""What the page is told about models, as JSON values. Pure, as in `present`: names and texts go out as they are."""

from __future__ import annotations

from typing import Any

from longwriter_ui.config import Settings
from longwriter_ui.engine.templates import NAMES
from longwriter_ui.loading import ModelState
from longwriter_ui.models import ModelRow
from longwriter_ui.ui import present
from longwriter_ui.weights.background import Transfer
from longwriter_ui.weights.download import Fetching, Paused, Verifying, Waiting
from longwriter_ui.weights.fit import WORDS, Machine
from longwriter_ui.weights.verify import Verified

Json = dict[str, Any]


def current(state: ModelState, settings: Settings, speed: float | None) -> Json:
    """The model in use, what became of its test, and the one being loaded."""
    info, test, choice = state.info, state.test, state.choice
    return {
        **present.named(choice),
        "file": None if choice is None or choice.path is None else str(choice.path),
        "template": "" if choice is None else settings.templates.get(str(choice.path), ""),
        "adapter": "" if choice is None else settings.adapters.get(str(choice.path), ""),
        "server": None if choice is None or choice.server is None else choice.server.label,
        "tokens_per_second": None if speed is None else round(speed, 1),
        "engine": None
        if info is None
        else {
            "backend": info.backend,
            "threads": info.threads,
            "template": info.template,
            "context": info.context,
            "note": info.note,
        },
        "test": None
        if test is None
        else {"passed": test.passed, "text": test.text[:400], "problems": list(test.problems)},
        "loading": None
        if state.target is None
        else {"doing": state.doing, "name": state.target.name, "share": round(state.share, 3)},
        "failure": None if state.failure is None else present.error(state.failure),
    }


def surroundings(machine: Machine, settings: Settings, folder: str) -> Json:
    """The machine, and what can be set."""
    return {
        "memory": machine.memory,
        "available": machine.available,
        "folder": folder,
        "words": WORDS,
        "threads": settings.threads,
        "gpu_layers": settings.gpu_layers,
        "templates": list(NAMES),
    }


def row(line: ModelRow, transfer: Transfer | None) -> Json:
    """A build of a known model, or a file."""
    return {
        "key": line.key,
        "id": line.id,
        "name": line.name,
        "about": line.about,
        "licence": line.licence,
        "quant": line.quant,
        "file": line.file,
        "path": str(line.path) if line.path else None,
        "ours": line.ours,
        "added": line.added,
        "bytes": line.size,
        "unfinished": line.unfinished,
        "verdict": line.fit.verdict.value,
        "reason": line.fit.reason,
        "needed": line.fit.needed,
        "most_words": line.fit.most_words,
        "minutes": line.minutes,
        "problem": line.problem,
        "usual": line.usual,
        "recommended": line.recommended,
        "transfer": None if transfer is None else progress(transfer),
    }


def progress(transfer: Transfer) -> Json:
    """A download or a check; `doing` is "asking" before its first event. A check that ended well tells whether every
    byte was `compared`."""
    event = transfer.event
    doing = "asking"
    answer: Json = {"failure": None if transfer.failure is None else present.error(transfer.failure)}
    if isinstance(event, Fetching):
        left = event.seconds_left
        doing = "fetching"
        answer |= {"rate": round(event.rate), "seconds_left": None if left is None else round(left)}
    elif isinstance(event, Verifying):
        doing = "verifying"
    elif isinstance(event, Waiting):
        doing = "waiting"
        answer |= {"reason": event.reason}
    elif isinstance(event, Verified):
        answer |= {"compared": event.compared}
    if isinstance(event, Fetching | Verifying | Paused):
        answer |= {"done": event.done, "total": event.total}
    if transfer.pausing:
        doing = "pausing"
    return answer | {"doing": doing if transfer.running else "ended"}
