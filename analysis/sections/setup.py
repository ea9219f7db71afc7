"""The set-up: studies, data, models, hyperparameters, machines and versions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.frames.cells import counted, format_cell
from analysis.frames.columns import levels, numbers, repeats
from analysis.frames.conditions import at_once_in_trials, marked, note
from analysis.frames.labels import LARGEST_WHOLE, format_value, heading, label, status_words
from analysis.frames.lengths import length_axis
from analysis.frames.load import Study
from analysis.frames.meta import datasets_of
from analysis.frames.split import is_own, item_noun, varies
from analysis.frames.tables import inert_axes, sharing_summary, why_inert
from analysis.render.document import Bullets, Paragraph, Section, Table
from analysis.sections.environment import Studies, environment_table, parameters_table
from search_spaces.errors import one_line
from tune_app.study.arithmetic import mapping

_STATUSES = (
    *("finished", "unconverged", "diverged", "stopped", "timed_out"),
    *("failed", "unfinished", "open", "missing"),
)
_COSTS = ("num_parameters", "macs", "flops", "live_flops")
_SAMPLE = "the sample: the 10,000 official test images of each data set"
FLOPS_CONVENTION = (
    "FLOPs: of one input in the forward pass, 2 × the multiply-adds of convolutions and linear "
    "layers + 2 × the elements of BatchNorm layers. MACs: multiply-adds as thop 0.1.1 counts them. "
    "Live FLOPs: FLOPs without the kernel taps that see only padding at this input size."
)


_ROW = "A row is a configuration at a seed."
_SERVED = (
    "A trial can serve several rows: a short training is the beginning of a longer one, and values "
    "of a parameter that changes nothing share one training."
)
_TRAINING_TIME = (
    "Training time: the time of the training steps, without evaluation. A shared trial counts once."
)


def setup(studies: Studies) -> Section:
    """Return the set-up of all studies."""
    parts = (
        Section("Studies", (studies_table(studies), *_sharing(studies))),
        _data(studies),
        _models(studies),
        Section("Hyperparameters", (parameters_table(studies),)),
        Section("Hardware and software", (environment_table(studies),)),
    )
    return Section("Set-up", (), tuple(part for part in parts if part is not None))


def studies_data(studies: Studies) -> pd.DataFrame:
    """Return one row per study: its plan, the statuses of its rows, and how trials are shared."""
    records = []
    for study in studies.values():
        counts = study.rows["status"].value_counts()
        shared = sharing_summary(study)
        # A row that a search stopped does not train the epochs that are planned for it.
        is_whole = bool(length_axis(study)) and not counts.get("stopped")
        record = {
            "study": study.name,
            "configurations": len(study.meta["configurations"]),
            "seeds": len(set(study.meta["seeds"])),
            "rows": len(study.rows),
            **{status: int(counts.get(status, 0)) for status in _STATUSES},
            "trials": shared["num_trials"],
            "epochs_of_rows": shared["epochs_of_rows"] if is_whole else None,
            "epochs_of_trials": shared["epochs_of_trials"] if is_whole else None,
            "train_seconds": _train_seconds(study),
        }
        records.append(record)
    return pd.DataFrame(records)


def _train_seconds(study: Study) -> float:
    """Return the sum of the training times of all trials at their last epochs."""
    if "trial_key" not in study.epochs:
        return 0.0
    seconds = numbers(study.epochs, "train_seconds")
    if study.is_own and seconds.isna().all():
        return math.nan
    return float(seconds.groupby(study.epochs["trial_key"]).max().sum())


def studies_table(studies: Studies) -> Table:
    """Return ``studies_data`` as it is printed; statuses that never occur are left out."""
    frame = studies_data(studies)
    shown = [c for c in frame if c not in _STATUSES[1:] or frame[c].sum() > 0]
    names = {
        "epochs_of_rows": "epochs the rows need",
        "epochs_of_trials": "epochs to train",
        "train_seconds": "training time, all trials (s)",
        **{status: status_words(status) for status in _STATUSES},
    }
    cells = {
        names.get(str(c), str(c)): [format_cell(str(c), value) for value in frame[c]] for c in shown
    }
    counts = [at_once_in_trials(study) for study in studies.values()]
    # One time that was not measured alone marks the whole sum.
    own = all(study.is_own for study in studies.values())
    alone = [1.0 if set(of_study) <= {1.0} else math.nan for of_study in counts]
    for optional in ("epochs_of_rows", "epochs_of_trials", "train_seconds"):
        if frame[optional].isna().all():
            del cells[names[optional]]
    if names["train_seconds"] in cells:
        cells[names["train_seconds"]] = marked(cells[names["train_seconds"]], alone)
    notes = (
        _ROW if (frame["trials"] == frame["rows"]).all() else f"{_ROW} {_SERVED}",
        *([_TRAINING_TIME] if names["train_seconds"] in cells and not own else []),
        *(
            text
            for study, of_study in zip(studies.values(), counts, strict=True)
            for text in note(study, of_study, one_line(study.name) if len(studies) > 1 else "")
        ),
    )
    caption = "The state of the study's rows."
    if len(studies) > 1:
        caption = "The studies and the state of their rows."
    return Table("studies", caption, cells, frame, notes)


def _sharing(studies: Studies) -> list[Bullets]:
    items = []
    for study in studies.values():
        shared = sharing_summary(study)
        if shared["num_trials"] == 0 or shared["num_trials"] == shared["num_rows"]:
            continue
        trained, separate = shared["epochs_of_trials"], shared["epochs_of_rows"]
        text = (
            f"{one_line(study.name)}: {counted(shared['num_trials'], 'trial')} "
            f"{'serves' if shared['num_trials'] == 1 else 'serve'} "
            f"{counted(shared['num_rows'], 'row')}. Epochs to train: {trained:,} instead of "
            f"{separate:,} (÷{separate / max(trained, 1):.1f})."
        )
        for axis, count in inert_axes(study).items():
            text += (
                f" All values of {one_line(axis)} share one training, because "
                f"{why_inert(study, axis)}: "
                f"{counted(count, 'row')} {'repeats' if count == 1 else 'repeat'} the result of "
                f"another row, so times at different values of {one_line(axis)} cannot be compared."
            )
        items.append(text)
    for study in studies.values():
        if count := int(repeats(study).sum()):
            items.append(
                f"{one_line(study.name)}: {counted(count, 'row')} "
                f"{'repeats' if count == 1 else 'repeat'} the result of another seed, because the "
                "seed changes nothing there; only the times are measured again."
            )
    return [Bullets(tuple(items))] if items else []


def _data(studies: Studies) -> Section:
    counts = ("num_images", "num_train", "num_val", "num_test")
    records = []
    for study in studies.values():
        data = mapping(study.meta.get("data"))
        for dataset, entry in datasets_of(data).items():
            record = {"study": study.name, "dataset": dataset, "source": _source(data, dataset)}
            record |= {name: entry.get(name) for name in counts}
            seed = "the row's seed" if varies(data) else data.get("split_seed")
            records.append(record | {"split_seed": seed})
    if not records:
        text = "Which data were used is not recorded."
        if all(study.is_own for study in studies.values()):
            text = "Which data the user's own code reads is not recorded."
        return Section("Data", (Paragraph(text),))
    frame = pd.DataFrame(records)
    nouns = {item_noun(study.meta.get("data")) for study in studies.values()}
    items = f"{nouns.pop()}s" if len(nouns) == 1 else "examples"
    names = {"num_images": items, "num_train": "train", "num_val": "validation"}
    names |= {"num_test": "test", "dataset": heading("dataset"), "split_seed": "split seed"}
    cells = {
        names.get(str(c), str(c)): [
            label("dataset", v) if c == "dataset" else _text(v, is_count=str(c).startswith("num_"))
            for v in frame[c]
        ]
        for c in frame
    }
    caption = "Data sets of each study and their split, stratified where there are classes."
    return Section("Data", (Table("data", caption, cells, frame),))


def _source(data: Mapping[str, Any], dataset: str) -> object:
    source = "the search space" if is_own(data, dataset) else data.get("source")
    return _SAMPLE if source == "sample" else source


def _text(value: object, *, is_count: bool = False) -> str:
    if is_count and isinstance(value, (int, float)) and abs(value) < LARGEST_WHOLE:
        return f"{value:,.0f}"
    return format_value(value)


def models_data(studies: Studies) -> pd.DataFrame:
    """Return the input and the costs of each model, as its rows recorded them."""
    records = []
    for study in studies.values():
        if "model" not in study.rows or study.is_own:
            continue
        trials = study.trials
        for model in levels(study.rows, "model"):
            mine = trials[trials["model"] == model] if "model" in trials else trials.iloc[:0]
            first = mine.iloc[0].to_dict() if len(mine) else {}
            size, channels = first.get("image_size"), first.get("in_channels")
            rows = study.rows[study.rows["model"] == model]
            record = {"model": model}
            known = not (pd.isna(size) or pd.isna(channels))
            record["input"] = f"{channels}×{size}×{size}" if known else None
            for cost in _COSTS:
                values = numbers(rows, cost).dropna()
                record[cost] = values.iloc[0] if len(values) else None
            records.append(record)
    return pd.DataFrame(records).drop_duplicates(ignore_index=True)


def _models(studies: Studies) -> Section | None:
    frame = models_data(studies)
    if frame.empty or frame[["input", *_COSTS]].isna().all(axis=None):
        return None
    frame = frame.sort_values(list(_COSTS[:2]), kind="stable", na_position="last")
    cells = {
        heading(str(c)): [_text(v) if c == "input" else format_cell(str(c), v) for v in frame[c]]
        for c in frame
        if frame[c].notna().any()
    }
    table = Table(
        "models",
        "Models: input (channels × height × width), parameters, and the cost of one input.",
        cells,
        frame,
        (FLOPS_CONVENTION,),
    )
    return Section("Models", (table,))
