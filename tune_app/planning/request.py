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
        seeds: one replicate of every configuration per seed.
        source: ``full``, ``sample`` or a folder.
        num_images: images per data set, or None for all.
        split_seed: seed of the split and of the subset.
        vary_split: whether each replicate's seed is the seed of its split and of its subset.
        device: what ``device: auto`` means: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
        sharing: whether work is shared between rows.
        trials_per_gpu: how many CUDA trials share a GPU.
        max_concurrent: most trials at once, 0 for no limit.
        fresh: whether to begin anew beside a study that is there.
        shared_storage: whether the user says that every node reaches the study.
    """

    space: SearchSpace
    store: StudyStore
    seeds: tuple[int, ...] = (0,)
    source: str = "full"
    num_images: int | None = None
    split_seed: int = 0
    vary_split: bool = False
    device: str = "auto"
    sharing: bool = True
    trials_per_gpu: int = 1
    max_concurrent: int = 0
    fresh: bool = False
    shared_storage: bool = False

    @property
    def root(self) -> Path:
        """The local folder with the study's files."""
        return self.store.root
