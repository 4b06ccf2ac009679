"""What becomes of visitors' drafts: an account takes them over, they go with the visitor, or with age."""

from __future__ import annotations

import hashlib
import logging
import re
import time

from longwriter_ui.errors import DraftBusy, DraftNotFound, NotAllowed
from longwriter_ui.studio import Studio

_log = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{22,64}")  # at least 128 bits
_ACCOUNT = "account-"
_PATIENCE = 10.0  # seconds for a job to end that was stopped


def owner_of_key(key: str) -> str:
    """The owner's word for a key that a browser made and keeps; the store cannot give the key away. NotAllowed for
    what is no key."""
    if not _KEY.fullmatch(key):
        raise NotAllowed("This page does not say whose it is.", "Load it again; it needs JavaScript and local storage.")
    return "key-" + hashlib.sha256(key.encode()).hexdigest()[:32]


def owner_of_account(name: str) -> str:
    """The owner's word for somebody who has signed in."""
    return f"{_ACCOUNT}{name}"


def account_of(owner: str) -> str | None:
    """The name of the account; None for one who is known by a key."""
    return owner[len(_ACCOUNT) :] if owner.startswith(_ACCOUNT) else None


def leave(studio: Studio, owner: str) -> int:
    """Delete everything of a visitor, for good; how many drafts that were. DraftBusy for one that cannot be stopped."""
    drafts = studio.owners.drafts(owner)
    for draft_id in drafts:
        studio.stop(draft_id)
    for draft_id in drafts:
        _delete(studio, draft_id)
    return len(drafts)


def _delete(studio: Studio, draft_id: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return studio.delete(draft_id)
        except DraftNotFound:
            return None
        except DraftBusy:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def sweep(studio: Studio) -> None:
    """Remove drafts that visitors have not changed for too long; cheap when that was done lately."""
    for draft_id in studio.outdated():
        try:
            studio.delete(draft_id)
        except (DraftBusy, DraftNotFound) as error:
            _log.info("An old draft stays for now: %s", error)
