"""The one place where it is checked whose a draft is: every function that the page's scripts can call goes through it.

Where several people share the studio (it has limits then), a request says whose it is: by a key that the browser made
and keeps, or by the account that is signed in. A call about a draft of somebody else is answered as if there were none.
The functions behind find the owner in the body; what a browser puts there is thrown away.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from longwriter_ui import visitors
from longwriter_ui.errors import LimitReached, LongWriterError, NotAllowed
from longwriter_ui.paths import PROJECT
from longwriter_ui.studio import Studio
from longwriter_ui.ui import present

Json = dict[str, Any]
Call = Callable[[Json], Any]

KEY_HEADER = "x-longwriter-owner"
_FILES_AT_ONCE = 4
_FILES_SECONDS = 5.0  # how long one more waits
_ERRORS = ("refused", "gone", "conflict", "error", "problem")


class Gate:
    """`root`: the data directory, whose name visitors are not told."""

    def __init__(self, studio: Studio, root: str) -> None:
        self._studio = studio
        self._secrets = (root, str(PROJECT))
        self._files = threading.BoundedSemaphore(_FILES_AT_ONCE)
        self._handed: set[tuple[str, str]] = set()
        self.public = studio.limits is not None

    def calls(self, *functions: Call, files: bool = False) -> list[Callable[..., Any]]:
        """The functions as the page's scripts may call them. `files`: they convert files, so only a few run at once."""
        return [self._checked(function, files) for function in functions]

    def owner(self, request: Any, account: str | None) -> str | None:
        """Whom a request comes from; None where one person has the studio for herself. NotAllowed."""
        if not self.public:
            return None
        visitors.sweep(self._studio)
        key = request.headers.get(KEY_HEADER, "")
        if not account:
            return visitors.owner_of_key(key)
        owner = visitors.owner_of_account(account)
        if key and (key, owner) not in self._handed:
            self._studio.owners.hand_over(visitors.owner_of_key(key), owner)
            self._handed = {*list(self._handed)[-1000:], (key, owner)}
        return owner

    def tidy(self, answer: Any) -> Any:
        """The answer without the names of the studio's folders in what its errors say."""
        if self.public and isinstance(answer, dict):
            for name in _ERRORS:
                if name in answer:
                    answer[name] = self._without_secrets(answer[name])
            for card in answer.get("cards", ()):
                self.tidy(card)
        return answer

    def check(self, draft_id: str, owner: str | None) -> None:
        """DraftNotFound for a draft that is not the owner's."""
        if self.public and self._studio.owners.of(draft_id) != owner:
            raise self._studio.owners.missing(draft_id)

    def _prepared(self, body: Any, request: Any, profile: gr.OAuthProfile | None) -> Json:
        """The body with its owner, who may see the draft it names."""
        body = dict(body) if isinstance(body, dict) else {}
        body["owner"] = owner = self.owner(request, profile.username if profile is not None else None)
        if body.get("draft"):
            self.check(str(body["draft"]), owner)
        return body

    def _checked(self, function: Call, files: bool) -> Callable[..., Any]:
        def refusal(body: Any, error: LongWriterError) -> Json:
            told = present.error(error)
            named = {"draft": body["draft"]} if isinstance(body, dict) and body.get("draft") else {}
            return self.tidy({**named, "gone": told, "refused": told})

        def call(body: Any, request: gr.Request, profile: gr.OAuthProfile | None) -> Any:
            try:
                prepared = self._prepared(body, request, profile)
            except LongWriterError as error:
                return refusal(body, error)
            if not (files and self.public):
                return self.tidy(function(prepared))
            if not self._files.acquire(timeout=_FILES_SECONDS):
                return refusal({}, LimitReached("Many files are being made just now.", "Try again in a moment."))
            try:
                return self.tidy(function(prepared))
            finally:
                self._files.release()

        async def call_async(body: Any, request: gr.Request, profile: gr.OAuthProfile | None) -> Any:
            try:
                prepared = self._prepared(body, request, profile)
            except LongWriterError as error:
                return refusal(body, error)
            answer: Awaitable[Any] = function(prepared)
            return await answer

        # Not functools.wraps: Gradio would then see the parameters of the function behind.
        wrapped = call_async if inspect.iscoroutinefunction(function) else call
        wrapped.__name__ = wrapped.__qualname__ = function.__name__
        return wrapped

    def _without_secrets(self, told: Any) -> Any:
        if isinstance(told, str):
            for secret in self._secrets:
                told = told.replace(secret, "…")
        elif isinstance(told, dict):
            told = {name: self._without_secrets(value) for name, value in told.items()}
        return told


def operators_alone() -> NotAllowed:
    """What a visitor is told who asks for something that is not for visitors."""
    return NotAllowed("Only the person who runs this studio can change this.", "Run one of your own to choose it.")
