"""The worker processes of one trial, which train its model together, on a GPU each or on CPUs.

They hold the bundles of the trial's placement group. An error in one of them, or its death, ends
all of them: the others wait for it in an exchange that it will never join. They are actors of the
trial's process, so none outlives it.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_app.data.split_data import SplitData
from tune_app.engine.own_process import captured_output
from tune_app.engine.trial_configs import worker_resources
from tune_app.engine.user_code import Shipped
from tune_app.storage.open_store import worker_store
from tune_app.study.trial_directory import OUTPUT_FILE
from tune_app.study.user_error import error_text
from tune_app.training.checkpoint import WorkerDiedError
from tune_app.training.launch_settings import LaunchSettings
from tune_app.training.model_family import SHIPPED

SECONDS_FOR_DEATHS = 10.0
"""How long an error waits for the news that another worker has died, which may be its cause."""


class WorkerError(RuntimeError):
    """An error in a worker. Its text is the traceback there, and the reason as the last line."""


@dataclass(frozen=True)
class Failure:
    """What a worker returns in place of a result if an error is raised."""

    text: str


@dataclass(frozen=True)
class Place:
    """The place of a worker in a trial.

    Attributes:
        rank: its number, from 0.
        size: how many workers there are.
        folder: where they meet.
        num_threads: the threads of each.
        output: (the study, the file in it for what is printed) for the first worker of a user's
            model; None for the others.
    """

    rank: int
    size: int
    folder: str
    num_threads: int
    output: tuple[str, str] | None


class Worker:
    """One of the processes that train a model; an actor of Ray."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._group: Any = None
        self._run: Any = None

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of this class or of the training; return its result, or a Failure."""
        with ExitStack() as stack:
            if self._place.output is not None:
                study, name = self._place.output
                store = worker_store(study)
                stack.enter_context(captured_output(store, store.root / name))
            try:
                return getattr(self if hasattr(self, method) else self._run, method)(*arguments)
            except Exception as error:
                return Failure(error_text(error))

    def begin(
        self, config: Mapping[str, Any], data: SplitData, last_epoch: int, family: Shipped | None
    ) -> Mapping[str, int]:
        """Meet the other workers and build the model; return its cost."""
        import torch

        from tune_app.training.classifier_run import ClassifierRun
        from tune_app.training.memory import begin_trial, hide_gpus
        from tune_app.training.process_group import join

        place = self._place
        if self._group is None:
            begin_trial()
            torch.set_num_threads(place.num_threads)
            device = torch.device(config["device"])
            if device.type == "cpu":
                hide_gpus()
            self._group = join(place.rank, place.size, Path(place.folder), device)
        loaded: Any = None if family is None else family.load()
        functions = SHIPPED if loaded is None else loaded.family
        self._run = ClassifierRun(config, data, last_epoch, functions, self._group)
        return dict(self._run.cost)

    def load_packed(self, packed: bytes) -> None:
        """Continue from a state."""
        self._run.load_state(unpacked(packed))

    def packed(self, method: str) -> bytes:
        """Return the state or the weights."""
        return packed(getattr(self._run, method)())


class Team:
    """The workers of one trial. Leaving the context ends their processes.

    Args:
        config: what Tune passed to the trial.
        settings: the settings of the launch.
        family: a user's functions, or None.

    Attributes:
        size: how many workers there are.
    """

    def __init__(
        self, config: Mapping[str, Any], settings: LaunchSettings, family: Shipped | None
    ) -> None:
        self._resources, self.size = worker_resources(config["plan"])
        self._output = (settings.study_dir, f"{config['plan']['directory']}/{OUTPUT_FILE}")
        self._family = family
        self._actors: list[Any] = []
        self._held = ExitStack()

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def _end(self) -> None:
        import ray

        while self._actors:
            ray.kill(self._actors.pop())
        self._held.close()

    def begin(self, config: Mapping[str, Any], data: SplitData, last_epoch: int) -> dict[str, int]:
        """Let the workers build the model; return its cost. They are started if none runs."""
        if not self._actors:
            self._start()
        cost: dict[str, int] = self.call("begin", config, data, last_epoch, self._family)[0]
        return cost

    def _start(self) -> None:
        import ray

        context = ray.get_runtime_context()
        session = Path(context.get_temp_dir(), context.get_session_name())
        # A launch deletes the folder of its cluster at its end, even if this process was killed.
        folder = self._held.enter_context(tempfile.TemporaryDirectory(dir=session))
        resources = dict(self._resources)
        num_cpus, num_gpus = resources.pop("CPU"), resources.pop("GPU", 0)
        memory = {"memory": resources.pop("memory")} if "memory" in resources else {}
        # The placement group of the trial captures the actors that the trial starts.
        actor = ray.remote(Worker).options(
            num_cpus=num_cpus, num_gpus=num_gpus, resources=resources, **memory
        )
        for rank in range(self.size):
            output = self._output if self._family is not None and rank == 0 else None
            place = Place(rank, self.size, folder, max(1, int(num_cpus)), output)
            self._actors.append(actor.remote(place))

    def call(self, method: str, *arguments: Any, num_workers: int | None = None) -> list[Any]:
        """Call a method of all workers, or of the first few; return what each of them returns.

        After an error all of them are ended, so that none waits for another one for ever.

        Raises:
            WorkerError: a worker raised an error.
            WorkerDiedError: the process of a worker ended.
        """
        try:
            return self._results(method, arguments, num_workers)
        except (WorkerError, WorkerDiedError):
            self._end()
            raise

    def _results(self, method: str, arguments: Sequence[Any], num_workers: int | None) -> list[Any]:
        import ray

        sent = [ray.put(argument) for argument in arguments]
        calls = [actor.call.remote(method, *sent) for actor in self._actors[:num_workers]]
        failure, waiting = "", calls
        while waiting:
            done, waiting = ray.wait(waiting, timeout=SECONDS_FOR_DEATHS if failure else None)
            if not done:
                break
            found = _failure(done[0])  # also after an error: a death is the reason of others
            failure = failure or found
        if failure:
            raise WorkerError(failure)
        results: list[Any] = ray.get(calls)
        return results


def _failure(call: Any) -> str:
    """Return the text of a worker's error, or an empty text for a result.

    Raises:
        WorkerDiedError: the process of the worker ended.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        result = ray.get(call)
    except RayTaskError as error:
        return str(error)
    except RayError as error:
        raise WorkerDiedError(str(error)) from None
    return result.text if isinstance(result, Failure) else ""


def packed(state: Mapping[str, Any]) -> bytes:
    """Return a state, with tensors on any device, as bytes."""
    import torch

    content = io.BytesIO()
    torch.save(dict(state), content)
    return content.getvalue()


def unpacked(content: bytes) -> dict[str, Any]:
    """Return a state with its tensors on the CPU: the trial itself has no GPU."""
    import torch

    state: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return state
