from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.labs.devices import devices
from analysis.render.document import Figure, Paragraph
from tests.analysed_studies import device_study
from tests.sections.tables import table_of
from tests.studies import (
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)


def test_an_arm_that_has_not_run_is_shown_as_it_stands(tmp_path: Path) -> None:
    section = devices(device_study(tmp_path), "q2")
    cells = table_of(section).cells
    assert cells["optimizer"] == ["SGD", "Adam"]
    assert cells["CPU train (s)"] == ["60.0", "not begun"]
    assert cells["GPU train (s)"] == ["2.50", "3.00"]
    assert cells["speed-up"] == ["24.0×", "–"]
    assert cells["MACs (M)"] == ["33.18", "33.18"]
    assert section is not None and section.blocks[1] == Paragraph(
        "Without a result: 1 of 2 rows of the CPU arm (1 not begun). They have no speed-up."
    )


def test_rows_without_a_result_are_counted_by_arm_and_status(tmp_path: Path) -> None:
    arms = {
        f"{device}{lr}": resnet_config(device=device, lr=lr)
        for device in ("cpu", "cuda")
        for lr in (0.1, 0.2)
    }
    reason = "no GPU in the cluster"
    no_gpu = [{"config_id": name, "seed": 0, "reason": reason} for name in ("cuda0.1", "cuda0.2")]
    meta = study_json(arms, space={"factors": ["device", "lr"]}, open_rows=no_gpu)
    path = write_study(tmp_path / "grid", meta)
    write_trial(path, "k1", arms["cpu0.1"], {2: ["cpu0.1"]}, [line(1)], error="OSError: disk")
    write_trial(path, "k2", arms["cpu0.2"], {2: ["cpu0.2"]}, [line(2, milestone=True)])
    section = devices(load_study(path), "grid")
    assert table_of(section).cells["CPU test accuracy (%)"] == ["failed", "98.6"], "of 140 images"
    assert section is not None and section.blocks[1] == Paragraph(
        "Without a result: 1 of 2 rows of the CPU arm (1 failed); 2 of 2 rows of the GPU arm "
        "(2 open: no GPU in the cluster). They have no speed-up."
    )


def test_a_device_figure_needs_times_of_both_arms(tmp_path: Path) -> None:
    both = devices(device_study(tmp_path / "both"), "q2")
    assert both is not None and any(isinstance(block, Figure) for block in both.blocks)
    made = {device: resnet_config(device=device) for device in ("cpu", "cuda")}
    path = write_study(tmp_path / "one", study_json(made, space={"factors": ["device"]}))
    write_trial(path, "k", made["cpu"], {2: ["cpu"]}, [line(2, milestone=True)])
    section = devices(load_study(path), "q2")
    assert section is not None and not any(isinstance(b, Figure) for b in section.blocks)


def test_devices_of_a_study_without_rows(tmp_path: Path) -> None:
    path = write_study(tmp_path / "none", study_json({}, space={"factors": ["device"]}))
    assert devices(load_study(path), "q2") is not None
