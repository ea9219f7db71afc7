from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from analysis.frames.load import load_study
from analysis.render.document import Document, Figure, Section, Table
from analysis.render.markdown import markdown_table, paragraph, render_markdown, table_markdown
from analysis.sections.results import rows_table
from tests.studies import (
    A5,
    PREFIX,
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    write_study,
    write_trial,
)


def test_golden_table_of_shared_rows(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    table = rows_table(study, "grid")
    names = ("pick", "pin memory", "epochs", "test accuracy (%)", "train (s)", "id")
    cells = {name: table.cells[name] for name in names}
    short = Table("grid", table.caption, cells, table.frame, table.notes)
    assert table_markdown(short) == (
        "*All configurations, the highest validation accuracy (%) first. All have data set "
        "MNIST, model ResNet-18, batch size 16, optimizer SGD, learning rate 0.001.*\n"
        "\n"
        "| pick   | pin memory   |   epochs |   test accuracy (%) |   train (s) | id   |\n"
        "|:-------|:-------------|---------:|--------------------:|------------:|:-----|\n"
        "| ★      | no           |        5 |                99.3 |        50.0 | a5   |\n"
        "|        | yes          |        5 |                99.3 |      50.0 † | b5   |\n"
        "|        | no           |        2 |                98.6 |        20.0 | a2   |\n"
        "|        | yes          |        2 |                98.6 |      20.0 † | b2   |\n"
        "\n"
        "★ The best configuration of its data set and model, picked on validation.\n"
        "\n"
        "† The time of another row that differs only in pin\\_memory and shares the training, so "
        "times at different values of pin\\_memory cannot be compared.\n"
        "\n"
        "The table's CSV file has every reported number.\n\n"
        "Precision, recall and F1 are macro averages over the classes."
    ).replace("\\_", "_")


def test_rows_without_result_are_shown_without_marker_or_number(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    write_trial(path, "k1", A5, PREFIX, [line(1), line(2, milestone=True)], error="KeyError: 1")
    table = rows_table(load_study(path), "grid")
    names = ("test accuracy (%)", "train (s)", "status", "id")
    assert [table.cells[name] for name in names] == [
        ["98.6", "–"],
        ["20.0", "–"],
        ["finished", "failed"],
        ["a2", "a5"],
    ]


def test_a_dagger_stands_at_times_only(tmp_path: Path) -> None:
    configurations = {"a5": A5, "b5": resnet_config(epochs=5, pin_memory=True)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    write_trial(path, "k1", A5, {5: ["a5", "b5"]}, [line(1)])
    table = rows_table(load_study(path), "grid")
    assert not any("†" in cell for column in table.cells.values() for cell in column)


def test_digits_follow_the_test_set_of_each_row(tmp_path: Path) -> None:
    configurations = {"small": resnet_config(lr=0.1), "large": resnet_config(lr=0.2)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for config_id, num_test in (("small", 140), ("large", 14_000)):
        result = line(2, milestone=True, test_accuracy=0.98765, num_test=num_test)
        trial = {2: [config_id]}
        write_trial(path, f"k{config_id}", configurations[config_id], trial, [result])
    cells = rows_table(load_study(path), "grid").cells
    assert dict(zip(cells["id"], cells["test accuracy (%)"], strict=True)) == {
        "small": "98.8",
        "large": "98.77",
    }


def test_identifiers_that_look_like_numbers_stay_text() -> None:
    text = markdown_table(("id", "n"), [("3e45678901", "1.50"), ("0012345678", "–")], (False, True))
    assert "3e45678901" in text and "0012345678" in text and "1.50" in text


def test_empty_table(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path / "empty", study_json({})))
    assert "No rows." in table_markdown(rows_table(study, "empty"))


def test_a_long_table_is_cut_and_says_so() -> None:
    table = Table("long", "Long.", {"n": ["1", "2", "3"]}, pd.DataFrame({"n": [1, 2, 3]}))
    text = table_markdown(table, most_rows=2)
    assert "The first 2 of 3 rows" in text and "tables/long.csv" in text
    assert "|   3 |" in table_markdown(table) and "|   3 |" not in text


def test_a_text_cannot_end_the_description_of_a_figure() -> None:
    figure = Figure("f", "x", "a](http://elsewhere/x.png) ![b", lambda: None)
    text = render_markdown(Document("t", "s", (), (Section("x", (figure,)),)))
    assert re.findall(r"(?<!\\)\]\(([^)]*)\)", text) == ["figures/f.svg"]


def test_the_description_of_a_figure_is_not_cut() -> None:
    said = " ".join(f"Step {number} is better." for number in range(300))
    figure = Figure("f", "x", said, lambda: None)
    assert f"![{said}]" in render_markdown(Document("t", "s", (), (Section("x", (figure,)),)))


def test_footnotes_of_a_figure_stand_below_its_caption() -> None:
    figure = Figure("f", "Times.", "Times by size.", lambda: None, notes=("‡ Not alone.", "- b"))
    text = render_markdown(Document("t", "s", (), (Section("x", (figure,)),)))
    assert text.endswith("![Times by size.](figures/f.svg)\n\n*Times.*\n\n‡ Not alone.\n\n\\- b\n")


def test_a_paragraph_is_no_heading_and_no_list() -> None:
    assert [paragraph(text)[0] for text in ("# a", "- a", "1. a", "> a", "a")] == [
        *("\\", "\\", "\\", "\\", "a")
    ]


def test_a_star_in_a_name_is_no_emphasis() -> None:
    assert paragraph("width*2 beats depth*2") == r"width\*2 beats depth\*2"
    assert paragraph("*args*") == r"\*args\*"


def test_other_marks_are_text_too() -> None:
    assert paragraph("_t_ of val_rmse and __init__") == r"\_t\_ of val_rmse and \_\_init\_\_"
    assert paragraph("1 ~~2~~ costs $3 or $4") == r"1 \~\~2\~\~ costs \$3 or \$4"


def test_two_columns_may_print_under_one_heading(tmp_path: Path) -> None:
    config = resnet_config(id="own")
    meta = study_json({"a2": config}, space={"factors": ["id"]})
    path = write_study(tmp_path / "own", meta)
    write_trial(path, "k1", config, {2: ["a2"]}, [line(2, milestone=True)])
    cells = rows_table(load_study(path), "own").cells
    assert cells["id"] == ["own"] and cells["id\u2032"] == ["a2"]
