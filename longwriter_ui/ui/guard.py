"""What stands before Gradio's own routes: who may ask at all, how much they may send, and what a browser may do with
the answers.

Foreign pages get nothing: a request must be meant for this server by name (or a page elsewhere could let its own name
point here, "DNS rebinding"), and a page of another origin is refused even what it could not read. Only the addresses
that our page uses are there; Gradio has others, for uploads, proxies and its own tools.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from longwriter_ui.ui.gate import KEY_HEADER
from longwriter_ui.ui.rate import Rate

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")

_API = "/gradio_api/"
# Routes of Gradio that the page needs. Its other routes take files, open addresses for others, or are for developers.
_PATHS = ("", "config", "theme.css", "favicon.ico", "manifest.json", "robots.txt", "login", "logout")
_FOLDERS = ("assets/", "static/", "svelte/", "pwa_icon", "login/", "logout/", "config/")
_CALLS = (
    "component_server", "run/", "api/", "call/", "queue/", "heartbeat/", "file=", "info", "startup-events",
    "theme.css", "user", "login_check", "token", "app_id", "reset", "cancel",
)  # fmt: skip
_FUNCTIONS = _API + "component_server/"
_KEY_LENGTH = 64  # what is longer is no key
_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Rules:
    """`hosts`: the names this server answers to, None: any (others reach it, so it is no secret). `names`: those of a
    proxy before it. `framers`: pages that may show it in a frame. `most`: bytes of a request. `scripts`: our own, that
    Gradio puts into the page. `requests`: how many a second of one visitor reach a function, None: any number."""

    hosts: tuple[str, ...] | None
    most: int
    names: tuple[str, ...] = ()
    framers: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    requests: int | None = None


class Guard:
    """ASGI middleware around Gradio's routes."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._hashes = [_hash(script.encode()) for script in rules.scripts]
        self._rate = Rate(rules.requests) if rules.requests is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return None  # the page opens no web sockets
        headers = Headers(scope=scope)
        if (refused := self._refused(scope, headers)) is not None:
            return await self._plain(refused)(scope, receive, send)
        if int(headers.get("content-length") or 0) > self._rules.most:
            return await self._plain((413, "This is too large."))(scope, receive, send)
        left = self._rules.most

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:  # it said less than it sends, or nothing
                return {"type": "http.disconnect"}
            return message

        return await self._app(scope, counted, _Answer(send, scope["path"], self._policy))

    def _refused(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """Status and reason, for a request that goes no further."""
        host = headers.get("host", "")
        if self._rules.hosts is not None and _name(host) not in self._rules.hosts:
            return 403, "This studio answers on this computer only. Name others with --domain."
        if (origin := headers.get("origin")) is not None and not self._is_own(origin, host):
            return 403, "Other pages may not use this studio. Name its address with --domain."
        site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "navigate")
        if site == "cross-site" and (mode != "navigate" or scope["method"] not in ("GET", "HEAD")):
            return 403, "Other pages may not use this studio."
        if not headers.get("content-length", "0").isdecimal():
            return 400, "The length is no number."
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not _is_used(path):
            return 404, "There is nothing here."
        if self._rate is not None and path.startswith(_FUNCTIONS) and not self._rate.allows(_who(scope, headers)):
            return 429, "You ask too often. Try again in a moment."
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        named = urlsplit(origin).netloc
        return bool(named) and (named == host or _name(named) in self._rules.names)

    def _plain(self, refused: tuple[int, str]) -> PlainTextResponse:
        status, reason = refused
        answer = PlainTextResponse(reason, status)
        answer.headers.update(self._policy("", ()))
        if status == 429:
            answer.headers["Retry-After"] = "1"
        return answer

    def _policy(self, path: str, inline: Iterable[str]) -> Mapping[str, str]:
        """The headers of an answer, whose page has scripts with these hashes."""
        framers = " ".join(self._rules.framers) or "'none'"
        if path.startswith(_API + "file="):
            policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors {framers}"
        else:
            scripts = " ".join(f"'{each}'" for each in dict.fromkeys((*self._hashes, *inline)))
            # Gradio makes functions of strings ('unsafe-eval') and sets styles from its scripts.
            policy = (
                f"default-src 'none'; script-src 'self' 'unsafe-eval' {scripts}; style-src 'self' 'unsafe-inline'; "
                "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
                f"manifest-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
                f"frame-ancestors {framers}"
            )
        frames = {} if self._rules.framers else {"X-Frame-Options": "DENY"}
        return {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            **frames,
        }


class _Answer:
    """Sends an answer with its headers; a page is held back until the hashes of its scripts are known."""

    def __init__(self, send: Send, path: str, policy: object) -> None:
        self._send, self._path = send, path
        self._policy = policy
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            if not Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                await self._begin(())
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._begin(_hash(script) for script in _SCRIPT.findall(self._body))
                await self._send({"type": "http.response.body", "body": self._body})

    async def _begin(self, inline: Iterable[str]) -> None:
        start, self._start = self._start, None
        if start is not None:
            MutableHeaders(raw=start["headers"]).update(self._policy(self._path, inline))  # type: ignore[operator]
            await self._send(start)


def _is_used(path: str) -> bool:
    path = path.removeprefix("/")
    if path.startswith(_API[1:]):
        call = path[len(_API) - 1 :]
        # Gradio would send a browser on to whatever address is given for a file.
        return call.startswith(_CALLS) and not re.match(r"file=https?:", call, re.IGNORECASE)
    return path in _PATHS or path.startswith(_FOLDERS)


def _who(scope: Scope, headers: Headers) -> str:
    """Whom a request is counted for: a visitor's key; where there is none, the address it comes from."""
    return headers.get(KEY_HEADER, "")[:_KEY_LENGTH] or str((scope.get("client") or ("",))[0])


def _name(host: str) -> str:
    """A host without its port."""
    return re.sub(r":\d+$", "", host).lower()


def _hash(script: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode()
