"""A request put together with its data and with what is there of its study already."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_spaces.errors import UserError
from tune_app.data import images as image_data
from tune_app.planning.plan import Plan, PlanOptions, make_plan
from tune_app.planning.repeats import SAME_AT_EVERY_SEED, check_seeds, same_at_every_seed
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.study.ledger import Ledger, extend_ledger, new_ledger, open_ledger
from tune_app.study.recorded import Recorded
from tune_app.study.rows import MOST_ROWS
from tune_app.training.registry import Trainable, check_config, find_trainable


@dataclass(frozen=True)
class CheckedRequest:
    """A request that agrees with its trainable and with the study that is there.

    Attributes:
        request: what the command asks for.
        trainable: what its trials train.
        existing: the study as it is, None if none is there or it is to be put aside.
    """

    request: StudyRequest
    trainable: Trainable
    existing: Ledger | None

    def dataset_names(self) -> list[str]:
        """Return the data sets that some configuration of the space, or of the study, uses.

        A study keeps the rows of a space that has become smaller since.
        """
        existing = self.existing.configurations() if self.existing else ()
        configs = [c.config for c in (*self.request.space.expand(), *existing)]
        return list(dict.fromkeys(c["dataset"] for c in configs if "dataset" in c))

    def device(self, cluster: Cluster) -> str:
        """Return what ``device: auto`` means: the study's choice, else a GPU if there is one."""
        if self.request.device != "auto":
            return self.request.device
        if self.existing is not None:
            return str(self.existing.study["device"])
        return "cuda" if cluster.total("GPU") > 0 else "cpu"


@dataclass(frozen=True)
class PreparedStudy:
    """Everything that a plan is made from. Nothing of it is written yet.

    Attributes:
        checked: the request.
        images: data set -> its images, split.
        ledger: the study with the request in it.
        num_added: the number of rows by which the request makes an existing study grow.
        recorded: what the launches so far recorded.
    """

    checked: CheckedRequest
    images: Mapping[str, Any]
    ledger: Ledger
    num_added: int
    recorded: Recorded

    @property
    def request(self) -> StudyRequest:
        """What the command asks for."""
        return self.checked.request

    @property
    def trainable(self) -> Trainable:
        """What the trials train."""
        return self.checked.trainable

    def plan(self, cluster: Cluster) -> Plan:
        """Return the trials that are missing."""
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
        """Return this for a cluster that has changed: a new study takes a GPU that has come."""
        ledger, num_added = _make_ledger(self.checked, self.images, self.checked.device(cluster))
        return replace(self, ledger=ledger, num_added=num_added)


def check_request(request: StudyRequest) -> CheckedRequest:
    """Read the study that is there, and see that space, trainable and study agree.

    Raises:
        UserError: whatever the user has to mend.
    """
    _check_num_rows(request.space.num_configurations(), len(request.seeds))
    if request.space.exclusive and request.trials_per_gpu > 1:
        raise UserError(
            f"--trials-per-gpu {request.trials_per_gpu}: the time of a trial is the result of "
            f"{request.space.name}, so each has a GPU to itself; leave the option out"
        )
    trainable = find_trainable(request.space)
    if request.vary_split and not trainable.uses_images:
        raise UserError(
            f"--vary-split: {request.space.name} uses no images that could be split; leave it out"
        )
    existing = None if request.fresh else open_ledger(request.store)
    if existing is not None and existing.study["space"]["trainable"] == trainable.name:
        _check_existing(existing, trainable)
    return CheckedRequest(request, trainable, existing)


def prepare(checked: CheckedRequest, cluster: Cluster) -> PreparedStudy:
    """Load the data and read what the study recorded so far.

    Raises:
        UserError: there are no such images, new seeds would be copies of one result, or the study
            that is there was made with something else.
    """
    images = _load_images(checked)
    ledger, num_added = _make_ledger(checked, images, checked.device(cluster))
    recorded = Recorded(()) if checked.request.fresh else ledger.read_trials()
    return PreparedStudy(checked, images, ledger, num_added, recorded)


def num_train(images: Mapping[str, Any]) -> dict[str, int]:
    """Return data set -> number of training images."""
    return {name: len(data.train) for name, data in images.items()}


def _load_images(checked: CheckedRequest) -> dict[str, Any]:
    request = checked.request
    images: dict[str, Any] = {}
    if checked.trainable.uses_images:
        images = image_data.load_datasets(
            checked.dataset_names(),
            request.source,
            request.num_images,
            request.split_seed,
            vary_split=request.vary_split,
        )
    known = set(checked.existing.study["seeds"]) if checked.existing else set()
    if not request.vary_split and set(request.seeds) - known:
        seeds = known | set(request.seeds)
        check_seeds(request.space, seeds, checked.trainable, num_train(images))
    return images


def _make_ledger(
    checked: CheckedRequest, images: Mapping[str, Any], device: str
) -> tuple[Ledger, int]:
    """Return the study with the request in it, and the number of rows added to an existing one."""
    request = checked.request
    wanted = new_ledger(
        request.store,
        request.space,
        request.seeds,
        device=device,
        data=image_data.describe(images, request.source, request.num_images, request.split_seed),
        defaults=checked.trainable.defaults(),
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
    where = f"{ledger.root / 'study.json'}"
    described = ledger.study["data"]["datasets"]
    for configuration in ledger.configurations():
        check_config(where, trainable, configuration.config)
        dataset = configuration.config.get("dataset")
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
