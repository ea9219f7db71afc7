from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.labs.svm import kernels
from analysis.render.document import Figure, Table
from analysis.render.drawings import to_svg
from tests.studies import (
    line,
    study_json,
    svm_config,
    write_study,
    write_trial,
)


def test_one_result_at_every_seed_is_not_called_a_mean(tmp_path: Path) -> None:
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "gamma"]}
    meta = study_json({"s": svm_config()}, space=space, seeds=(0, 1), same_at_every_seed=["s"])
    path = write_study(tmp_path / "svm", meta)
    for seed in (0, 1):
        lines = [line(1, milestone=True, fit_seconds=1.0 + seed)]
        write_trial(path, f"k{seed}", svm_config(), {1: ["s"]}, lines, seed=seed)
    section = kernels(load_study(path), "svm")
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert "Every seed has the same result; only times are means, over 2 seeds." in table.notes
    assert table.cells["fit (s)"] == ["1.50"]


def test_settings_are_drawn_whole_and_in_the_words_of_the_tables() -> None:
    section = kernels(load_study("published:svm_scaling"), "svm")
    assert section is not None
    svg = to_svg(next(block for block in section.blocks if isinstance(block, Figure)).draw())
    assert "poly, C 1, training images 10000<" in svg and "…" not in svg
