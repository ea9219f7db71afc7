"""The weights that a study keeps, with the rows that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.errors import UserError, choices
from tune_app.data.datasets import DATASETS
from tune_app.study.kept_weights import KeptWeights, kept_weights
from tune_app.study.objective import finite_number
from tune_app.study.trial_directory import TrialDirectory
from tune_app.study.trial_record import Record
from tune_app.training.model_info import ModelInfo, recorded_item, recorded_targets

if TYPE_CHECKING:
    from analysis.frames.load import Study

_MOST_BYTES = 20_000_000_000
"""Of a file of weights at a URL."""


@dataclass(frozen=True)
class RowWeights:
    """Kept weights and the training that they came from.

    Attributes:
        weights: the file.
        directory: the directory of the trial.
        config_ids: the configurations whose row ends at the epoch of the weights.
        record: the result of that epoch.
    """

    weights: KeptWeights
    directory: TrialDirectory
    config_ids: tuple[str, ...]
    record: Record

    @property
    def dataset(self) -> str:
        """The data set that the model was trained on; a name of a model has no hyphen."""
        return str(self.weights.config.get("dataset") or self.weights.group.rpartition("-")[0])

    @property
    def model(self) -> str:
        """The name of the model."""
        return str(self.weights.config.get("model") or self.weights.group.rpartition("-")[2])


def row_weights(study: Study) -> list[RowWeights]:
    """Return the weights that a study keeps, by the names of their groups."""
    trials = {id(o.trial): o.trial for o in study.outcomes.values() if o.trial is not None}
    directories = [d for trial in trials.values() for d in trial.directories]
    by_path = {directory.path: directory for directory in directories}
    found = []
    for weights in kept_weights(study.store, directories):
        directory = by_path[weights.path.parent.parent]
        records = [r for r in directory.records if r.get("epoch") == weights.epoch]
        ids = tuple(directory.serves().get(weights.epoch, ()))
        found.append(RowWeights(weights, directory, ids, records[-1] if records else {}))
    return found


def chosen_weights(study: Study, config_id: str = "") -> RowWeights:
    """Return the weights of a configuration.

    Args:
        study: the study.
        config_id: its id or the beginning of it; by default the one with the best value of the
            study's objective among those whose weights are kept.

    Raises:
        UserError: no such weights are kept.
    """
    kept = row_weights(study)
    if not kept:
        raise UserError(
            f"{study.name} keeps no weights; those of the shipped loop are kept "
            "once a row has its result, and a function of your own saves its own checkpoints"
        )
    found = [one for one in kept if any(row.startswith(config_id) for row in one.config_ids)]
    if not found or (config_id and len(found) > 1):
        raise UserError(
            f"no weights of {config_id} are kept; allowed: "
            f"{choices([row for one in kept for row in one.config_ids])}"
        )
    sign = 1 if study.mode == "min" else -1
    scores = [finite_number(one.record.get(study.metric)) for one in found]
    scored = [(sign * s, place) for place, s in enumerate(scores) if s is not None]
    if not scored and len(found) > 1:
        raise UserError(
            f"no row of {study.name} whose weights are kept has {study.metric}; name its config_id"
        )
    return found[min(scored)[1]] if scored else found[0]


def weights_content(study: Study, chosen: RowWeights) -> bytes:
    """Return the content of a file of weights, also of a study at a URL.

    Raises:
        UserError: it cannot be read, as when better weights have replaced it since.
    """
    path = chosen.weights.path
    try:
        with study.store.fetched(path.parent, _MOST_BYTES) as folder:
            return bytes((folder / path.name).read_bytes())
    except OSError as error:
        where, reason = study.store.place_of(path), error.strerror or error
        raise UserError(f"{where}: cannot be read ({reason}); read the study again") from None


def model_info(study: Study, chosen: RowWeights) -> ModelInfo:
    """Return what has to be known of the model of some weights, as far as the study says it."""
    from tune_app.training.models import model_names  # torch, which not every reader needs

    config, data = dict(chosen.weights.config), study.meta["data"]
    entry = data["datasets"].get(chosen.dataset, {})
    spec = DATASETS.get(chosen.dataset)
    names = entry.get("class_names") if spec is None else spec.class_names
    return ModelInfo(
        model=chosen.model,
        is_own=chosen.model not in model_names(),
        config=config,
        dataset=chosen.dataset,
        class_names=None if names is None else tuple(map(str, names)),
        item=recorded_item(data, chosen.dataset, config),
        targets=recorded_targets(entry),
    )
