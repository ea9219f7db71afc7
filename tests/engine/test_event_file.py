"""TensorBoard's curves, in groups, and its HParams tab, which finds its metrics by the curves."""

from __future__ import annotations

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.api_pb2 import DataType, Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from search_spaces import Measure
from tune_app.engine.event_file import EventFile
from tune_app.study.measures import Measures


def written(folder: Path, measures: Measures, *rows: dict[str, float]) -> EventAccumulator:
    """Write rows as a trial's curves and the last one into the HParams tab; read them again."""
    folder.mkdir(exist_ok=True)
    events = EventFile(folder, measures)
    events.begin({"lr": 0.1}, 1)
    for step, row in enumerate(rows, start=1):
        events.add_scalars(row, step)
    events.finish({"lr": 0.1}, rows[-1])
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def hparams_metrics(events: EventAccumulator) -> list[str]:
    content = events.PluginTagToContent("hparams")["_hparams_/experiment"]
    experiment = HParamsPluginData.FromString(content).experiment
    return [metric.name.tag for metric in experiment.metric_infos]


def test_curves_are_grouped_by_quantity(tmp_path: Path) -> None:
    row = {"train_loss": 0.5, "val_loss": 0.25, "val_accuracy": 0.75, "test_accuracy": 0.5}
    events = written(tmp_path / "a", Measures(), row | {"epoch_seconds": 2.0, "flops": 3.0})
    assert sorted(events.Tags()["scalars"]) == [
        *("accuracy/test", "accuracy/val", "loss/train", "loss/val"),
        *("other/flops", "time/epoch_seconds"),
    ]
    assert events.Scalars("loss/train")[0].value == 0.5


def test_the_hparams_tab_begins_with_the_objective_and_knows_every_curve(tmp_path: Path) -> None:
    measures = Measures("rmse", "min", {"rmse": Measure(unit="mm", split="val")})
    rows = [{"loss": 4.0, "rmse": 2.0, "test_rmse": 3.0, "val_accuracy": 0.5}] * 2
    events = written(tmp_path / "a", measures, *rows)
    assert hparams_metrics(events) == ["rmse/val", "rmse/test", "accuracy/val", "loss"]
    assert set(hparams_metrics(events)) == set(events.Tags()["scalars"])


def test_the_hparams_tab_has_the_values_of_a_row_and_their_types(tmp_path: Path) -> None:
    factors = {"lr": 0.1, "batch_size": 16, "pin_memory": True, "optimizer": "sgd"}
    events = EventFile(tmp_path / "a", Measures())
    events.begin(factors, 1)
    events.finish(factors, {"val_loss": 0.5})
    found = EventAccumulator(str(tmp_path / "a"))
    found.Reload()
    about = {
        tag: HParamsPluginData.FromString(content)
        for tag, content in found.PluginTagToContent("hparams").items()
    }
    values = about["_hparams_/session_start_info"].session_start_info.hparams
    assert {name: value.number_value for name, value in values.items() if value.number_value} == {
        "lr": 0.1,
        "batch_size": 16,
    }
    assert values["pin_memory"].bool_value is True and values["optimizer"].string_value == "sgd"
    columns = about["_hparams_/experiment"].experiment.hparam_infos
    assert {column.name: DataType.Name(column.type) for column in columns} == {
        "lr": "DATA_TYPE_FLOAT64",
        "batch_size": "DATA_TYPE_FLOAT64",
        "pin_memory": "DATA_TYPE_BOOL",
        "optimizer": "DATA_TYPE_STRING",
    }
    end = about["_hparams_/session_end_info"].session_end_info
    assert Status.Name(end.status) == "STATUS_SUCCESS"


def test_an_objective_without_a_split_is_first_too(tmp_path: Path) -> None:
    row = {"loss": 4.0, "score": 2.0}
    assert hparams_metrics(written(tmp_path / "a", Measures("score"), row)) == ["score", "loss"]


def test_what_judges_comes_before_what_is_counted(tmp_path: Path) -> None:
    """The tab shows the first five columns; a user finds the results there, not the times."""
    row = {"flops": 1.0, "epoch_seconds": 2.0, "train_loss": 3.0, "test_f1": 0.5, "val_loss": 4.0}
    row |= {"test_accuracy": 0.25, "val_accuracy": 0.75}
    assert hparams_metrics(written(tmp_path / "a", Measures(), row)) == [
        *("accuracy/val", "accuracy/test", "f1/test", "loss/val"),
        *("other/flops", "time/epoch_seconds", "loss/train"),
    ]


def test_files_are_whole_for_the_reader_of_tensorboard(tmp_path: Path) -> None:
    events = EventFile(tmp_path / "a", Measures())
    assert not events.path.exists(), "an empty file would be a run without a curve"
    events.begin({"lr": 0.1}, 1)
    for step in range(1, 200):
        events.add_scalars({"val_loss": step / 4}, step)
    found = EventAccumulator(str(tmp_path / "a"), size_guidance={"scalars": 0})
    found.Reload()
    assert [e.value for e in found.Scalars("loss/val")] == [step / 4 for step in range(1, 200)]
    assert found.file_version == 2.0
