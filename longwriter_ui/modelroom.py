"""What the studio does about models: choose one, load and test it, free it, set how it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from longwriter_ui.config import Settings, load_settings, save_settings
from longwriter_ui.engine.templates import NAMES as TEMPLATES
from longwriter_ui.errors import EngineError
from longwriter_ui.host import EngineHost, ModelChoice
from longwriter_ui.loading import Loader, LoadJob, ModelState
from longwriter_ui.models import Models
from longwriter_ui.paths import Home
from longwriter_ui.workshop import Workshop


class ModelRoom:
    """The part of the studio that is about models; loading is a job among the others of the workshop."""

    def __init__(self, home: Home, host: EngineHost, workshop: Workshop, loader: Loader, models: Models) -> None:
        self._home = home
        self._host = host
        self._workshop = workshop
        self._loader = loader
        self.models = models

    @property
    def model(self) -> ModelChoice | None:
        """The model the next job will use."""
        return self._host.choice

    def choose_model(self, path: Path) -> ModelChoice:
        """Use the GGUF at `path` from the next job on, and after a restart; ModelFileError keeps the present one."""
        choice = self._host.choose(path)
        self._save(model=str(choice.path))
        return choice

    def load_model(self, path: Path, *, remember: bool = True) -> LoadJob:
        """Load the GGUF at `path` when the jobs before are done, test it, and use it from then on (`remember`: after a
        restart too). Whatever goes wrong leaves the present one in use; ModelFileError at once where the file's header
        tells."""
        return self._workshop.submit(self._loader.job(path, remember))

    def unload_model(self) -> LoadJob:
        """Free the model's memory when the jobs before are done; the next one loads it again."""
        return self._workshop.submit(self._loader.unload_job())

    def cancel_load(self) -> None:
        """Stop loading or testing, if that is going on; the present model stays in use."""
        job = self._loader.current
        if job is not None and not job.ended:
            self._workshop.cancel(job)

    @property
    def model_state(self) -> ModelState:
        """The model in use and the one being loaded."""
        job = self._loader.current
        progress = self._workshop.progress_of(job) if job is not None else None
        return self._loader.state(waiting=progress is not None and progress.phase == "queued" and progress.place > 0)

    @property
    def settings(self) -> Settings:
        """What is chosen for the engine; it holds from the next load on."""
        return load_settings(self._home.settings)

    def set_engine(self, threads: int | None, gpu_layers: int | None) -> None:
        """None: chosen automatically."""
        self._save(threads=threads, gpu_layers=gpu_layers)

    def set_template(self, path: Path, template: str | None) -> None:
        """The chat template of a model file, from the next load on; None: guessed. EngineError for an unknown one."""
        if template is not None and template not in TEMPLATES:
            raise EngineError(f"There is no template named {template!r}.", f"Choose one of: {', '.join(TEMPLATES)}.")
        templates = {name: chosen for name, chosen in self.settings.templates.items() if name != str(path)}
        self._save(templates=templates if template is None else {**templates, str(path): template})

    def _save(self, **changes: Any) -> None:
        save_settings(self._home.settings, replace(self.settings, **changes))
