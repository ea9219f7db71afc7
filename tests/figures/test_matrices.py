from __future__ import annotations

import json

import numpy as np

from analysis.figures.matrices import draw_confusion
from analysis.figures.pictures import draw_pictures
from analysis.figures.theme import cut
from analysis.render.drawings import to_svg
from tests.drawn_charts import drawn, texts

EVIL = "$\\frac{1}{0}$ <script>alert(1)</script> -->"


def test_names_are_drawn_as_they_are() -> None:
    chart = draw_confusion([(EVIL, np.eye(2, dtype=np.int64))], ["a", EVIL])
    assert "<script" not in to_svg(chart)
    assert any(text.startswith("$\\frac{1}{0}$") for text in texts(chart))


def test_classes_that_look_alike_when_cut_stay_apart() -> None:
    names = ["a long name of a class, one", "a long name of a class, two"]
    chart = draw_confusion([("m", np.array([[3, 1], [0, 2]]))], names)
    assert {"3", "1", "2"} <= set(texts(chart)) and "6" not in texts(chart)
    assert len(set(chart.data[0].columns["true"])) == 2


def test_the_box_names_what_is_counted() -> None:
    chart = draw_confusion([("m", np.eye(2, dtype=np.int64))], ["a", "b"], "examples")
    assert '"title": "examples"' in json.dumps(chart.spec)


def test_pictures_are_in_the_drawing() -> None:
    images = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4) * 8
    chart = draw_pictures(images, ["one\ntaken for two", EVIL])
    svg = to_svg(chart)
    assert svg.count("data:image/png;base64,") == 2 and "<script" not in svg
    assert len(list(drawn(chart).iter())) > 4
    assert cut("a" * 50).endswith("…")
