"""The key of a server: from the environment, else from the system's keyring. It goes to that server and to no other
place: not into a file, a log, or the text of an error.

A key for OpenAI is not for everybody's server: OPENAI_API_KEY is given to OpenAI, or to the host that OPENAI_BASE_URL
names, and LONGWRITER_API_KEY to the server that was chosen. In the keyring a key stands under the server's host:
`keyring set longwriter-studio HOST`, where the `keyring` package is installed.
"""

from __future__ import annotations

import logging
import os
from urllib.parse import urlsplit

VARIABLE = "LONGWRITER_API_KEY"
SERVICE = "longwriter-studio"
_OPENAI = "https://api.openai.com/v1"

_log = logging.getLogger(__name__)


def key_for(address: str) -> str:
    """The key for the server at this address; empty where there is none, as for most servers of one's own."""
    host = urlsplit(address).hostname or ""
    theirs = urlsplit(os.environ.get("OPENAI_BASE_URL") or _OPENAI).hostname
    found = os.environ.get(VARIABLE) or (os.environ.get("OPENAI_API_KEY") if host == theirs else "")
    return (found or _from_keyring(host)).strip()


def without_key(text: str, key: str) -> str:
    """A server's words without the key that it may repeat."""
    return text.replace(key, "…") if key else text


def _from_keyring(host: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, host) or ""
    except (KeyringError, RuntimeError) as error:  # RuntimeError: its backends, where there is no desktop
        _log.info("The keyring cannot be asked: %s", type(error).__name__)
        return ""
