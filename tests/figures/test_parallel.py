from __future__ import annotations

from pathlib import Path

from analysis.figures.parallel import draw_parallel, parallel_data
from analysis.figures.style import to_png, to_svg
from tests.analysed_studies import grid_study


def test_parallel_coordinates_name_every_value_and_line(tmp_path: Path) -> None:
    data = parallel_data(grid_study(tmp_path / "grid"))
    assert data["axes"] == [
        {"name": "model", "values": ["ResNet-18", "ResNet-50"]},
        {"name": "learning rate", "values": ["0.1", "0.2"]},
    ]
    assert [(entry["id"], entry["at"]) for entry in data["lines"]] == [
        *(("resnet18-0.1", [0, 0]), ("resnet18-0.2", [0, 1])),
        *(("resnet50-0.1", [1, 0]), ("resnet50-0.2", [1, 1])),
    ]
    assert draw_parallel(data).axes
    assert parallel_data(grid_study(tmp_path / "one", {("resnet18", 0.1): 0.9})) == {}


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    data = parallel_data(grid_study(tmp_path / "grid"))
    assert to_svg(draw_parallel(data)) == to_svg(draw_parallel(data))
    assert to_png(draw_parallel(data)) == to_png(draw_parallel(data))
