"""How the trainings of the picked configurations went, and what quality costs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.frames.cells import format_cell
from analysis.frames.labels import MISSING, heading
from analysis.frames.load import Study
from analysis.frames.measures import num_items_of, objective_of, shown_of
from analysis.frames.summary import NUM_LAST_EPOCHS, groups_of, summary_data
from analysis.render.document import Section, Table
from analysis.sections.best import UNROUNDED, settings

_OF_COUNTS = (
    "What is counted on training data is counted during the epoch, while the weights still change. "
    "It is usually worse than that of the final weights."
)


def summary(study: Study, key: str) -> Section | None:
    """Return how the trainings of the picks went: peak, convergence, stability, overfitting.

    It applies if an epoch of a pick reports the objective, or a pick reports it on other data.
    """
    frame = summary_data(study)
    if frame.empty:
        return None
    configurations = study.rows.drop_duplicates("config_id").set_index("config_id")
    records = [
        _summary_cells(study, record, configurations.loc[record["config_id"]])
        for record in frame.to_dict("records")
    ]
    cells = {name: [record[name] for record in records] for name in records[0]}
    definitions, found = _definitions(study), 0
    for name in definitions:
        is_flat = name.startswith("best of any epoch") and frame["num_epochs"].max() <= 1
        if set(cells[name]) == {MISSING} or is_flat:
            del cells[name]
        else:
            found += 1
    if not found:
        return None
    notes = [text for name, text in definitions.items() if name in cells]
    if any(name.startswith("overfitting") for name in cells) and not study.is_own:
        notes.append(_OF_COUNTS)
    if frame["num_seeds"].max() > 1:
        notes.append(
            "With several seeds all values except the spread over the seeds are means over them."
        )
    notes.append(UNROUNDED)
    caption = "The training of the picked configurations."
    table = Table(f"{key}-summary", caption, cells, frame, tuple(notes))
    return Section("Best configurations in training", (table,))


def _definitions(study: Study) -> dict[str, str]:
    """Return the headings of the summary with their footnotes."""
    objective, shown = objective_of(study), shown_of(study)
    unit, unit_shown = (
        f" ({measure.difference_unit})" if measure.difference_unit else ""
        for measure in (objective, shown)
    )
    own_unit = objective.heading.removeprefix(objective.words)
    return {
        f"best of any epoch{own_unit}": f"Best of any epoch: the best {objective.words} of any "
        "epoch.",
        "convergence (epoch)": f"Convergence: the first epoch whose {objective.words} is as good "
        "as the final one, to 1 % of it.",
        f"last epochs ±{unit}": f"Last epochs ±: sample standard deviation of the "
        f"{objective.words} over the last epochs, at most {NUM_LAST_EPOCHS}.",
        f"seeds ±{unit_shown}": f"Seeds ±: sample standard deviation of the {shown.words} over the "
        "seeds.",
        f"overfitting{unit}": f"Overfitting: by how much the {objective.words} is worse than the "
        "same on training data, at the last epoch.",
        f"generalisation{unit}": f"Generalisation: by how much the {shown.words} is worse than the "
        f"{objective.words}.",
    }


def _summary_cells(study: Study, record: dict[Any, Any], config: pd.Series[Any]) -> dict[str, str]:
    by, objective, shown = groups_of(study), objective_of(study), shown_of(study)
    # A mean over seeds has the digits of one share on the items of all seeds.
    selected, tested = (
        (num_items_of(study, config.get("dataset"), measure.name) or math.nan) * record["num_seeds"]
        for measure in (objective, shown)
    )
    fewer = math.nan if math.isnan(selected + tested) else min(selected, tested)
    last, reached = record["last_epoch"], record["convergence_epoch"]
    has_curve = record["num_epochs"] > 1 and not pd.isna(reached)
    values = (
        objective.cell(record["peak"], selected),
        f"{reached:{'.3g' if reached < 1000 else '.0f'}} of {last:.0f}" if has_curve else MISSING,
        objective.difference(record["last_epochs_sd"], selected).lstrip("+"),
        shown.difference(record["seeds_sd"], tested).lstrip("+"),
        objective.difference(record["overfitting"], selected),
        objective.difference(record["generalisation"], fewer),
    )
    return {
        **{heading(name): format_cell(name, record[name]) for name in by},
        "configuration": settings(study, config, by),
        "seeds": str(record["num_seeds"]),
        **dict(zip(_definitions(study), values, strict=True)),
    }
