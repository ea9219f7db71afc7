"""The weights that a study keeps, and the lines of Python that load them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.configuration import Config
from tune_app.storage.store import StudyStore
from tune_app.study.arithmetic import mapping
from tune_app.study.objective import finite_number
from tune_app.study.row_details import Attempt
from tune_app.study.study_file import read_json
from tune_app.study.trial_directory import TrialDirectory
from tune_app.study.trial_record import Record

_GROUP = re.compile(r"[^/\0]{1,200}")
_CLASSES_OF_SHIPPED = 10
_FILE = re.compile(r"tune/[^/\0]+/[^/\0]+/weights/[^/\0]+\.pt")


@dataclass(frozen=True)
class KeptWeights:
    """The best weights of a group, such as a data set and model.

    Attributes:
        group: the name of the group.
        score: the value of the objective that they reached.
        path: the file.
        config: the configuration of its trial.
    """

    group: str
    score: float
    path: Path
    config: Record

    @property
    def epoch(self) -> int:
        """The epoch after which they were saved, or 0 if the file's name does not say."""
        number = self.path.stem.rpartition(".epoch_")[2]
        return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


def kept_weights(
    store: StudyStore, directories: Iterable[TrialDirectory]
) -> tuple[KeptWeights, ...]:
    """Return the best weights of each group that are there, by the names of the groups.

    An entry that leads out of the study, or to no file, is left out.

    Args:
        store: where the study is kept.
        directories: the directories of the study's trials.
    """
    configs = {directory.path: directory.config for directory in directories}
    kept = []
    for entry_path in sorted((store.root / "weights").glob("*.json")):
        entry = None if entry_path.is_symlink() else read_json(entry_path)
        if not isinstance(entry, dict) or not _GROUP.fullmatch(entry_path.stem):
            continue
        name, score = entry.get("file"), finite_number(entry.get("score"))
        if not isinstance(name, str) or not _FILE.fullmatch(name) or score is None:
            continue
        path = store.root / name
        links = (path, path.parent)
        config = configs.get(path.parent.parent)
        if config is not None and path.is_file() and not any(link.is_symlink() for link in links):
            kept.append(KeptWeights(entry_path.stem, score, path, config))
    return tuple(kept)


def loading_lines(
    store: StudyStore, study: Mapping[str, Any], kept: KeptWeights, *, from_anywhere: bool = True
) -> list[str]:
    """Return the lines of Python that build the model and load the weights into it.

    Args:
        store: where the study is kept.
        study: ``study.json``.
        kept: the weights.
        from_anywhere: whether the lines have an absolute path. Otherwise the path begins as the
            user named the study, so that it tells a reader nothing about the user's machine.
    """
    place = _place(store, kept.path, from_anywhere)
    if study["space"].get("trainable") == "resnet":
        model = [
            "from tune_app.training.models import build_model",
            f"model = build_model({', '.join(_arguments(study, kept.config))})",
        ]
    else:
        name = kept.config.get("model")
        other = "if it is torchvision's, load_study(...).load_model() builds it"
        of_what = "" if name is None else f", for model {name!r}; {other}"
        model = [f"model = build(config, data)  # your function of the search space{of_what}"]
    if store.at_url:
        return [
            "import io, torch, pyarrow.fs",
            *model,
            f"files, path = pyarrow.fs.FileSystem.from_uri({place!r})",
            "state = io.BytesIO(files.open_input_stream(path).read())",
            "model.load_state_dict(torch.load(state, weights_only=True))",
        ]
    return [
        "import torch",
        *model,
        f"model.load_state_dict(torch.load({place!r}, weights_only=True))",
    ]


def checkpoint_lines(
    store: StudyStore, attempt: Attempt, *, from_anywhere: bool = True
) -> list[str]:
    """Return the lines of Python that open the newest checkpoint of a user's function, if any.

    The arguments are those of :func:`loading_lines`.
    """
    if not attempt.checkpoints:
        return []
    path = store.root / attempt.checkpoints[-1].path.rstrip("/")
    return [
        "from ray.tune import Checkpoint",
        f"with Checkpoint({_place(store, path, from_anywhere)!r}).as_directory() as folder:",
        "    ...  # what your function does with tune.get_checkpoint()",
    ]


def _arguments(study: Mapping[str, Any], config: Config) -> list[str]:
    arguments = [repr(str(config.get("model")))]
    channels, size = config.get("in_channels", 1), config.get("image_size", 28)
    outputs = _num_outputs(mapping(study["data"]["datasets"].get(str(config.get("dataset")))))
    if channels != 1:
        arguments.append(f"in_channels={channels!r}")
    if outputs != _CLASSES_OF_SHIPPED:
        arguments.append(f"num_classes={outputs}")
    if size != 28:
        arguments.append(f"image_size={(size, size)!r}")
    return arguments


def _num_outputs(dataset: Mapping[str, Any]) -> int:
    """Return the outputs of a model, from what ``study.json`` says of its data set."""
    if not dataset.get("input"):  # only a user's data set says how an item becomes an input
        return _CLASSES_OF_SHIPPED
    names, targets = dataset.get("class_names"), dataset.get("targets")
    if isinstance(names, list):
        return len(names)
    several = isinstance(targets, list) and [size for size in targets if type(size) is int]
    return several[0] if several else 1


def _place(store: StudyStore, path: Path, from_anywhere: bool) -> str:
    return str(path.absolute()) if from_anywhere and not store.at_url else store.place_of(path)
