"""A search whose trials are reported by hand."""

from __future__ import annotations

from collections.abc import Mapping

from search_spaces.measure import Measure
from search_spaces.space import SearchSpace
from tests.planning.search.executor import SEED, Disk, trainable
from tests.planning.search.spaces import make_space
from tune_app.planning.search.rebuild import open_search
from tune_app.planning.search.search import Search
from tune_app.planning.search.steps import New
from tune_app.study.rows import RowOutcome
from tune_app.study.search_settings import SearchSettings
from tune_app.study.trials import RowKey
from tune_app.training.trainable import Trainable

ASHA = SearchSettings("random", 6, stopping="asha", reduction=2, rungs=(1, 3))


def begin(
    settings: SearchSettings = ASHA,
    disk: Disk | None = None,
    space: SearchSpace | None = None,
    runs: Trainable | None = None,
    outcomes: Mapping[RowKey, RowOutcome] | None = None,
) -> Search:
    disk = disk or Disk()
    known = {**disk.configurations, **disk.asked()}
    return open_search(
        settings,
        space or make_space(mode="max", measures={"val_loss": Measure(better="max")}),
        runs or trainable(),
        study={
            "configurations": [{"config_id": k, "config": c} for k, c in known.items()],
            "seeds": [SEED],
        },
        events=list(disk.events),
        outcomes=outcomes or disk.outcomes(lambda config: int(config["epochs"]), "val_loss"),
        seed=SEED,
        append=disk.events.append,
    )


def new(search: Search) -> str:
    found = search.next()
    assert isinstance(found, New)
    return found.configuration.config_id
