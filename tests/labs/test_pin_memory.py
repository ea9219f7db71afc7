from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.labs.pin_memory import pin_memory
from analysis.render.document import Paragraph, Table
from tests.sections.tables import table_of
from tests.studies import line, resnet_config, shared_study, study_json, write_study, write_trial


def test_an_inert_pin_memory_is_compared_with_nothing(tmp_path: Path) -> None:
    section = pin_memory(load_study(shared_study(tmp_path / "grid")), "grid")
    assert section is not None and "cannot be compared" in str(section.blocks)
    assert not any(isinstance(block, Table) for block in section.blocks)


def test_pin_memory_that_ran_is_compared_pair_by_pair(tmp_path: Path) -> None:
    configurations = {name: resnet_config(pin_memory=name == "on") for name in ("off", "on")}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for name, seconds in (("off", 10.0), ("on", 8.0)):
        result = line(2, milestone=True, train_seconds=seconds, test_accuracy=0.9 + seconds / 1000)
        write_trial(path, name, configurations[name], {2: [name]}, [result])
    cells = table_of(pin_memory(load_study(path), "grid")).cells
    assert cells["pin memory"] == ["no", "yes"]
    assert cells["difference (points)"] == ["–", "−0.2"] and cells["time ratio"] == ["–", "0.80×"]


def test_one_value_of_pin_memory_is_not_waited_for(tmp_path: Path) -> None:
    configurations = {name: resnet_config(lr=float(name)) for name in ("0.1", "0.2")}
    space = {"factors": ["pin_memory", "lr"]}
    path = write_study(tmp_path / "grid", study_json(configurations, space=space))
    section = pin_memory(load_study(path), "grid")
    assert section is not None
    assert section.blocks == (
        Paragraph("All rows have the same pin memory, so there is nothing to compare."),
    )


def test_failed_rows_have_no_equal_accuracies(tmp_path: Path) -> None:
    configurations = {f"p{pin:d}": resnet_config(pin_memory=pin) for pin in (False, True)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    write_trial(path, "k", configurations["p0"], {2: list(configurations)}, [], error="Error: no")
    assert "by construction" not in str(pin_memory(load_study(path), "grid"))
