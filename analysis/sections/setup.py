"""What was run: studies, data, models, hyperparameters, machines and versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.cells import MISSING, format_cell, heading, label
from analysis.document import Bullets, Paragraph, Section, Table
from analysis.frames import levels, numbers
from analysis.load import Study
from analysis.tables import inert_axes, sharing_summary
from search_spaces.errors import one_line

Studies = Mapping[str, Study]
"""The studies of a report by the names of their tables."""

_PACKAGES = ("torch", "torchvision", "ray", "numpy", "scikit-learn", "scikit-learn-intelex")
_STATUSES = ("finished", "unconverged", "diverged", "failed", "unfinished", "open", "missing")
_COSTS = ("num_parameters", "macs", "flops", "live_flops")
_NOT_SETTINGS = ("seed", "trial_key", "launch", "epoch", "device")
FLOPS_CONVENTION = (
    "FLOPs of one image, forward: 2 × the multiply-adds of convolutions and linear layers + 2 × "
    "the elements of BatchNorm layers. MACs: multiply-adds as thop 0.1.1 counts them. Live FLOPs "
    "leave out the kernel taps that only ever meet padding at this input size."
)


def setup(studies: Studies) -> Section:
    """Return the set-up of all studies."""
    parts = (
        Section("Studies", (studies_table(studies), *_sharing(studies))),
        _data(studies),
        _models(studies),
        Section("Hyperparameters", (parameters_table(studies),)),
        Section("Hardware and software", (_environment(studies),)),
    )
    return Section("Set-up", (), tuple(part for part in parts if part is not None))


def studies_data(studies: Studies) -> pd.DataFrame:
    """Return one row per study: what was planned, what became of it and what was shared."""
    records = []
    for study in studies.values():
        counts = study.rows["status"].value_counts()
        shared = sharing_summary(study)
        record = {
            "study": study.name,
            "configurations": len(study.meta["configurations"]),
            "seeds": len(set(study.meta["seeds"])),
            "rows": len(study.rows),
            **{status: int(counts.get(status, 0)) for status in _STATUSES},
            "trials": shared["num_trials"],
            "epochs_of_rows": shared["epochs_of_rows"],
            "epochs_of_trials": shared["epochs_of_trials"],
            "train_seconds": _train_seconds(study),
        }
        records.append(record)
    return pd.DataFrame(records)


def _train_seconds(study: Study) -> float:
    """Return the training time of all trials, each counted once: the last epoch's of each."""
    if "trial_key" not in study.epochs:
        return 0.0
    seconds = numbers(study.epochs, "train_seconds")
    return float(seconds.groupby(study.epochs["trial_key"]).max().sum())


def studies_table(studies: Studies) -> Table:
    """Return ``studies_data`` as it is printed; statuses that never occur are left out."""
    frame = studies_data(studies)
    shown = [c for c in frame if c not in _STATUSES[1:] or frame[c].sum() > 0]
    names = {
        "epochs_of_rows": "epochs the rows need",
        "epochs_of_trials": "epochs to train",
        "train_seconds": "training in all (s)",
    }
    cells = {
        names.get(str(c), str(c)): [format_cell(str(c), value) for value in frame[c]] for c in shown
    }
    notes = (
        "A row is a configuration at a seed. A trial can serve several rows: a short training is "
        "the beginning of a long one, and a parameter that changes nothing is run once.",
    )
    return Table("studies", "The studies and the state of their rows.", cells, frame, notes)


def _sharing(studies: Studies) -> list[Bullets]:
    items = []
    for study in studies.values():
        summary = sharing_summary(study)
        if summary["num_trials"] == 0 or summary["num_trials"] == summary["num_rows"]:
            continue
        trained, separate = summary["epochs_of_trials"], summary["epochs_of_rows"]
        text = (
            f"{one_line(study.name)}: rows served: {summary['num_rows']}, by trials: "
            f"{summary['num_trials']}. Epochs to train: {trained} instead of {separate} "
            f"(÷{separate / max(trained, 1):.1f})."
        )
        for axis, count in inert_axes(study).items():
            text += (
                f" {one_line(axis)} changed nothing: {count} rows repeat the result of another "
                "row, so comparing times across it is not applicable."
            )
        items.append(text)
    return [Bullets(tuple(items))] if items else []


def _data(studies: Studies) -> Section:
    counts = ("num_images", "num_train", "num_val", "num_test")
    records = []
    for study in studies.values():
        data = mapping(study.meta.get("data"))
        for dataset, value in mapping(data.get("datasets")).items():
            record = {"study": study.name, "dataset": dataset, "source": data.get("source")}
            record |= {name: mapping(value).get(name) for name in counts}
            records.append(record | {"split_seed": data.get("split_seed")})
    if not records:
        return Section("Data", (Paragraph("No study says which images it used."),))
    frame = pd.DataFrame(records)
    names = {"num_images": "images", "num_train": "train", "num_val": "validation"}
    names |= {"num_test": "test", "dataset": heading("dataset"), "split_seed": "split seed"}
    cells = {
        names.get(str(c), str(c)): [
            label("dataset", v) if c == "dataset" else _text(v) for v in frame[c]
        ]
        for c in frame
    }
    caption = "Images of each study and their split, stratified by class."
    return Section("Data", (Table("data", caption, cells, frame),))


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return MISSING
    return one_line(str(value)) if not isinstance(value, (int, float)) else format_cell("", value)


def models_data(studies: Studies) -> pd.DataFrame:
    """Return each model with its input and costs, as its rows recorded them."""
    records = []
    for study in studies.values():
        if "model" not in study.rows:
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
    if frame.empty:
        return None
    frame = frame.sort_values(list(_COSTS[:2]), kind="stable", na_position="last")
    cells = {
        heading(str(c)): [_text(v) if c == "input" else format_cell(str(c), v) for v in frame[c]]
        for c in frame
    }
    table = Table(
        "models",
        "Models: input (channels × height × width), parameters, and cost of one image.",
        cells,
        frame,
        (FLOPS_CONVENTION,),
    )
    return Section("Models", (table,))


def parameters_data(studies: Studies) -> pd.DataFrame:
    """Return the values of every hyperparameter of every study, varied and fixed."""
    records = []
    for study in studies.values():
        fixed = [key for key in study.trials if key in _settings(study)]
        for key in dict.fromkeys([*study.config_keys, *fixed]):
            rows = study.rows if key in study.rows else study.trials
            values = levels(rows, key)
            texts = [label(key, value) for value in values]
            shown = ", ".join(texts[:12]) + (f", … ({len(texts)})" if len(texts) > 12 else "")
            role = "varied" if len(values) > 1 else "fixed"
            if values:
                records.append(
                    {"study": study.name, "parameter": key, "role": role, "values": shown}
                )
    return pd.DataFrame(records, columns=["study", "parameter", "role", "values"])


def _settings(study: Study) -> set[str]:
    """Return what every trial's config holds, also what the study left at its default."""
    reserved = {*study.metric_keys, *_NOT_SETTINGS, "name", "launches", "status", "reason"}
    reserved |= {"num_epochs", "last_milestone", "num_rows", "milestone", "precision"}
    reserved |= {str(c) for c in study.trials if str(c).startswith(("train_", "val_", "test_"))}
    return {str(c) for c in study.trials} - reserved - {"predictions_file", "num_test"}


def parameters_table(studies: Studies) -> Table:
    """Return ``parameters_data`` as it is printed: a column per study."""
    frame = parameters_data(studies)
    if len(studies) == 1:
        cells = {
            "parameter": [heading(name) for name in frame["parameter"]],
            "values": list(frame["values"]),
            "role": list(frame["role"]),
        }
    else:
        names = list(dict.fromkeys(frame["parameter"]))
        cells = {"parameter": [heading(name) for name in names]}
        for index, study in enumerate(studies.values()):
            mine = frame[frame["study"] == study.name].set_index("parameter")["values"]
            title = one_line(study.name)
            title = title if title not in cells else f"{title} ({index + 1})"
            cells[title] = [str(mine.get(name, MISSING)) for name in names]
    return Table("hyperparameters", "Hyperparameters and their values.", cells, frame)


def _environment(studies: Studies) -> Table:
    facts = [environment(study) for study in studies.values()]
    names = list(dict.fromkeys(name for fact in facts for name in fact))
    if len({tuple(fact.items()) for fact in facts}) == 1:
        columns = [("value", facts[0])]
    else:
        columns = [(one_line(s.name), f) for s, f in zip(studies.values(), facts, strict=True)]
    frame = pd.DataFrame({"fact": names})
    for index, (name, fact) in enumerate(columns):
        title = name if name not in frame else f"{name} ({index + 1})"
        frame[title] = [fact.get(key) or MISSING for key in names]
    cells = {str(c): [str(value) for value in frame[c]] for c in frame}
    return Table("environment", "Where the studies ran.", cells, frame)


def environment(study: Study) -> dict[str, str]:
    """Return the machine, versions, commit and command of a study, each as one line."""
    provenance = mapping(study.meta.get("provenance"))
    hardware = mapping(provenance.get("hardware"))
    packages = mapping(provenance.get("packages"))
    gpus = hardware.get("gpus")
    facts: dict[str, Any] = {"begun": study.meta.get("created_at")}
    if hardware.get("cpu"):
        size = f"{hardware.get('num_cpus')} CPUs, {hardware.get('memory_gb')} GB"
        facts["processor"] = f"{hardware['cpu']}, {size}"
    if isinstance(gpus, list):
        facts["GPUs"] = ", ".join(map(str, gpus)) or "none"
    versions = [f"{name} {packages[name]}" for name in _PACKAGES if name in packages]
    if provenance.get("python"):
        versions.insert(0, f"Python {provenance['python']}")
    facts["software"] = ", ".join(versions)
    if provenance.get("git_commit"):
        changed = " with local changes" if provenance.get("git_dirty") else ""
        facts["commit"] = f"{provenance['git_commit']}{changed}"
    facts["command"] = provenance.get("command")
    for name, column in (("arithmetic", "precision"), ("SVM solver", "solver")):
        if column in study.rows:
            facts[name] = ", ".join(map(str, study.rows[column].dropna().unique()))
    return {name: one_line(str(value)) for name, value in facts.items() if value}


def mapping(value: object) -> dict[str, Any]:
    """Return a mapping of a ``study.json`` anybody can edit, an empty one for anything else."""
    return value if isinstance(value, dict) else {}
