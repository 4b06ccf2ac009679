"""The Hub, or a mirror of it: what it knows about a file, how a file is asked for, and what its refusals mean.

The only importer of the Hub's library and of the HTTP client it brings; both are slow to load, so they are imported
where they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from longwriter_ui.errors import DownloadError

if TYPE_CHECKING:
    import httpx2

_TIMEOUT, _CONNECT_TIMEOUT = 30.0, 15.0  # seconds without a byte; until there is a connection
_LONGEST_WAIT = 600.0  # seconds; a server that wants more is not waited for
_SHA256 = re.compile("[0-9a-f]{64}")


def address() -> str:
    """Where the Hub is, which shows a Space inside a page of its own."""
    from huggingface_hub import constants

    return constants.ENDPOINT.rstrip("/")


def preloaded(repository: str, name: str) -> Path:
    """A file that the Hub put here when a Space was built, else fetched now; DownloadError."""
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, name))
    except (OSError, ValueError) as error:  # every error of the client is one of these
        raise DownloadError(f"{name} cannot be had from {repository}: {error}") from error


@dataclass(frozen=True)
class RemoteFile:
    """A file as the Hub states it: at a commit, so that it cannot change; `sha256` of its content."""

    repository: str
    name: str
    commit: str
    size: int
    sha256: str

    def same_bytes(self, other: RemoteFile | None) -> bool:
        """Whether the other has the same content, at whatever commit."""
        return other is not None and (self.size, self.sha256) == (other.size, other.sha256)


class TryAgain(Exception):
    """The server or the way to it failed for now. `wait` is how long the server wants to be left alone, in seconds;
    `error` is what to tell the person when no further try is made."""

    def __init__(self, error: DownloadError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


class Hub:
    """`endpoint` is the address of a mirror; None: the Hub itself, or what HF_ENDPOINT says."""

    def __init__(self, endpoint: str | None = None) -> None:
        from huggingface_hub import constants

        self._endpoint = (endpoint or constants.ENDPOINT).rstrip("/")
        # A token opens the person's account: it goes to the Hub they configured, never to a mirror named in passing.
        self._token = None if self._endpoint == constants.ENDPOINT.rstrip("/") else False

    def describe(self, repository: str, names: Sequence[str]) -> tuple[RemoteFile, ...]:
        """Size, checksum and present commit of files. DownloadError, or TryAgain."""
        from huggingface_hub import HfApi

        try:
            with self._translated(repository):
                info = HfApi(self._endpoint, token=self._token).model_info(
                    repository, files_metadata=True, timeout=_TIMEOUT
                )
                found = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DownloadError(
                f"{self._endpoint} did not answer as the Hub does.",
                "Check the address of the mirror; a network that asks you to log in first answers like this too.",
            ) from error
        files = []
        for name in names:
            sibling = found.get(name)
            if sibling is None:
                raise DownloadError(
                    f"{repository} has no file {name}.", "It may have been renamed; look at the repository's page."
                )
            lfs = sibling.lfs
            if lfs is None or not _SHA256.fullmatch(str(lfs.sha256)) or not isinstance(lfs.size, int) or not info.sha:
                raise DownloadError(
                    f"{self._endpoint} states no checksum for {name}, so what it sends could not be verified.",
                    "Use the Hub itself or another mirror, or download the file by hand and add it.",
                )
            files.append(RemoteFile(repository, name, info.sha, lfs.size, lfs.sha256))
        return tuple(files)

    @contextmanager
    def open(self, file: RemoteFile, start: int) -> Iterator[httpx2.Response]:
        """The file from byte `start` on; 200, 206 or 416, everything else is an error: DownloadError, or TryAgain,
        which also replaces what breaks while the body is read."""
        import httpx2
        from huggingface_hub import get_session
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

        url = f"{self._endpoint}/{file.repository}/resolve/{file.commit}/{quote(file.name)}"
        headers = build_hf_headers(token=self._token, library_name="longwriter-studio")
        # Compressed on the way, the bytes could not be counted.
        headers |= {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        timeout = httpx2.Timeout(_TIMEOUT, connect=_CONNECT_TIMEOUT)
        with (
            self._translated(file.repository),
            get_session().stream("GET", url, headers=headers, timeout=timeout) as response,
        ):
            if response.status_code not in (200, 206, 416):
                response.read()
                hf_raise_for_status(response)
                raise DownloadError(f"{self._endpoint} answered with status {response.status_code}.")
            yield response

    @contextmanager
    def _translated(self, repository: str) -> Iterator[None]:
        import httpx2
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            OfflineModeIsEnabled,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        try:
            yield
        except OfflineModeIsEnabled as error:
            raise DownloadError(
                "Nothing is downloaded in offline mode.", "Unset HF_HUB_OFFLINE, or add a file you have already."
            ) from error
        except GatedRepoError as error:  # a kind of RepositoryNotFoundError, so it comes first
            raise DownloadError(
                f"{repository} is given only to people who accepted its licence.",
                f"Accept it at {self._endpoint}/{repository}, then set HF_TOKEN to a token of that account.",
            ) from error
        except RepositoryNotFoundError as error:
            raise DownloadError(
                f"{self._endpoint} has no repository {repository} that you may see.",
                "Check the name; if it is private, set HF_TOKEN to a token that may read it.",
            ) from error
        except RevisionNotFoundError as error:
            raise DownloadError(
                f"{repository} has changed while it was downloaded.", "Start the download again.", retryable=True
            ) from error
        except HFValidationError as error:
            raise DownloadError(f"{repository!r} is no name of a repository.", "It has the form owner/name.") from error
        except HfHubHTTPError as error:
            raise self._status(repository, error.response) from error
        except httpx2.TransportError as error:
            raise TryAgain(
                DownloadError(
                    f"The connection to {self._endpoint} failed: {error or type(error).__name__}.",
                    "Check the network, or the proxy if there is one. What came so far is kept.",
                    retryable=True,
                )
            ) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise DownloadError(f"{self._endpoint} is no address.", "It begins with https://.") from error
        except httpx2.HTTPError as error:
            raise DownloadError(f"{self._endpoint} did not answer as it should: {error}.", retryable=True) from error

    def _status(self, repository: str, response: httpx2.Response) -> DownloadError | TryAgain:
        status = response.status_code
        if status in (401, 403):
            return DownloadError(
                f"{self._endpoint} refuses access to {repository} (status {status}).",
                "Check HF_TOKEN: it may have expired, or may not read this repository.",
            )
        if status == 404:
            return DownloadError(
                f"{self._endpoint} has no such file in {repository}.", "It may have been moved; start again."
            )
        if status == 429 or status >= 500:
            asks = f"{self._endpoint} asks for fewer requests (status {status})."
            return TryAgain(
                DownloadError(
                    asks if status == 429 else f"{self._endpoint} has a problem of its own (status {status}).",
                    "Try again in a few minutes. What came so far is kept.",
                    retryable=True,
                ),
                _retry_after(response.headers.get("Retry-After")),
            )
        return DownloadError(f"{self._endpoint} answered with status {status}.", retryable=True)


def _retry_after(value: str | None) -> float | None:
    """Seconds, from a number of seconds or a date; None for anything else."""
    if not value:
        return None
    if value.strip().isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - time(), 0.0), _LONGEST_WAIT)
    except ValueError:
        return None
