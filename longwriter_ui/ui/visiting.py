"""What the library's script calls for visitors of a studio that several people share: what is kept, and leaving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from longwriter_ui import visitors
from longwriter_ui.errors import LongWriterError
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present

Json = dict[str, Any]


def visitor_calls(studio: Studio, notice: str) -> list[Callable[[Json], Json]]:
    """`terms` and `leave`; where one person has the studio for herself, there is nothing to be told or left."""

    def terms(body: Json) -> Json:
        """What a visitor may have, and has."""
        owner, limits = body["owner"], studio.limits
        if owner is None or limits is None:
            return {}
        return {
            "notice": notice,
            "limits": asdict(limits),
            "account": visitors.account_of(owner),
            "megabytes": studio.owners.size(owner) / 1_000_000,
        }

    def leave(body: Json) -> Json:
        """Delete everything of the visitor."""
        if body["owner"] is None:
            return {}
        try:
            return {"deleted": visitors.leave(studio, body["owner"])}
        except LongWriterError as error:
            return {"refused": present.error(error)}

    return [terms, leave]
