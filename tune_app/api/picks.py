"""The best configurations of a study, of a part of it, or by another measure, and their models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.errors import UserError, choices
from tune_app.api.row_weights import RowWeights, chosen_weights, model_info, row_weights

if TYPE_CHECKING:
    from analysis.frames.answer import Winner
    from analysis.frames.load import Study
    from tune_app.training.saved_model import Build


def read_picks(place: str, where: Sequence[str] = (), by: str | None = None) -> Picks:
    """Read a study and pick its best configurations.

    Args:
        place: its directory or URL.
        where: conditions such as ``model=resnet18``; only rows that meet all are compared.
        by: the measure to judge by, such as ``val_loss`` or ``score:min``; None for the objective.

    Raises:
        UserError: there is no study, it has no such rows, or it does not report the measure.
    """
    from analysis.compare.where import condition, narrowed
    from analysis.frames.load import load_study
    from analysis.frames.objective import judged_by

    study = load_study(place)
    if by is not None:
        metric, _, mode = by.partition(":")
        study = judged_by(study, metric, mode or None)
    if where:
        [study] = narrowed([study], [condition(text) for text in where])
    return Picks(study, tuple(where))


class Picks:
    """The best configuration of each data set of a study.

    Attributes:
        study: the study, with the rows that were compared.
        winners: the best configuration of each data set; none if nothing can be picked.
    """

    def __init__(self, study: Study, where: tuple[str, ...] = ()) -> None:
        from analysis.frames.answer import winners

        self.study = study
        self.winners = winners(study)
        self._where = where
        self._weights = row_weights(study)

    @property
    def shown_metric(self) -> str:
        """The measure by which the picks are shown: the objective's quantity on test data."""
        from analysis.frames.measures import picked_by

        return picked_by(self.study).shown

    def words(self, winner: Winner) -> str:
        """Return a winner in a sentence: of how many, settings, value with its interval."""
        from analysis.sections.answer import winner_in_words

        return winner_in_words(self.study, winner)

    def nothing(self) -> str:
        """Return why nothing can be picked."""
        from analysis.sections.best import nothing_picked

        return nothing_picked(self.study)

    def unfinished(self) -> str:
        """Return a sentence on the rows that have no result yet; empty if there are none."""
        from analysis.sections.problems import unfinished

        return unfinished(self.study)

    def kept(self, config_id: str) -> RowWeights | None:
        """Return the weights of a configuration, or None if none are kept."""
        return next((one for one in self._weights if config_id in one.config_ids), None)

    def export(self, path: str, row: str | None = None, space: str | None = None) -> list[Path]:
        """Write the model of the best configuration, or of another one, and its card.

        Args:
            path: the file; its ending says in which format.
            row: the id of a configuration, or the beginning of it; None for the best one.
            space: the search space that builds a model of the user's.

        Raises:
            UserError: it is not clear which model is meant, or its weights are not kept.
        """
        from tune_app.api.export import export_model

        chosen = self._best_weights() if row is None else chosen_weights(self.study, row)
        build = self._build(chosen, space) if space else None
        if build is None and path.endswith(".onnx") and model_info(self.study, chosen).is_own:
            raise UserError(
                f"{path}: ONNX holds the model itself, and {chosen.model} is a model of your own; "
                "name the search space that builds it: --space my_space.py"
            )
        return export_model(self.study, chosen, path, build, among=", ".join(self._where))

    def _best_weights(self) -> RowWeights:
        name = self.study.name
        if not self.winners:
            raise UserError(f"--export: {self.nothing()}")
        if len(self.winners) > 1:
            each = choices([f"--where dataset={winner.dataset}" for winner in self.winners])
            raise UserError(
                f"--export: {name} has a best configuration of each of {len(self.winners)} data "
                f"sets; name one: {each}"
            )
        config_id = str(self.winners[0].config["config_id"])
        kept = self.kept(config_id)
        if kept is not None:
            return kept
        if not self._weights:
            raise UserError(
                f"--export: {name} keeps no weights; those of the shipped loop are kept, and a "
                "function of your own saves its own checkpoints, which `tune-app show` lists"
            )
        known = choices([f"{one.config_ids[0]} ({one.weights.group})" for one in self._weights])
        raise UserError(
            f"--export: no weights of {config_id} are kept, only those of the best single training "
            f"of each data set and model: {known}; export one of them with --row ID"
        )

    def _build(self, chosen: RowWeights, space: str) -> Build:
        from tune_app.planning.space_file import load_space
        from tune_app.training.registry import find_trainable
        from tune_app.training.saved_model import own_build

        build = own_build(model_info(self.study, chosen), find_trainable(load_space(space)))
        if build is None:
            raise UserError(f"--space {space}: it builds no model {chosen.model}")
        return build
