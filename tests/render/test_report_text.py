"""What a report says of studies in every state, read in its Markdown."""

from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.render.markdown import render_markdown
from analysis.render.writing import write_report
from analysis.sections.report_document import build_document
from tests.studies import (
    A2,
    line,
    prefix_study,
    resnet_config,
    study_json,
    svm_config,
    troubled_study,
    write_study,
    write_trial,
)


def render(*paths: Path) -> str:
    """Return the report of studies as Markdown, without figures."""
    studies = {path.name: load_study(path) for path in paths}
    return render_markdown(build_document(studies, figures=False))


def section(text: str, title: str) -> list[str]:
    """Return the lines of one section of a report."""
    return text.split(f"# {title}\n\n")[1].split("\n\n#", maxsplit=1)[0].splitlines()


def cells(rows: list[str]) -> list[list[str]]:
    """Return the cells of a Markdown table without its heading."""
    table = [row for row in rows if row.startswith("|")][2:]
    return [[cell.strip() for cell in row.replace("\\|", "¦").split("|")[1:-1]] for row in table]


def test_report_of_an_unfinished_study(tmp_path: Path) -> None:
    text = render(troubled_study(tmp_path))
    lines = text.splitlines()
    assert lines[0] == "# Hyperparameter study: grid"
    assert lines[4] == (
        "> **Unfinished: 4 of 7 rows of study grid have no result: 1 failed; 1 unfinished; "
        "1 open: no GPU in the cluster; 1 not begun. The command that began the study continues "
        "it and tries failed rows again. An open row stays open until the study's command can run "
        "it.**"
    )
    [studies] = cells(section(text, "Studies"))
    # study, configurations, seeds, rows, finished, diverged, failed, unfinished, open, missing
    assert studies[:10] == ["grid", "7", "1", "7", "2", "1", "1", "1", "1", "1"]
    statuses = [row[-2] for row in cells(section(text, "All configurations"))]
    assert statuses == [
        *("finished", "finished", "diverged", "failed", "unfinished", "open", "not begun")
    ]
    failed = cells(section(text, "grid: failed, diverged and unconverged rows"))
    assert [(row[0], *row[-3:]) for row in failed] == [
        ("nan", "diverged", "training diverged at epoch 1", ""),
        ("crash", "failed", "ValueError: a ¦ b", "tune/001/trial_k_crash/error.txt"),
    ]
    open_rows = cells(section(text, "grid: open rows"))
    assert [(row[0], row[-2], row[-1]) for row in open_rows] == [
        ("slow", "unfinished", "1 of 2 epochs"),
        ("gpu", "open", "no GPU in the cluster"),
        ("never", "not begun", "no trial has begun"),
    ]


def test_best_row_is_picked_on_validation_with_the_gap_beside_it(tmp_path: Path) -> None:
    text = render(troubled_study(tmp_path))
    assert cells(section(text, "Best configurations")) == [
        [
            *("MNIST", "ResNet-18", "good"),
            "batch size 16, SGD, learning rate 0.1, pin memory no, epochs 2, CPU",
            *("2", "1", "95", "95.0"),
            "batch size 16, SGD, learning rate 0.2, pin memory no, epochs 2, CPU",
            *("100.0", "5.0"),
        ]
    ]


def test_a_pick_among_one_says_nothing_of_picking_on_test(tmp_path: Path) -> None:
    configurations = {model: resnet_config(model=model) for model in ("resnet18", "resnet50")}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for name, config in configurations.items():
        write_trial(path, f"k{name}", config, {2: [name]}, [line(2, milestone=True)])
    text = render(path)
    assert "Picking on the test set" not in text
    assert "Each is picked from 1 candidate. One seed each." in " ".join(text.split())
    best = section(text, "Best configurations")
    assert "The only configuration of each group with a result." in "\n".join(best)
    assert "picked on test" not in "\n".join(best) and len(cells(best)) == 2


def test_what_no_pick_has_gets_no_column_and_no_footnote(tmp_path: Path) -> None:
    config = svm_config()
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "gamma"]}
    path = write_study(tmp_path / "svm", study_json({"s1": config}, name="svm", space=space))
    result = line(1, milestone=True, val_accuracy=0.95, train_accuracy=None)
    write_trial(path, "k1", config, {1: ["s1"]}, [result])
    found = section(render(path), "Best configurations in training")
    # Validation 95.0 % minus test 138 of 140; no column of a curve, of seeds or of training.
    assert cells(found) == [["MNIST", "rbf", "C 1, gamma scale", "1", "−3.6"]]
    assert (
        "Generalisation: by how much the test accuracy is worse than the validation accuracy."
        in found
    )
    assert not any(text.startswith(("Best of any", "Convergence", "Overfitting")) for text in found)


def test_without_figures_no_heading_stands_alone(tmp_path: Path) -> None:
    text = render(troubled_study(tmp_path))
    assert "Learning curves" not in text and "and its cost" not in text
    lines = [text for text in text.splitlines() if text]
    levels = [len(text) - len(text.lstrip("#")) for text in lines]
    ends = [
        lines[place]
        for place, level in enumerate(levels)
        if level and (place + 1 == len(lines) or 0 < levels[place + 1] <= level)
    ]
    assert not ends


def test_repeated_results_are_no_candidates(tmp_path: Path) -> None:
    path = tmp_path / "grid"
    off, on = resnet_config(), resnet_config(pin_memory=True)
    # The copy's config_id sorts first, so it would win the tie.
    write_study(path, study_json({"a_on": on, "b_off": off}))
    write_trial(path, "k1", off, {2: ["b_off", "a_on"]}, [line(2, milestone=True)])
    best = cells(section(render(path), "Best configurations"))
    assert (best[0][2], best[0][4]) == ("b_off", "1")


def test_study_without_results_says_so(tmp_path: Path) -> None:
    path = prefix_study(tmp_path)
    assert "> **Unfinished: 2 of 2 rows of study grid have no result: 2 not begun." in render(path)
    assert section(render(path), "Best configurations") == ["No row can be picked yet."]
    assert write_report([path])


def test_study_without_any_optional_field(tmp_path: Path) -> None:
    meta = study_json({"a2": A2})
    del meta["created_at"]
    meta["space"] = {"name": "bare", "trainable": "mine"}
    meta["launches"] = []
    path = write_study(tmp_path / "bare", meta)
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    text = render(path)
    assert "None" not in text and "nan" not in text
    assert cells(section(text, "Best configurations"))[0][2] == "a2"


def test_unconverged_rows_are_listed_and_the_study_is_finished(tmp_path: Path) -> None:
    config = svm_config()
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "gamma"]}
    path = write_study(tmp_path / "svm", study_json({"s1": config}, name="svm", space=space))
    result = line(1, milestone=True, status="unconverged", converged=False)
    write_trial(path, "k1", config, {1: ["s1"]}, [result])
    text = render(path)
    assert "Unfinished" not in text
    listed = cells(section(text, "svm: failed, diverged and unconverged rows"))
    assert listed[0][-2:] == [
        "unconverged",
        "the solver stopped after 1000 iterations before it converged",
    ]
