"""Repeats what a study picked, at seeds that it has not used: ``--best-of STUDY``.

The best of many results owes its place partly to luck. So its value is no estimate of what the
configuration gives. New seeds are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_spaces.errors import UserError
from search_spaces.space import ALL_THAT_VARY, SearchSpace
from tune_app.planning.repeated_space import (
    check_defaults,
    check_own_code,
    param_space_of,
    space_of,
)
from tune_app.planning.request import StudyRequest
from tune_app.storage.store import StudyStore
from tune_app.study.best_of import BestOf, best_of_study, items_of
from tune_app.study.ledger import Ledger, open_ledger
from tune_app.study.objective import Objective
from tune_app.study.power import fewest_pairs
from tune_app.study.selection import pick_configurations


@dataclass(frozen=True)
class Repeat:
    """What is to be repeated.

    Attributes:
        best_of: the picks.
        space: a space that has nothing but them.
        data: how the other study chose its data: the entry ``data`` of its ``study.json``.
    """

    best_of: BestOf
    space: SearchSpace
    data: Mapping[str, Any]

    def asked_by(self, request: StudyRequest, *, count: int | None) -> StudyRequest:
        """Return a request that repeats the picks.

        If the study has begun, it goes on with the picks that it began with.

        Args:
            request: what else the user asks for. Without seeds, those of the study are run, and
                of a new one as many as a test needs.
            count: how many picks the user asks for; None if that is left open.

        Raises:
            UserError: the study repeats something else, or no seed is a new one.
        """
        existing = None if request.fresh else open_ledger(request.store)
        best_of, space, notes = self.best_of, self.space, []
        if existing is not None:
            best_of = self._begun(existing, count)
            configs = [configuration.config for configuration in existing.configurations()]
            space = replace(space, factors=ALL_THAT_VARY, param_space=param_space_of(configs))
            newest = self.best_of.picks[0].config_id
            if best_of.picks[0].config_id != newest:
                notes.append(
                    f"{best_of.study} now picks {newest}; this study goes on with what it began "
                    "with; to repeat the new pick, name another study with --study"
                )
        chosen, left_out = self._new_seeds(request, existing)
        if left_out:
            listed = ", ".join(map(str, left_out))
            notes.append(f"seeds of {best_of.study} are left out, as they are not new: {listed}")
        return replace(
            request,
            space=space,
            seeds=chosen,
            split_seed=self.data["split_seed"],
            best_of=best_of,
            notes=tuple(notes),
        )

    def _begun(self, existing: Ledger, count: int | None) -> BestOf:
        """Return what an existing study repeats."""
        begun = best_of_study(existing.study)
        name = self.best_of.study
        if begun is None or begun.study != name:
            holds = "is a study of its own" if begun is None else f"repeats {begun.study}"
            raise UserError(
                f"--best-of {name}: study {existing.name} {holds}; name another one with --study"
            )
        if count is not None and len(begun.picks) != len(self.best_of.picks):
            raise UserError(
                f"--count {count}: study {existing.name} has begun with {len(begun.picks)}; name "
                "another one with --study"
            )
        return begun

    def _new_seeds(
        self, request: StudyRequest, existing: Ledger | None
    ) -> tuple[tuple[int, ...], list[int]]:
        """Return the seeds to run, and those that are not new."""
        used = set(self.best_of.seeds)
        if request.vary_split and not self.data.get("vary_split"):
            used.add(self.data["split_seed"])  # its split is the one on which was picked
        if not request.seeds:
            if existing is not None:
                return tuple(existing.study["seeds"]), []
            number = fewest_pairs()
            return tuple([s for s in range(number + len(used)) if s not in used][:number]), []
        new = tuple(seed for seed in request.seeds if seed not in used)
        if not new:
            first = max(used) + 1
            raise UserError(
                f"--seeds: {self.best_of.study} has used {', '.join(map(str, sorted(used)))}, so "
                f"no seed is new; use others, e.g. --seeds {first}-{first + 5}"
            )
        return new, [seed for seed in request.seeds if seed in used]


def find_repeat(
    store: StudyStore,
    count: int,
    own: SearchSpace | None,
    code: Mapping[str, str],
    *,
    accept_code_change: bool,
) -> Repeat:
    """Return what a study has picked.

    Args:
        store: where the study is kept.
        count: how many configurations are repeated, the best ones of each data set.
        own: the user's space, whose code the configurations need; None if it is not named.
        code: the code of that space: file name -> its fingerprint.
        accept_code_change: whether it may be other code than that of the study.

    Raises:
        UserError: there is no such study, nothing can be picked, or the code is missing or another.
    """
    ledger = open_ledger(store)
    if ledger is None:
        raise UserError(
            f"--best-of {store.place}: no study there; name a study in the results folder, its "
            "path or its URL"
        )
    study = ledger.study
    check_own_code(ledger, own, code, accept_code_change=accept_code_change)
    objective = Objective.of_study(study)
    outcomes = ledger.read_trials().outcomes(study)
    picks = pick_configurations(study, outcomes, count)
    if not picks:
        raise UserError(
            f"--best-of {ledger.name}: no row of it has {objective.metric}, so nothing can be "
            "picked; run it until one is finished"
        )
    configs = {entry["config_id"]: entry["config"] for entry in study["configurations"]}
    best_of = BestOf(
        study=ledger.name,
        metric=objective.metric,
        mode=objective.mode,
        seeds=_used_seeds(study),
        picks=picks,
        data=items_of(study["data"]),
    )
    space = space_of(study, [configs[pick.config_id] for pick in picks], own)
    check_defaults(ledger, space)
    return Repeat(best_of, space, study["data"])


def _used_seeds(study: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the seeds of a study, and of the one that it repeats itself."""
    before = best_of_study(study)
    return tuple(sorted({*study["seeds"], *(before.seeds if before is not None else ())}))


def check_is_repeat(request: StudyRequest, existing: Ledger | None) -> None:
    """Refuse to add other rows to a study that repeats picks.

    Raises:
        UserError: the request would.
    """
    begun = None if existing is None else best_of_study(existing.study)
    if begun is not None and request.best_of is None and request.further is None:
        raise UserError(
            f"study {request.store.root.name} repeats what {begun.study} picked; continue it with "
            f"--best-of {begun.study}, or use --study NAME for another study"
        )


def check_same_data(request: StudyRequest, data: Mapping[str, Any]) -> None:
    """Check that picks are repeated on the data of which the claims are.

    Args:
        request: what the user asks for.
        data: the ``data`` entry of ``study.json`` for what was loaded.

    Raises:
        UserError: the data are others.
    """
    if request.best_of is None:
        return
    claimed, now = request.best_of.data, items_of(data)
    for name in now:
        if name in claimed and claimed[name] != now[name]:
            raise UserError(
                f"--best-of {request.best_of.study}: its results on {name} are of other images "
                f"than those of --data {request.source}; name the folder with the same files"
            )
