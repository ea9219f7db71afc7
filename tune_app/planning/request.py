"""What the user asks for, before it is checked against the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from search_spaces.space import SearchSpace
from tune_app.planning.added_points import Point
from tune_app.planning.limits import Limits
from tune_app.planning.order import Order
from tune_app.planning.row_choice import Condition
from tune_app.planning.search_options import SearchOptions
from tune_app.storage.store import StudyStore
from tune_app.study.best_of import BestOf

FRESH_CALL = ", fresh=True"
"""How ``--fresh`` stands in a call of ``run_study``."""


@dataclass(frozen=True)
class StudyRequest:
    """What the user asks for.

    Attributes:
        space: the search space.
        store: where the study is kept.
        code: the user's code: file name -> its fingerprint; empty for a space without any.
        accept_code_change: whether to go on with a study that was made with other code.
        arguments: the words of the command line, for the record of the launch.
        call: the call of ``run_study`` that asks for this with a space that no command can name;
            empty if a command does.
        seeds: every configuration is run once per seed; empty for the seeds of the study, which are
            0 for a new one.
        source: ``full``, ``sample`` or a folder with images.
        num_images: images per data set, or None for all.
        budget_seconds: the time that the study may take, which decides the number of images; None
            for no limit.
        split_seed: the seed of the split and of the subset.
        vary_split: whether each row's seed is also the seed of its split and of its subset.
        device: the device for ``device: auto``: ``cpu``, ``cuda``, or ``auto`` for a GPU if there
            is one.
        sharing: whether rows may share a trial.
        check_sharing: whether one row that shares a trial is repeated alone and compared.
        trials_per_gpu: how many CUDA trials share a GPU.
        max_concurrent: the most trials at once; 0 for no limit.
        max_failures: how often a trial is tried again after an error.
        retry_errors: whether that also holds for an error that a user's function raised.
        checkpoint_seconds: the shortest time between two checkpoints of a trial.
        fresh: whether to rename an existing study and begin a new one.
        shared_storage: whether the user says that every node reaches the study.
        address: the address of a running cluster, or None to start one on this machine.
        wait_seconds: how long to wait for nodes that rows need and the cluster does not have yet.
        log_to: the experiment tracker that also gets the results, or None.
        search: what the user says about a search.
        limits: what ends the launch or a trial before all work is done.
        further: the configuration that is to be taken further, by its id or the beginning of it,
            and its new number of epochs; None to run the whole study.
        has_objective: whether the user names the objectives of the space; else those of the study
            hold.
        best_of: the picks of another study that the study repeats, or None.
        notes: what the user has to know of the request, one line each.
        add: points that are added to the study: the parameters that each names, and their values.
        where: the conditions of the rows that are run; the others stay open.
        order: in which order trials start; None for the default of the study.
    """

    space: SearchSpace
    store: StudyStore
    code: Mapping[str, str] = field(default_factory=dict)
    accept_code_change: bool = False
    arguments: tuple[str, ...] = ()
    call: str = ""
    seeds: tuple[int, ...] = ()
    source: str = "full"
    num_images: int | None = None
    budget_seconds: float | None = None
    split_seed: int = 0
    vary_split: bool = False
    device: str = "auto"
    sharing: bool = True
    check_sharing: bool = False
    trials_per_gpu: int = 1
    max_concurrent: int = 0
    max_failures: int = 2
    retry_errors: bool = False
    checkpoint_seconds: float = 30.0
    fresh: bool = False
    shared_storage: bool = False
    address: str | None = None
    wait_seconds: float = 0.0
    log_to: str | None = None
    search: SearchOptions = field(default_factory=SearchOptions)
    limits: Limits = field(default_factory=Limits)
    further: tuple[str, int] | None = None
    has_objective: bool = False
    best_of: BestOf | None = None
    notes: tuple[str, ...] = ()
    add: tuple[Point, ...] = ()
    where: tuple[Condition, ...] = ()
    order: Order | None = None
