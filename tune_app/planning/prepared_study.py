"""Brings together a search space, its data, its ledger and a cluster: one command's work."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from search_spaces.errors import UserError
from tune_app.data import images as image_data
from tune_app.engine.cluster.nodes import run_on_nodes
from tune_app.engine.cluster.shared_storage import check_shared, check_url
from tune_app.planning.estimate import (
    Estimate,
    Probes,
    SplitSizes,
    fit_to_budget,
    peak_disk_bytes,
    peak_memory,
    probe_models,
    study_seconds,
    trial_seconds,
    why_not_known,
)
from tune_app.planning.plan import Plan, PlanOptions, make_plan
from tune_app.planning.repeats import SAME_AT_EVERY_SEED, check_seeds, same_at_every_seed
from tune_app.planning.request import StudyRequest
from tune_app.planning.resources import Cluster
from tune_app.planning.schedule import num_slots
from tune_app.storage.remote_store import RemoteStore
from tune_app.study.ledger import Ledger, extend_ledger, new_ledger, open_ledger
from tune_app.study.recorded import Recorded
from tune_app.training.registry import Trainable, check_config, find_trainable

MOST_ROWS = 100_000
"""Planning takes seconds for so many rows; Ray Tune is not made for more trials."""


class PreparedStudy:
    """A checked request: space and trainable agree, the old study is read; nothing is written.

    Raises:
        UserError: whatever the user has to mend.
    """

    def __init__(self, request: StudyRequest) -> None:
        self.request = request
        _check_num_rows(request.space.num_configurations(), len(request.seeds))
        if request.space.exclusive and request.trials_per_gpu > 1:
            raise UserError(
                f"--trials-per-gpu {request.trials_per_gpu}: the time of a trial is the result of "
                f"{request.space.name}, so each has a GPU to itself; leave the option out"
            )
        self.trainable: Trainable = find_trainable(request.space)
        if request.vary_split and not self.trainable.uses_images:
            raise UserError(
                f"--vary-split: {request.space.name} uses no images that could be split; leave it "
                "out"
            )
        self.existing: Ledger | None = None
        if not request.fresh:
            self.reopen()
        self.images: dict[str, Any] = {}

    def reopen(self) -> None:
        """Read the ledger again: another driver may have written it since.

        Raises:
            UserError: it cannot be read, or expects what this trainable cannot do.
        """
        self.existing = open_ledger(self.request.store)
        same = self.existing and self.existing.study["space"]["trainable"] == self.trainable.name
        if self.existing is not None and same:
            self._check_existing(self.existing)

    def _check_existing(self, ledger: Ledger) -> None:
        where = f"{ledger.root / 'study.json'}"
        described = ledger.study["data"]["datasets"]
        for configuration in ledger.configurations():
            check_config(where, self.trainable, configuration.config)
            dataset = configuration.config.get("dataset")
            if self.trainable.uses_images and dataset not in described:
                raise UserError(
                    f"{where}: data lacks {dataset}, which its configurations use; restore it from "
                    "a copy, or use --study NAME for another study"
                )

    def dataset_names(self) -> list[str]:
        """Return the data sets that some configuration of the space, or of the study, uses.

        A study keeps the rows of a space that has become smaller since.
        """
        existing = self.existing.configurations() if self.existing else ()
        configs = [c.config for c in (*self.request.space.expand(), *existing)]
        return list(dict.fromkeys(c["dataset"] for c in configs if "dataset" in c))

    def load_images(self) -> None:
        """Load, check and split the images; no-op for a trainable without images.

        Raises:
            UserError: there are no such images, or new seeds would be copies of one result.
        """
        request = self.request
        if self.trainable.uses_images:
            self.images = image_data.load_datasets(
                self.dataset_names(),
                request.source,
                request.num_images,
                request.split_seed,
                vary_split=request.vary_split,
            )
        known = set(self.existing.study["seeds"]) if self.existing else set()
        if not request.vary_split and set(request.seeds) - known:
            seeds = known | set(request.seeds)
            check_seeds(request.space, seeds, self.trainable, self.num_train())

    def num_train(self) -> dict[str, int]:
        """Return data set -> number of training images."""
        return {name: len(images.train) for name, images in self.images.items()}

    def ledger(self, device: str) -> tuple[Ledger, int]:
        """Return the ledger with this request in it (not saved) and the number of rows added."""
        request = self.request
        described = image_data.describe(
            self.images, request.source, request.num_images, request.split_seed
        )
        wanted = new_ledger(
            request.store,
            request.space,
            request.seeds,
            device=device,
            data=described,
            defaults=self.trainable.defaults(),
        )
        grown, num_added = wanted, 0
        if self.existing is not None:
            grown = Ledger(request.store, copy.deepcopy(self.existing.study))
            num_added = extend_ledger(grown, wanted)
            _check_num_rows(len(grown.study["configurations"]), len(grown.study["seeds"]))
        grown.study.pop(SAME_AT_EVERY_SEED, None)
        configurations = [] if request.vary_split else grown.configurations()
        same = same_at_every_seed(configurations, self.trainable, self.num_train())
        if same:
            grown.study[SAME_AT_EVERY_SEED] = same
        return grown, num_added

    def check_storage(self, cluster: Cluster) -> None:
        """Refuse a results directory that the nodes of a running cluster do not see.

        Also its only node may have been started by another user, or with other credentials.

        Raises:
            UserError: trials would fail with their first checkpoint, after hours perhaps.
        """
        store = self.request.store
        if isinstance(store, RemoteStore):
            check_url(store.remote, run_on_nodes)
            return
        if cluster.num_hosts > 1 and not self.request.shared_storage:
            raise UserError(
                f"the cluster has {cluster.num_hosts} machines and {self.request.root.parent} may "
                "be seen by this one only; name a folder that all of them reach with "
                "--storage-path DIR"
            )
        check_shared(self.request.root.parent, run_on_nodes)

    def device(self, cluster: Cluster | None) -> str:
        """Return what ``device: auto`` means: the study's choice, else a GPU if there is one."""
        if self.request.device != "auto":
            return self.request.device
        if self.existing is not None:
            return str(self.existing.study["device"])
        return "cuda" if cluster is not None and cluster.total("GPU") > 0 else "cpu"

    def recorded(self, ledger: Ledger) -> Recorded:
        """Return what the study recorded so far; of one that begins anew, nothing."""
        return Recorded(()) if self.request.fresh else ledger.read_trials()

    def plan(self, ledger: Ledger, cluster: Cluster, recorded: Recorded) -> Plan:
        """Return the trials that are missing."""
        request = self.request
        return make_plan(
            ledger.configurations(),
            ledger.study["seeds"],
            self.trainable,
            request.space.resources,
            cluster=cluster,
            finished=recorded.ended(ledger.study),
            num_train=self.num_train(),
            options=PlanOptions(
                device=str(ledger.study["device"]),
                sharing=request.sharing,
                trials_per_gpu=request.trials_per_gpu,
                exclusive=request.space.exclusive,
            ),
        )

    def estimate(self, plan: Plan, cluster: Cluster, checkpoint_seconds: float) -> Estimate:
        """Return what the plan will take, from a few measured steps of each kind of trial."""
        models = probe_models(plan.trials, self.trainable, self.images)
        num_images = max((i.num_images for i in self.images.values()), default=0)
        sizes = SplitSizes.of_total(num_images)
        seconds = self._seconds(plan, models, sizes, checkpoint_seconds)
        limit = self.request.max_concurrent
        slots = num_slots(plan.trials, cluster, limit)
        return Estimate(
            None if seconds is None else study_seconds(plan.trials, seconds, cluster, limit),
            slots,
            peak_disk_bytes(plan.trials, self.trainable, models, slots),
            peak_memory(plan.trials, self.trainable, models, slots),
            why_not_known(plan.trials, self.trainable, models),
        )

    def choose_num_images(
        self, budget_seconds: float, cluster: Cluster, checkpoint_seconds: float
    ) -> int:
        """Return the largest subset with which the whole study fits into the budget.

        Raises:
            UserError: not even the smallest subset fits, or the speed cannot be measured.
        """
        most = image_data.available_images(self.dataset_names(), self.request.source)
        self.request = replace(self.request, num_images=None)
        self.load_images()
        ledger, _ = self.ledger(self.device(cluster))
        plan = self.plan(ledger, cluster, self.recorded(ledger))
        models = probe_models(plan.trials, self.trainable, self.images)

        def seconds_for(num_images: int) -> float:
            sizes = SplitSizes.of_total(num_images)
            seconds = self._seconds(plan, models, sizes, checkpoint_seconds)
            if seconds is None:
                reason = why_not_known(plan.trials, self.trainable, models)
                raise UserError(f"--budget: the speed of this study is not known: {reason}")
            return study_seconds(plan.trials, seconds, cluster, self.request.max_concurrent)

        chosen = fit_to_budget(budget_seconds, image_data.MIN_IMAGES, most, seconds_for)
        if chosen == 0:
            raise UserError(
                f"--budget: {image_data.MIN_IMAGES} images per data set, the fewest possible, "
                f"already take about {seconds_for(image_data.MIN_IMAGES):.0f} s; allow more time"
            )
        return chosen if chosen == most else chosen // 10 * 10

    def _seconds(
        self, plan: Plan, models: Probes, sizes: SplitSizes, checkpoint_seconds: float
    ) -> list[float] | None:
        seconds = [
            trial_seconds(trial, self.trainable, models, sizes, checkpoint_seconds)
            for trial in plan.trials
        ]
        return None if None in seconds else [s for s in seconds if s is not None]


def _check_num_rows(num_configurations: int, num_seeds: int) -> None:
    if num_configurations * num_seeds > MOST_ROWS:
        raise UserError(
            f"{num_configurations:,} configurations at {num_seeds:,} seeds are "
            f"{num_configurations * num_seeds:,} rows; allowed: at most {MOST_ROWS:,}; shorten the "
            "axes or --seeds"
        )
