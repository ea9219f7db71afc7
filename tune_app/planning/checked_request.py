"""A request that agrees with its trainable and with the study that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from search_spaces.errors import UserError
from tune_app.data.array_data import ArrayData
from tune_app.data.datasets import DATASETS
from tune_app.planning.best_of import check_is_repeat
from tune_app.planning.code_change import check_code
from tune_app.planning.limits import with_direction
from tune_app.planning.objectives import with_recorded_objectives
from tune_app.planning.order import RANDOM
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster, check_gpus
from tune_app.planning.search_options import check_one_seed, check_search, search_settings
from tune_app.planning.study_data import load_own_data
from tune_app.storage.store import STUDY_FILE
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.rows import MOST_ROWS
from tune_app.study.search_settings import SEARCH, SearchSettings
from tune_app.training.registry import Trainable, check_config, find_trainable


@dataclass(frozen=True)
class CheckedRequest:
    """A request that agrees with its trainable and with the existing study.

    Attributes:
        request: what the user asks for.
        trainable: the trainable of the space.
        existing: the existing study; None if there is none or ``--fresh`` renames it.
        own_data: the data sets of the space that have been loaded.
        search: the settings of the search, or None if the launch does not search.
    """

    request: StudyRequest
    trainable: Trainable
    existing: Ledger | None
    own_data: Mapping[str, ArrayData] = field(default_factory=dict)
    search: SearchSettings | None = None

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
        named = [c["dataset"] for c in configs if "dataset" in c]
        known = {*DATASETS, *self.request.space.datasets}
        added = [text for point in self.request.add for name, text in point if name == "dataset"]
        return list(dict.fromkeys([*named, *(text for text in added if text in known)]))

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


def check_request(request: StudyRequest) -> CheckedRequest:
    """Read the existing study, and check that space, trainable and study agree.

    Raises:
        UserError: they do not agree, or an option is not allowed for this space.
    """
    existing = None if request.fresh else open_ledger(request.store)
    if not request.seeds:
        known = () if existing is None else tuple(existing.study["seeds"])
        request = replace(request, seeds=known or (0,))
    if request.search.is_empty:
        check_num_rows(request.space.num_configurations() or 0, len(request.seeds))
    if request.space.exclusive and request.trials_per_gpu > 1:
        raise UserError(
            f"--trials-per-gpu {request.trials_per_gpu}: {request.space.name} measures the time of "
            "trials, so each has a GPU to itself; leave the option out"
        )
    _check_rows(request)
    trainable = find_trainable(request.space)
    check_gpus(request.space, trainable)
    for option, is_given in (
        ("--vary-split", request.vary_split),
        ("--budget", request.budget_seconds is not None),
    ):
        if is_given and not trainable.uses_images:
            raise UserError(
                f"{option}: {request.space.name} uses no images, so there is nothing to split or "
                "to choose; leave the option out"
            )
    if request.num_images is not None and not trainable.uses_images:
        note = f"{request.space.name} uses no images, so --images {request.num_images} does nothing"
        request = replace(request, notes=(*request.notes, note))
    check_is_repeat(request, existing)
    if existing is not None:
        request = with_recorded_objectives(request, existing)
    request = replace(request, limits=with_direction(request.limits, request.space))
    if existing is not None and existing.study["space"]["trainable"] == trainable.name:
        _check_existing(existing, trainable)
        if existing.study["space"]["name"] == request.space.name:
            check_code(existing, request)
    recorded = None if existing is None else existing.study.get(SEARCH)
    search = search_settings(request, recorded)
    if request.further is not None and existing is None:
        raise UserError(
            f"--continue {request.further[0]}: {request.store.place}: no study there; run it first"
        )
    if search is not None or (recorded is not None and request.space.has_domains):
        check_one_seed(request, existing)
    if search is not None:
        check_search(search, request, trainable)
    return CheckedRequest(request, trainable, existing, search=search)


def _check_rows(request: StudyRequest) -> None:
    """Check that the options that choose, add and order rows belong together.

    Raises:
        UserError: they do not.
    """
    if request.further is not None and (request.add or request.where):
        other = "--add" if request.add else "--where"
        raise UserError(f"--continue takes one row further; leave out {other}")
    if request.order is not None and request.space.exclusive and request.order.name != RANDOM:
        raise UserError(
            f"--order {request.order.name}: {request.space.name} measures the time of trials, "
            "which start in random order, so that a machine that becomes slower favours no value; "
            f"leave the option out, or use --order {RANDOM}:SEED"
        )


def check_num_rows(num_configurations: int, num_seeds: int) -> None:
    """Check that a study does not get more rows than are allowed.

    Raises:
        UserError: it would.
    """
    if num_configurations * num_seeds > MOST_ROWS:
        raise UserError(
            f"{num_configurations:,} configurations at {num_seeds:,} seeds are "
            f"{num_configurations * num_seeds:,} rows; allowed: at most {MOST_ROWS:,}; shorten the "
            "axes or --seeds"
        )


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
