"""Every error a person can meet, as one tree.

    LongWriterError              message, hint (what to do), retryable
    |- BriefError                the instruction or the target length cannot be used
    |- PlanError                 no step found in a plan; keeps the raw text
    |- EditError                 an edit that does not fit the draft
    |  `- ConflictError          somebody else changed the same card first
    |- StoreError                the store cannot be opened, read or written
    |  |- DraftNotFound          no draft with this id
    |  `- DraftBusy              another job or process is writing this draft
    |- LimitReached              a visitor has all that is allowed where several people share a studio
    |- NotAllowed                only the person who runs the studio may do this
    |- EngineError               the model failed while planning or writing
    |  |- ModelFileError         the file is no usable GGUF
    |  |- LoadCancelled          loading was cancelled by the person
    |  |- NotLoaded              no model is chosen, or it cannot be loaded for another reason than its file
    |  |- NotEnoughMemory        memory does not hold the model or its context
    |  |- ServerError            a server cannot be reached, or does not work
    |  `- ContextTooSmall        the piece does not fit; carries needed and available tokens
    |- JudgeError                a judge of quality gave no answer that can be read
    |- CatalogError              no such model or build, or a catalogue file is wrong
    |- DownloadError             a model could not be fetched whole; what came is kept
    |- ExportError               a file could not be made or written
    |- ImportRefused             a file cannot be made into a draft
    `- SpaceError                a Space cannot be built or pushed

Foreign exceptions (OSError, sqlite3.Error, llama.cpp return codes) are translated where they arise, with
`raise ... from error`. The text of an error is for the person; it never enters a draft.
"""

from __future__ import annotations


class LongWriterError(Exception):
    """Base of the tree: `message` says what happened, `hint` what to do about it."""

    def __init__(self, message: str, hint: str = "", *, retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BriefError(LongWriterError):
    """The instruction or the target length cannot be used."""


class PlanError(LongWriterError):
    """No step could be found in a plan; `raw` is the text as it came, for the person to edit."""

    def __init__(self, message: str, hint: str = "", *, raw: str = "") -> None:
        super().__init__(message, hint, retryable=True)
        self.raw = raw


class EditError(LongWriterError):
    """An edit that does not fit the draft as it is."""


class ConflictError(EditError):
    """The card was changed after the revision the edit was based on."""


class StoreError(LongWriterError):
    """The store cannot be opened, read or written."""


class DraftNotFound(StoreError):
    """There is no draft with this id."""


class DraftBusy(StoreError):
    """Another job, here or in another process, is writing this draft."""


class LimitReached(LongWriterError):
    """A visitor has all that is allowed where several people share a studio."""


class NotAllowed(LongWriterError):
    """Only the person who runs the studio may do this, or the request does not say whose it is."""


class EngineError(LongWriterError):
    """The model failed while loading, planning or writing."""


class ModelFileError(EngineError):
    """The file is missing, damaged, or no model that this build of llama.cpp can run."""


class LoadCancelled(EngineError):
    """The person cancelled the loading of a model."""


class NotLoaded(EngineError):
    """There is no engine to be had, though the model's file may be good: no job would do."""


class NotEnoughMemory(EngineError):
    """The memory, of the machine or of its graphics card, does not hold the model or its context."""


class ServerError(EngineError):
    """A server of models cannot be reached, does not let us in, or does not work: no request to it would do."""


class ContextTooSmall(EngineError):
    """The piece needs `needed` tokens of context and only `available` can be had."""

    def __init__(self, message: str, hint: str = "", *, needed: int, available: int) -> None:
        super().__init__(message, hint)
        self.needed = needed
        self.available = available


class JudgeError(LongWriterError):
    """A judge of quality gave no answer that can be read."""


class CatalogError(LongWriterError):
    """No model or build of this name is known, or a catalogue file is wrong."""


class DownloadError(LongWriterError):
    """A model could not be fetched whole; what came of it is kept, unless it was wrong."""


class ExportError(LongWriterError):
    """A file could not be made or written; the draft is untouched."""


class ImportRefused(LongWriterError):
    """A file cannot be made into a draft; nothing was added."""


class SpaceError(LongWriterError):
    """A Space cannot be built or pushed."""
