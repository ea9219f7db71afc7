"""A request together with its data and with what its study has recorded already."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from search_spaces.errors import UserError, one_line
from tune_app.data.array_data import ArrayData
from tune_app.data.own_data import split_notes
from tune_app.data.split_data import SplitData, describe
from tune_app.planning.code_change import check_code, code_notes
from tune_app.planning.plan import Plan, PlanOptions, make_plan
from tune_app.planning.repeats import SAME_AT_EVERY_SEED, check_seeds, same_at_every_seed
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.study_data import (
    check_objective,
    load_images,
    load_own_data,
    num_train,
)
from tune_app.storage.store import STUDY_FILE
from tune_app.study.ledger import Ledger, extend_ledger, new_ledger, open_ledger
from tune_app.study.objective import Objective
from tune_app.study.recorded import Recorded
from tune_app.study.rows import MOST_ROWS
from tune_app.training.registry import Trainable, check_config, find_trainable


@dataclass(frozen=True)
class CheckedRequest:
    """A request that agrees with its trainable and with the existing study.

    Attributes:
        request: what the user asks for.
        trainable: the trainable of the space.
        existing: the existing study; None if there is none or ``--fresh`` renames it.
        own_data: the data sets of the space that have been loaded.
    """

    request: StudyRequest
    trainable: Trainable
    existing: Ledger | None
    own_data: Mapping[str, ArrayData] = field(default_factory=dict)

    def dataset_names(self) -> list[str]:
        """Return the data sets that the configurations of the space and of the study use.

        The study may have configurations that the space no longer has. There are none for a
        function that takes no data.
        """
        if not self.trainable.uses_images:
            return []
        existing = self.existing.configurations() if self.existing else ()
        configurations = (*self.request.space.corners(), *existing)
        configs = [self.trainable.complete(c.config) for c in configurations]
        return list(dict.fromkeys(c["dataset"] for c in configs if "dataset" in c))

    def with_own_data(self, say: Callable[[str], None]) -> CheckedRequest:
        """Return this request with the data sets of the space that it uses, each loaded once.

        Args:
            say: shows a line to the user.

        Raises:
            UserError: a data set cannot be loaded.
        """
        own = load_own_data(self.request, self.dataset_names(), self.own_data, say)
        return replace(self, own_data=own)

    def device(self, cluster: Cluster) -> str:
        """Return the device for ``device: auto``: the study's, else a GPU if there is one."""
        if self.request.device != "auto":
            return self.request.device
        if self.existing is not None:
            return str(self.existing.study["device"])
        return "cuda" if cluster.total("GPU") > 0 else "cpu"


@dataclass(frozen=True)
class PreparedStudy:
    """Everything that a plan is made from. Nothing has been written yet.

    Attributes:
        checked: the request.
        images: data set -> its items, split.
        ledger: the study, extended by what the request adds.
        num_added: the number of rows that the request adds to an existing study.
        recorded: what earlier launches recorded.
    """

    checked: CheckedRequest
    images: Mapping[str, SplitData]
    ledger: Ledger
    num_added: int
    recorded: Recorded

    @property
    def request(self) -> StudyRequest:
        """What the user asks for."""
        return self.checked.request

    @property
    def trainable(self) -> Trainable:
        """The trainable of the study."""
        return self.checked.trainable

    def notes(self) -> list[str]:
        """Return what a user has to know of the study that is there, one line each."""
        notes = [*self.recorded.notes, *split_notes(self.images)]
        existing = self.checked.existing
        if existing is not None:
            before, now = Objective.of_study(existing.study), Objective.of_study(self.ledger.study)
            if before != now:
                notes.append(
                    f"the objective of the study was {before} and is now {now}; the best "
                    "configurations and the weights that are kept follow it"
                )
            notes += code_notes(existing.study, self.ledger.study, self.recorded)
        return [f"note: {one_line(note)}" for note in notes]

    def is_changed(self) -> bool:
        """Return whether the request changes what ``study.json`` says of an existing study."""
        existing = self.checked.existing
        return existing is not None and existing.study != self.ledger.study

    def plan(self, cluster: Cluster) -> Plan:
        """Return the plan for the rows that are not finished."""
        request = self.request
        return make_plan(
            self.ledger.configurations(),
            self.ledger.study["seeds"],
            self.trainable,
            request.space.resources,
            cluster=cluster,
            finished=self.recorded.ended(self.ledger.study),
            num_train=num_train(self.images),
            options=PlanOptions(
                device=str(self.ledger.study["device"]),
                sharing=request.sharing,
                trials_per_gpu=request.trials_per_gpu,
                exclusive=request.space.exclusive,
            ),
        )

    def on(self, cluster: Cluster) -> PreparedStudy:
        """Return this study for a changed cluster. A new study uses a GPU that has been added."""
        ledger, num_added = _make_ledger(self.checked, self.images, self.checked.device(cluster))
        return replace(self, ledger=ledger, num_added=num_added)


def check_request(request: StudyRequest) -> CheckedRequest:
    """Read the existing study, and check that space, trainable and study agree.

    Raises:
        UserError: they do not agree, or an option is not allowed for this space.
    """
    if not request.space.has_domains:
        _check_num_rows(request.space.num_configurations() or 0, len(request.seeds))
    if request.space.exclusive and request.trials_per_gpu > 1:
        raise UserError(
            f"--trials-per-gpu {request.trials_per_gpu}: {request.space.name} measures the time of "
            "trials, so each has a GPU to itself; leave the option out"
        )
    trainable = find_trainable(request.space)
    if request.vary_split and not trainable.uses_images:
        raise UserError(
            f"--vary-split: {request.space.name} uses no images, so there is nothing to split; "
            "leave the option out"
        )
    existing = None if request.fresh else open_ledger(request.store)
    if existing is not None and existing.study["space"]["trainable"] == trainable.name:
        _check_existing(existing, trainable)
        if existing.study["space"]["name"] == request.space.name:
            check_code(existing, request)
    return CheckedRequest(request, trainable, existing)


def prepare(checked: CheckedRequest, cluster: Cluster) -> PreparedStudy:
    """Load the data and read what the study has recorded.

    Raises:
        UserError: there are no such images, the trainable does not report the objective, new seeds
            would repeat the result of another seed, or the existing study was made with other data
            or settings.
    """
    checked = checked.with_own_data(lambda _line: None)
    images = load_images(checked.request, checked.dataset_names(), checked.own_data)
    check_objective(checked.request.space, checked.trainable, images)
    _check_new_seeds(checked, images)
    ledger, num_added = _make_ledger(checked, images, checked.device(cluster))
    recorded = Recorded(()) if checked.request.fresh else ledger.read_trials()
    return PreparedStudy(checked, images, ledger, num_added, recorded)


def _check_new_seeds(checked: CheckedRequest, images: Mapping[str, SplitData]) -> None:
    """Refuse new seeds that would repeat the result of another seed."""
    request = checked.request
    known = set(checked.existing.study["seeds"]) if checked.existing else set()
    if not request.vary_split and set(request.seeds) - known:
        seeds = known | set(request.seeds)
        check_seeds(request.space, seeds, checked.trainable, num_train(images))


def _make_ledger(
    checked: CheckedRequest, images: Mapping[str, SplitData], device: str
) -> tuple[Ledger, int]:
    """Return the study extended by the request, and the number of rows added to an existing one."""
    request = checked.request
    wanted = new_ledger(
        request.store,
        request.space,
        request.seeds,
        device=device,
        data=describe(images, request.source, request.num_images, request.split_seed),
        defaults=checked.trainable.defaults(),
        code=request.code,
    )
    ledger, num_added = wanted, 0
    if checked.existing is not None:
        ledger = Ledger(request.store, copy.deepcopy(checked.existing.study))
        num_added = extend_ledger(ledger, wanted)
        _check_num_rows(len(ledger.study["configurations"]), len(ledger.study["seeds"]))
    ledger.study.pop(SAME_AT_EVERY_SEED, None)
    configurations = [] if request.vary_split else ledger.configurations()
    same = same_at_every_seed(configurations, checked.trainable, num_train(images))
    if same:
        ledger.study[SAME_AT_EVERY_SEED] = same
    return ledger, num_added


def _check_existing(ledger: Ledger, trainable: Trainable) -> None:
    where = ledger.store.place_of(ledger.root / STUDY_FILE)
    described = ledger.study["data"]["datasets"]
    for configuration in ledger.configurations():
        check_config(where, trainable, configuration.config)
        dataset = trainable.complete(configuration.config).get("dataset")
        if trainable.uses_images and dataset not in described:
            raise UserError(
                f"{where}: data lacks {dataset}, which its configurations use; restore it from "
                "a copy, or use --study NAME for another study"
            )


def _check_num_rows(num_configurations: int, num_seeds: int) -> None:
    if num_configurations * num_seeds > MOST_ROWS:
        raise UserError(
            f"{num_configurations:,} configurations at {num_seeds:,} seeds are "
            f"{num_configurations * num_seeds:,} rows; allowed: at most {MOST_ROWS:,}; shorten the "
            "axes or --seeds"
        )
