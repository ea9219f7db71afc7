from __future__ import annotations

from pathlib import Path

from analysis.document import Bullets, Section, Table
from analysis.load import load_study
from analysis.sections import build_document
from analysis.sections.devices import devices
from analysis.sections.environment import environment, parameters_data
from analysis.sections.factors import epochs, pin_memory
from analysis.sections.results import rows_table
from analysis.sections.setup import models_data, studies_data
from tests.studies import (
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)
from tests.test_matched import grid_study
from tests.test_tables import device_study, svm_study


def table_of(section: Section | None) -> Table:
    """Return the first table of a section."""
    assert section is not None
    return next(block for block in section.blocks if isinstance(block, Table))


def test_an_arm_that_has_not_run_is_shown_as_it_stands(tmp_path: Path) -> None:
    section = devices(device_study(tmp_path), "q2")
    cells = table_of(section).cells
    assert cells["optimizer"] == ["SGD", "Adam"]
    assert cells["CPU train (s)"] == ["60.0", "missing"]
    assert cells["GPU train (s)"] == ["2.50", "3.00"]
    assert cells["speed-up"] == ["24.0×", "–"]
    assert cells["MACs (M)"] == ["33.18", "33.18"]
    assert section is not None and "1 of 2 rows of the CPU arm" in str(section.blocks[1])


def test_an_inert_pin_memory_is_compared_with_nothing(tmp_path: Path) -> None:
    section = pin_memory(load_study(shared_study(tmp_path / "grid")), "grid")
    assert section is not None and "not applicable" in str(section.blocks)
    assert not any(isinstance(block, Table) for block in section.blocks)


def test_pin_memory_that_ran_is_compared_pair_by_pair(tmp_path: Path) -> None:
    configurations = {name: resnet_config(pin_memory=name == "on") for name in ("off", "on")}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for name, seconds in (("off", 10.0), ("on", 8.0)):
        result = line(2, milestone=True, train_seconds=seconds, test_accuracy=0.9 + seconds / 1000)
        write_trial(path, name, configurations[name], {2: [name]}, [result])
    cells = table_of(pin_memory(load_study(path), "grid")).cells
    assert cells["pin memory"] == ["no", "yes"]
    assert cells["difference (points)"] == ["–", "−0.20"] and cells["time ratio"] == ["–", "0.80×"]


def test_lengths_are_compared_once_both_have_finished(tmp_path: Path) -> None:
    section = epochs(load_study(shared_study(tmp_path / "grid")), "grid")
    assert section is not None and section.title == "2 against 5 epochs"
    assert table_of(section).cells["difference (points)"] == ["–", "+0.71"]
    waiting = epochs(load_study(prefix_study(tmp_path / "new")), "grid")
    assert waiting is not None and "nothing to compare" in str(waiting.blocks)


def test_seeds_are_one_line_with_their_spread(tmp_path: Path) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config}, seeds=(0, 1, 2)))
    for seed, accuracy in ((0, 126 / 140), (1, 133 / 140)):
        lines = [line(2, milestone=True, test_accuracy=accuracy)]
        write_trial(path, f"k{seed}", config, {2: ["a"]}, lines, seed=seed)
    table = rows_table(load_study(path), "grid")
    assert table.cells["test accuracy (%)"] == ["92.5 ± 3.5"]
    assert table.cells["seeds"] == ["2/3"]
    assert table.cells["status"] == ["finished, missing"]
    assert len(table.frame) == 3, "the CSV has every row"


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


def test_models_of_a_real_study_carry_their_costs(real_study: Path) -> None:
    models = models_data({"q1a": load_study(real_study)}).set_index("model")
    assert models.loc["resnet18", "input"] == "1×28×28"
    assert models.loc["resnet18", "flops"] == 66_107_904
    assert models.loc["resnet50", "macs"] == 78_755_072


def test_names_of_tables_and_figures_are_unique_over_studies(tmp_path: Path) -> None:
    studies = {"grid": grid_study(tmp_path / "grid"), "svm": svm_study(tmp_path)}
    studies |= {"devices": device_study(tmp_path)}
    document = build_document(studies)
    for blocks in (document.tables, document.figures):
        names = [block.name for block in blocks]
        assert len(names) == len(set(names)) > 5
    sharing = [b for s in document.sections[0].sections for b in s.blocks if isinstance(b, Bullets)]
    assert not sharing, "none of them shares anything"
