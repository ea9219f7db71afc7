"""What a command asks for, before anything of it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from search_spaces.space import SearchSpace
from tune_app.storage.store import StudyStore


@dataclass(frozen=True)
class StudyRequest:
    """What a command asks for.

    Attributes:
        space: the search space.
        store: where the study is kept.
        arguments: the command line's words, for the record of the launch.
        seeds: one replicate of every configuration per seed.
        source: ``full``, ``sample`` or a folder.
        num_images: images per data set, or None for all.
        budget_seconds: choose the number of images so that the study fits into this time.
        split_seed: seed of the split and of the subset.
        vary_split: whether each replicate's seed is the seed of its split and of its subset.
        device: what ``device: auto`` means: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
        sharing: whether work is shared between rows.
        trials_per_gpu: how many CUDA trials share a GPU.
        max_concurrent: most trials at once, 0 for no limit.
        max_failures: how often a trial is tried again after an error.
        checkpoint_seconds: least time between two checkpoints of a trial.
        fresh: whether to begin anew beside a study that is there.
        shared_storage: whether the user says that every node reaches the study.
        address: a running cluster, or None to start one on this machine.
        wait_seconds: how long to wait for nodes that rows need and the cluster does not have yet.
        log_to: the experiment tracker that gets the results too, or None.
    """

    space: SearchSpace
    store: StudyStore
    arguments: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    source: str = "full"
    num_images: int | None = None
    budget_seconds: float | None = None
    split_seed: int = 0
    vary_split: bool = False
    device: str = "auto"
    sharing: bool = True
    trials_per_gpu: int = 1
    max_concurrent: int = 0
    max_failures: int = 2
    checkpoint_seconds: float = 30.0
    fresh: bool = False
    shared_storage: bool = False
    address: str | None = None
    wait_seconds: float = 0.0
    log_to: str | None = None

    @property
    def root(self) -> Path:
        """The local folder with the study's files."""
        return self.store.root
