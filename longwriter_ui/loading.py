"""Loading a model and testing it: for a job that needs it, or in the background as a job of its own of the one worker,
so never while it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from longwriter_ui.config import Settings, load_settings, save_settings
from longwriter_ui.draft import FinishReason
from longwriter_ui.engine.base import Cancel, Engine, EngineInfo
from longwriter_ui.engine.templates import NAMES
from longwriter_ui.errors import EngineError, LoadCancelled, LongWriterError, ModelFileError, NotLoaded
from longwriter_ui.events import Event, Failed, Finished, Loading, SelfTested, SelfTesting
from longwriter_ui.host import EngineHost, ModelChoice, Place
from longwriter_ui.jobs import Job, Worker
from longwriter_ui.models import Models
from longwriter_ui.paths import Home
from longwriter_ui.selftest import SelfTest, SelfTests, self_test
from longwriter_ui.server import Server
from longwriter_ui.weights.fit import Fit, Verdict
from longwriter_ui.weights.library import LocalModel


class LoadJob(Job):
    """Loading the model `choice` and testing it; None: unloading."""

    def __init__(self, choice: ModelChoice | None, remember: bool = False) -> None:
        super().__init__("", "load", lambda: None)
        self.choice = choice
        self.remember = remember
        self.share = 0.0  # of the model that is loaded
        self.testing = False


@dataclass(frozen=True)
class ModelState:
    """The model in use (`info` while it is in memory, `test` when it was tested), and the one being loaded: `doing` it
    with `share` of it done. `failure` is that of the last load."""

    choice: ModelChoice | None
    info: EngineInfo | None
    test: SelfTest | None
    doing: Literal["", "waiting", "loading", "testing"]
    target: ModelChoice | None
    share: float
    failure: LongWriterError | None


class Loader:
    """What a person does with the model in use, and what is chosen for its engine; knows its state for everybody."""

    def __init__(self, host: EngineHost, models: Models, worker: Worker, home: Home) -> None:
        self._host, self._models, self._worker, self._path = host, models, worker, home.settings
        self._tests = SelfTests(home.selftests)
        self._lock = threading.Lock()
        self._job: LoadJob | None = None
        self._tested: tuple[ModelChoice, SelfTest] | None = None

    def check(self, path: Path) -> ModelChoice:
        """What a file says of itself; ModelFileError when it is no usable model."""
        return self._host.check(path)

    def load(self, place: Place, *, remember: bool = True) -> LoadJob:
        """Load the GGUF there when the jobs before are done, or connect to the server, test it, and use it from then on
        (`remember`: after a restart too). Whatever goes wrong leaves the present one in use; ModelFileError at once
        where the file's header tells."""
        return self._submit(LoadJob(self._host.check(place), remember))

    def unload(self) -> LoadJob:
        """Free the model's memory when the jobs before are done; the next one loads it again."""
        return self._submit(LoadJob(None))

    def cancel(self) -> None:
        """Stop loading or testing, if that is going on; the present model stays in use."""
        job = self._job
        if job is not None and not job.ended:
            self._worker.cancel(job)

    @property
    def settings(self) -> Settings:
        """What is chosen for the engine; it holds from the next load on."""
        return load_settings(self._path)

    def set_engine(self, threads: int | None, gpu_layers: int | None) -> None:
        """None: chosen automatically."""
        self.save(threads=threads, gpu_layers=gpu_layers)

    def set_template(self, path: Path, template: str | None) -> None:
        """The chat template of a model file, from the next load on; None: guessed. EngineError for an unknown one."""
        if template is not None and template not in NAMES:
            raise EngineError(f"There is no template named {template!r}.", f"Choose one of: {', '.join(NAMES)}.")
        templates = {name: chosen for name, chosen in self.settings.templates.items() if name != str(path)}
        self.save(templates=templates if template is None else {**templates, str(path): template})

    def set_adapter(self, path: Path, adapter: str) -> None:
        """The adapter applied to a model file, PATH[:SCALE], from the next job on where that model is chosen; empty:
        none. ModelFileError, and nothing is changed, when it cannot be applied to this model."""
        before = self.settings.adapters
        others = {name: chosen for name, chosen in before.items() if name != str(path)}
        self.save(adapters={**others, str(path): adapter} if adapter else others)
        try:
            choice = self._host.check(path)
        except ModelFileError:
            self.save(adapters=before)
            raise
        if self._host.choice is not None and self._host.choice.path == path:
            self._host.choose(choice.place)

    def remove(self, name: str, quant: str | None = None) -> tuple[LocalModel, bool]:
        """Delete or forget a model, see `Models.remove`; ModelFileError for the one that is chosen: here, or by another
        process, since the choice is remembered for all."""
        here, saved, choice = self._models.local(name, quant), self.settings.model, self._host.choice
        chosen = [Path(saved)] if saved is not None else []
        if here.path in [*chosen, choice.path if choice is not None else None]:
            raise ModelFileError(f"{here.path.name} is in use.", "Use another model first.")
        return self._models.remove(name, quant)

    def beside(self, place: Place) -> Engine:
        """Another engine than the one in use, for whoever asks; it is theirs to close."""
        return self._host.beside(place)

    def models_at(self, server: Server) -> tuple[str, ...]:
        """The models that a server has; ServerError when it cannot be asked."""
        return self._host.models_at(server)

    def remember(self, choice: ModelChoice) -> None:
        """Use it after a restart too."""
        self.save(model=str(choice.path) if choice.path is not None else None, server=choice.server)

    def save(self, **changes: Any) -> None:
        """Change some of the settings; StoreError when they cannot be saved."""
        save_settings(self._path, replace(self.settings, **changes))

    @property
    def state(self) -> ModelState:
        """The model in use and the one being loaded."""
        job, choice, tested = self._job, self._host.choice, self._tested
        progress = self._worker.progress(job) if job is not None else None
        waiting = progress is not None and progress.phase == "queued" and progress.place > 0
        busy = job is not None and not job.ended and job.choice is not None
        loaded = self._host.is_loaded
        return ModelState(
            choice=choice,
            info=self._host.info if loaded else None,
            test=tested[1] if tested is not None and tested[0] == choice and loaded else None,
            doing="" if not busy or job is None else "waiting" if waiting else "testing" if job.testing else "loading",
            target=job.choice if busy and job is not None else None,
            share=job.share if job is not None else 0.0,
            failure=job.failure if job is not None else None,
        )

    def ready(self, cancel: Cancel, tell: Callable[[Event], None]) -> Engine:
        """Called by the worker: the engine for a job, loaded where it is not in memory yet. Its self-test is told when
        it was made just now or found something; whatever it found, the job goes on. LoadCancelled when cancelled."""
        choice = self._host.choice
        if choice is None or self._host.is_loaded:
            return self._host.engine()
        tell(Loading(choice.name))
        if self._preflight(choice).verdict is not Verdict.FITS:
            self._host.unload()  # memory may not hold the model before and this one
        engine = self._host.engine(lambda _: not cancel.is_set())
        if choice.path is None or not choice.path.is_file():
            return engine  # no template was guessed, so none can be wrong
        test, fresh = self._tests.of(choice.path, engine.info), False
        if test is None:
            tell(SelfTesting(choice.name))
            try:
                test, fresh = self_test(engine, cancel), True
            except EngineError as error:
                test = SelfTest("", 0, 0.0, (f"It could not answer. {error.message}",))
        if test is not None:
            self._keep(choice, engine.info, test)
            if fresh or not test.passed:
                tell(SelfTested(test.problems, fresh))
        return engine

    def perform(self, job: LoadJob) -> None:
        """Called by the worker."""
        try:
            if job.choice is None:
                self._host.unload()
            else:
                self._load(job, job.choice)
            job.emit(Finished(FinishReason.CANCELLED if job.cancelled.is_set() else FinishReason.STOP))
        except LoadCancelled:
            job.emit(Finished(FinishReason.CANCELLED))
        except LongWriterError as error:
            job.emit(Failed(error))

    def _load(self, job: LoadJob, choice: ModelChoice) -> None:
        job.emit(Loading(choice.name))
        alone = self._preflight(choice).verdict is not Verdict.FITS

        def proceed(share: float) -> bool:
            job.share = share
            return not job.cancelled.is_set()

        def try_it(engine: Engine) -> None:
            job.testing = True
            test = self_test(engine, job.cancelled)
            if test is None:
                raise LoadCancelled(f"Loading {choice.name} was cancelled.", retryable=True)
            self._keep(choice, engine.info, test)

        self._host.swap(choice, try_it, proceed, alone=alone)
        if job.remember:
            self.remember(choice)

    def _keep(self, choice: ModelChoice, info: EngineInfo, test: SelfTest) -> None:
        self._tested = (choice, test)
        if choice.path is None:
            return
        self._tests.keep(choice.path, info, test)
        if self._models.speeds.of(choice.path) is None:
            self._models.speeds.record(choice.path, test.tokens_per_second)

    def _preflight(self, choice: ModelChoice) -> Fit:
        """Refuse what cannot be, before memory runs out."""
        if choice.path is None:
            return Fit(Verdict.FITS, 0, 0, "", 0, 0)
        try:
            fit = self._models.fit(choice.path, words=0)
        except ModelFileError:
            # Not a file of ours to judge: an engine that is no file, or one that only llama.cpp understands.
            return Fit(Verdict.FITS, 0, 0, "", 0, 0)
        if fit.verdict is Verdict.TOO_LARGE:
            raise NotLoaded(f"{choice.name} cannot be loaded. {fit.reason}", "Choose a smaller model or build.")
        return fit

    def _submit(self, job: LoadJob) -> LoadJob:
        with self._lock:
            self._job = job
            self._worker.submit(job)
        return job
