"""The ledger of a study as a request wants it: with its configurations, seeds and added points."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tune_app.data.split_data import SplitData, describe
from tune_app.planning.added_points import add_points, further_factors
from tune_app.planning.best_of import check_same_data
from tune_app.planning.checked_request import CheckedRequest, check_num_rows
from tune_app.planning.further import take_further
from tune_app.planning.repeats import same_at_every_seed
from tune_app.planning.row_choice import rows_where
from tune_app.planning.study_data import num_train
from tune_app.study.extension import extend_ledger
from tune_app.study.ledger import Ledger, new_ledger
from tune_app.study.study_file import SAME_AT_EVERY_SEED
from tune_app.study.trials import RowKey


def make_ledger(
    checked: CheckedRequest, images: Mapping[str, SplitData], device: str
) -> tuple[Ledger, int, frozenset[RowKey] | None]:
    """Return the study extended by the request.

    Returns:
        The study, the number of rows added to an existing one, and the rows to which the launch is
        confined (None for all).
    """
    request = checked.request
    wanted = new_ledger(
        request.store,
        request.space,
        request.seeds,
        device=device,
        data=describe(images, request.source, request.num_images, request.split_seed),
        defaults=checked.trainable.defaults(),
        code=request.code,
        search=checked.search,
        best_of=request.best_of,
        has_objective=request.has_objective,
    )
    check_same_data(request, wanted.study["data"])
    if request.further is not None and checked.existing is not None:
        _ask_for_no_more(wanted.study, checked.existing.study)
    if request.add and request.space.has_domains:
        wanted.study["configurations"] = []  # those of the space belong to its search
    ledger, num_before = wanted, 0
    if checked.existing is not None:
        ledger = Ledger(request.store, copy.deepcopy(checked.existing.study))
        num_before = len(ledger.row_keys())
        extend_ledger(ledger, wanted)
    only = _chosen_rows(ledger, checked)
    space = ledger.study["space"]
    further = further_factors(ledger.study, request.space)
    space["factors"] = list(dict.fromkeys([*space["factors"], *further]))
    check_num_rows(len(ledger.study["configurations"]), len(ledger.study["seeds"]))
    num_added = len(ledger.row_keys()) - num_before if checked.existing is not None else 0
    ledger.study.pop(SAME_AT_EVERY_SEED, None)
    configurations = [] if request.vary_split else ledger.configurations()
    same = same_at_every_seed(configurations, checked.trainable, num_train(images))
    if same:
        ledger.study[SAME_AT_EVERY_SEED] = same
    return ledger, num_added, only


def _ask_for_no_more(wanted: dict[str, Any], study: Mapping[str, Any]) -> None:
    """Let a request that takes one row further leave what the study asks as it is.

    The space that the user names may have more configurations than the study, such as that of a
    search of which the study repeats the best.
    """
    wanted["configurations"] = []
    asked = {key: study["space"].get(key) for key in ("question", "factors", "param_space")}
    wanted["space"] |= {key: value for key, value in asked.items() if value is not None}


def _chosen_rows(ledger: Ledger, checked: CheckedRequest) -> frozenset[RowKey] | None:
    """Return the rows to which the launch is confined, None for all; add those that are new.

    Points that are added to a space with domains are run without its search.
    """
    request, study, only = checked.request, ledger.study, None
    if request.further is not None:
        only = take_further(study, checked.trainable, *request.further, sharing=request.sharing)
    if request.add:
        added = add_points(study, request.space, checked.trainable, request.add)
        only = added if request.space.has_domains else None
    if request.where:
        chosen = rows_where(study, checked.trainable, request.where)
        only = chosen if only is None else chosen & only
    return only
