"""Pushes a folder to the Hub as a Space, with the token that `hf auth login` or HF_TOKEN gave."""

from __future__ import annotations

import re
from pathlib import Path

from longwriter_ui.errors import SpaceError


def push(folder: Path, name: str, *, private: bool = False, endpoint: str | None = None) -> str:
    """Make the Space OWNER/NAME hold exactly what the folder does; its address. SpaceError; a push that broke off is
    mended by the next one."""
    if not re.fullmatch(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", name):
        raise SpaceError(f"{name} is no name of a Space.", "It is OWNER/NAME.")
    try:
        made_here = (folder / "README.md").is_file() and (folder / "space.json").is_file()
    except OSError:  # no folder can have such a name
        made_here = False
    if not made_here:
        raise SpaceError(f"{folder} is no Space.", "Make one with `space build`.")
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    api = HfApi(endpoint=endpoint)
    try:
        made = api.create_repo(name, repo_type="space", space_sdk="gradio", private=private, exist_ok=True)
        api.upload_folder(
            folder_path=folder,
            repo_id=made.repo_id,
            repo_type="space",
            commit_message="LongWriter Studio",
            delete_patterns=["*"],
        )
    except LocalTokenNotFoundError as error:
        raise SpaceError(
            "The Hub does not know who you are.", "Sign in with `hf auth login`, or set HF_TOKEN."
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise SpaceError(
                f"The Hub does not let you write to {name}.", "Sign in with `hf auth login` and a token that may write."
            ) from error
        raise SpaceError(f"The Hub answers {status}.", "Try again later.", retryable=status >= 500) from error
    except (OSError, ValueError, httpx2.HTTPError) as error:
        raise SpaceError(f"The Hub cannot be reached: {error}", "Check the connection.", retryable=True) from error
    return str(made)
