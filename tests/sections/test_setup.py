from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.render.document import Table
from analysis.sections.environment import environment, parameters_data
from analysis.sections.setup import models_data, setup, studies_data
from tests.studies import (
    line,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)
from tune_app.study.stop import STOPPED_FILE, Stop


def test_set_up_counts_rows_and_names_models_and_parameters(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    [counts] = studies_data({"grid": study}).to_dict("records")
    assert (counts["rows"], counts["finished"], counts["trials"]) == (4, 4, 1)
    assert counts["train_seconds"] == 50.0, "the trial's, once"
    parameters = parameters_data({"grid": study}).set_index("parameter")
    assert parameters.loc["epochs", "values"] == "2, 5"
    assert parameters.loc["pin_memory", "role"] == "varied"
    assert parameters.loc["lr", "role"] == "fixed"
    facts = environment(study)
    assert facts["software"] == "Python 3.11.7, torch 2.14.1, ray 2.60.0"
    assert facts["arithmetic"] == "float32" and facts["GPUs"] == "none"


def test_a_stopped_row_has_no_epochs_to_train(tmp_path: Path) -> None:
    """5 epochs were planned for it, and the search ended it after one."""
    configs = {"lr1": resnet_config(lr=0.1, epochs=5), "lr2": resnet_config(lr=0.2, epochs=5)}
    path = write_study(tmp_path / "grid", study_json(configs))
    folder = write_trial(path, "k1", configs["lr1"], {5: ["lr1"]}, [line(1)])
    [counts] = studies_data({"grid": load_study(path)}).to_dict("records")
    assert counts["epochs_of_trials"] == 5, "it was interrupted"
    (folder / STOPPED_FILE).write_text(Stop("stopped", 1, "asha", 60.0).as_json())
    [counts] = studies_data({"grid": load_study(path)}).to_dict("records")
    assert counts["stopped"] == 1 and counts["epochs_of_trials"] is None


def test_models_of_a_real_study_carry_their_costs(real_study: Path) -> None:
    models = models_data({"q1a": load_study(real_study)}).set_index("model")
    assert models.loc["resnet18", "input"] == "1×28×28"
    assert models.loc["resnet18", "flops"] == 66_107_904
    assert models.loc["resnet50", "macs"] == 78_755_072


def test_counts_of_images_have_separators(tmp_path: Path) -> None:
    meta = study_json({"a": resnet_config()})
    meta["data"]["datasets"]["mnist"]["num_images"] = 70_000
    studies = {"grid": load_study(write_study(tmp_path / "grid", meta))}
    tables = [b for section in setup(studies).sections for b in section.walk()]
    data = next(b for b in tables if isinstance(b, Table) and b.name == "data")
    assert data.cells["images"][0] == "70,000" and "," not in data.cells["split seed"][0]


def test_a_measured_time_is_no_hyperparameter(real_study: Path) -> None:
    parameters = set(parameters_data({"q1a": load_study(real_study)})["parameter"])
    assert {"lr", "momentum"} <= parameters
    assert not [name for name in parameters if name.endswith("_seconds")]
