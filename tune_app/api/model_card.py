"""The model card: what a model is, how it was selected, and what is known of its data.

Everything in it is read from the study; what the study does not say, the card says is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import one_line
from tune_app.api.row_weights import RowWeights
from tune_app.api.shown_metrics import shown_metrics
from tune_app.data.datasets import DATASETS
from tune_app.study.arithmetic import mapping
from tune_app.training.model_info import ModelInfo
from tune_app.training.models import plain_lines
from tune_app.training.saved_model import State, input_shape, num_outputs

if TYPE_CHECKING:
    from analysis.frames.answer import Winner
    from analysis.frames.load import Study

_SOURCES = {
    "full": "all 70,000 images",
    "sample": "the 10,000 official test images, as a sample",
}


def picked(study: Study, config_ids: tuple[str, ...]) -> Winner | None:
    """Return the winner of a data set that is one of these configurations, or None."""
    from analysis.frames.answer import winners

    found = winners(study)
    return next((w for w in found if w.config["config_id"] in config_ids), None)


def selection_words(study: Study, chosen: RowWeights, among: str) -> str:
    """Return how a model was selected, from how many configurations.

    Args:
        study: the study, with the rows that the model was picked from.
        chosen: the weights.
        among: in words, which rows these are; empty for all.
    """
    from analysis.sections.answer import winner_in_words

    winner = picked(study, chosen.config_ids)
    of = f" Only rows with {among} were compared." if among else ""
    rows = study.rows
    states = ", ".join(f"{n} {s}" for s, n in rows["status"].value_counts(sort=False).items())
    have = f" Rows: {states}."
    if winner is None:
        return (
            f"Chosen by its id, and not as the best of the study by {study.metric} "
            f"({study.mode}).{of}{have}"
        )
    text = f"{winner_in_words(study, winner)}{of}{have}"
    if winner.num_seeds > 1:
        text += f" The weights are those of seed {chosen.directory.seed}."
    return text


class ModelCard:
    """The card of one exported model."""

    def __init__(
        self, study: Study, chosen: RowWeights, info: ModelInfo, state: State, selected: str
    ) -> None:
        self._study = study
        self._chosen = chosen
        self._info = info
        self._state = state
        self._selected = selected

    def text(self, path: Path, content: bytes) -> str:
        """Return the card as Markdown.

        Args:
            path: the file of the model.
            content: its content.
        """
        sections = {
            "Load it": self._loading(path),
            "What it takes and returns": self._interface(),
            "Results": self._results(),
            "How it was selected": [self._selected],
            "Training": self._training(),
            "Data": self._data(),
            "Made with": self._versions(),
        }
        spec = DATASETS.get(self._info.dataset)
        data = spec.title if spec else self._info.dataset
        lines = [f"# {one_line(self._info.model)}, trained on {one_line(data)}", ""]
        digest = hashlib.sha256(content).hexdigest()
        lines += [f"`{path.name}`, {len(content):,} bytes, SHA-256 {digest}."]
        for title, block in sections.items():
            lines += ["", f"## {title}", "", *block]
        return "\n".join(lines) + "\n"

    def _loading(self, path: Path) -> Iterator[str]:
        info, name = self._info, path.name
        if path.suffix == ".onnx":
            yield "With ONNX Runtime; `input` has the shape below, of any number of items:"
            code = [
                "import onnxruntime",
                f"session = onnxruntime.InferenceSession({name!r})",
                'outputs = session.run(None, {"input": inputs})[0]',
            ]
        else:
            yield "With PyTorch alone:"
            code = ["import torch"]
            if path.suffix == ".safetensors":
                code.append("from safetensors.torch import load_file")
                read = f"load_file({name!r})"
            else:
                read = f"torch.load({name!r}, weights_only=True)"
            if info.is_own:
                code.append("model = ...  # the function of your search space that builds it")
            else:
                channels, height, width = input_shape(info, self._state)
                outputs = num_outputs(info, self._state)
                code[1:1] = ["import torchvision"]
                code += plain_lines(info.model, channels, outputs, (height, width))
            code += [f"model.load_state_dict({read})", "model.eval()"]
        yield from ("", "```python", *code, "```")

    def _interface(self) -> Iterator[str]:
        item, names = self._info.item, self._info.class_names
        if item is None:
            yield "- Input: not recorded by the study."
        elif len(item.shape) in (2, 3):
            channels, height, width = item.of_model
            yield f"- Input: float32, (items, {channels}, {height}, {width})."
            yield f"- Images of the data set: {item.dtype}, {item.shape}. {_scaling(item)}"
            if item.size and item.shape[:2] != (item.size, item.size):
                how = ", with antialiasing" if item.size < max(item.shape[:2]) else ""
                yield f"- Then resized to {item.size}×{item.size} by bilinear interpolation{how}."
            if channels > (item.shape[2] if len(item.shape) == 3 else 1):
                yield f"- Then the grey channel is repeated {channels} times."
        else:
            as_they_are = "" if item.dtype == "uint8" else ", as in the data"
            yield f"- Input: float32, (items, {', '.join(map(str, item.shape))}){as_they_are}."
            if not as_they_are:
                yield f"- Items of the data set: {item.dtype}. {_scaling(item)}"
        spec = DATASETS.get(self._info.dataset)
        if spec:
            yield f"- Expected: {spec.looks}. Other images give answers without meaning."
        if names is None:
            yield "- Output: the targets of a regression."
        else:
            listed = ", ".join(
                name if name == str(place) else f"{place} {one_line(name)}"
                for place, name in enumerate(names)
            )
            yield f"- Output: a number for each class, whose softmax is its probability: {listed}."
            yield "- These probabilities are not calibrated."

    def _results(self) -> Iterator[str]:
        yield "| measure | value | 95 % interval |"
        yield "| --- | --- | --- |"
        for metric in shown_metrics(self._study, self._chosen):
            yield f"| {metric.title} | {metric.cells[0]} | {metric.cells[1]} |"
        yield ""
        yield (
            "An interval is that of the sampling of the items (Clopper and Pearson). It does not "
            "cover what another seed would give."
        )
        if not self._study.metric.startswith("test_"):
            yield f"{one_line(self._study.metric)} selected the model, so its value is optimistic."

    def _training(self) -> Iterator[str]:
        chosen = self._chosen
        yield f"- Study {one_line(self._study.name)}, row {', '.join(chosen.config_ids)}."
        yield f"- Epoch {chosen.weights.epoch}, seed {chosen.directory.seed}."
        for name in ("device", "precision"):
            if value := chosen.record.get(name):
                yield f"- {name}: {one_line(str(value))}"
        for name, value in self._info.config.items():
            if name not in ("device", "seed"):
                yield f"- {one_line(name)}: {one_line(str(value))}"

    def _data(self) -> Iterator[str]:
        data = self._study.meta["data"]
        entry = mapping(mapping(data.get("datasets")).get(self._info.dataset))
        spec = DATASETS.get(self._info.dataset)
        source = _SOURCES.get(str(data.get("source")), "a folder of the user's")
        yield f"- {spec.title}: {source}." if spec else f"- {self._info.dataset}, the user's own."
        by_class = " within each class" if self._info.class_names else ""
        counts = {part: entry.get(f"num_{part}") for part in ("images", "train", "val", "test")}
        yield (
            f"- Used: {counts['images']:,} items: {counts['train']:,} training, {counts['val']:,} "
            f"validation and {counts['test']:,} test items, drawn at random{by_class}."
            if all(isinstance(count, int) for count in counts.values())
            else "- Numbers of items: not recorded."
        )
        varies = data.get("vary_split") is True
        seed = self._chosen.directory.seed if varies else data.get("split_seed")
        yield f"- Split seed {seed}; fingerprint {self._chosen.directory.plan.get('data')}."
        for name, digest in mapping(entry.get("sha256")).items():
            yield f"- {one_line(str(name))}: SHA-256 {one_line(str(digest))}"
        yield f"- Licence: {spec.licence if spec else 'not known to the study; ask its owner'}."

    def _versions(self) -> Iterator[str]:
        launches = {launch["name"]: launch for launch in self._study.meta["launches"]}
        launch: Mapping[str, Any] = launches.get(self._chosen.directory.launch, {})
        packages = {"python": launch.get("python"), **mapping(launch.get("packages"))}
        yield "- " + one_line(", ".join(f"{name} {v}" for name, v in packages.items()))
        hardware = mapping(launch.get("hardware"))
        gpus = hardware.get("gpus")
        also = f", {', '.join(map(str, gpus))}" if isinstance(gpus, list) and gpus else ""
        yield f"- {one_line(str(hardware.get('cpu')))}{one_line(also)}"
        commit = launch.get("git_commit") or "unknown"
        yield f"- Started {launch.get('started_at')}, commit of tune-app {commit}"


def _scaling(item: Any) -> str:
    mean, std = (", ".join(f"{value:.4g}" for value in of) for of in (item.mean, item.std))
    if item.dtype == "uint8":
        noun = "pixel" if item.is_image else "number"
        return f"Each {noun} becomes ({noun} / 255 − {mean}) / {std}."
    return f"Each number becomes (number − {mean}) / {std}."
