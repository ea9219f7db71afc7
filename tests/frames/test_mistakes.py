from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.figures.pictures import draw_pictures
from analysis.frames.load import Study, load_study
from analysis.frames.mistakes import MOST, Predicted, load_splits, mistakes_data, predicted
from analysis.frames.split import Split
from analysis.render.document import Figure, Paragraph, Section, Table
from analysis.render.drawings import to_svg
from analysis.report import main
from analysis.sections.mistakes import mistakes
from search_spaces.errors import UserError
from tests.saved_predictions import LABELS, NUM_IMAGES, sample_study, study_of
from tests.studies import QUICK, line, resnet_config, study_json, write_study, write_trial
from tune_app.data.images import load_datasets
from tune_app.data.sources import SAMPLE_FOLDER


def wrong_at(**classes: int) -> np.ndarray:  # type: ignore[type-arg]
    """Return predictions that are right but for ``p<position>=class``."""
    predictions = LABELS.copy()
    for place, predicted_class in classes.items():
        predictions[int(place[1:])] = predicted_class
    return predictions


PICK = wrong_at(p0=3, p20=4, p30=1, p31=1)
OTHER = wrong_at(p0=5, p20=4, p100=2)
THIRD = wrong_at(p0=5)


def three_trials(path: Path, with_labels: bool = True) -> Study:
    """Return a study of three trials, of which the first is picked."""
    return study_of(path / "grid", with_labels, a=PICK, b=OTHER, c=THIRD)


def test_the_images_most_trials_get_wrong_come_first(tmp_path: Path) -> None:
    found = predicted(three_trials(tmp_path), "mnist")
    assert found is not None and found.left_out == ()
    frame = mistakes_data(found, ["a"])
    assert list(frame.itertuples(index=False, name=None)) == [
        (0, 0, 5, 3, 3),
        (20, 1, 4, 2, 3),
        (30, 2, 1, 1, 3),
        (31, 2, 1, 1, 3),
    ], "100 is wrong too, but not in the picked trial"
    assert list(mistakes_data(found, ["b"], most=2)["position"]) == [0, 20]
    assert mistakes_data(found, ["no predictions"]).empty


def test_of_one_trial_the_pairs_most_mixed_up_come_first() -> None:
    predictions = wrong_at(p0=3, p30=1, p31=1)
    found = Predicted(LABELS.astype(np.int64), predictions[None].astype(np.int64), {"a": 0}, ())
    assert list(mistakes_data(found, ["a"])["position"]) == [30, 31, 0]


def test_a_trial_counts_once_with_its_last_milestone(tmp_path: Path) -> None:
    configurations = {f"a{epochs}": resnet_config(epochs=epochs) for epochs in (2, 5)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    lines = [line(e, milestone=True, confusion_matrix=None) for e in (2, 5)]
    trial = write_trial(path, "k", configurations["a5"], {2: ["a2"], 5: ["a5"]}, lines)
    (trial / "predictions").mkdir()
    for epoch, predictions in ((2, PICK), (5, THIRD)):
        file = trial / "predictions" / f"epoch_{epoch}.npz"
        np.savez(file, predictions=predictions, labels=LABELS)
    found = predicted(load_study(path), "mnist")
    assert found is not None
    assert (found.predictions == THIRD).all() and found.trials == {"k": 0}


def test_classes_beyond_a_byte_are_read(tmp_path: Path) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config}))
    lines = [line(2, milestone=True, confusion_matrix=None)]
    trial = write_trial(path, "k", config, {2: ["a"]}, lines)
    (trial / "predictions").mkdir()
    labels = np.array([0, 300, 299, 1], dtype=np.uint16)
    predictions = np.array([300, 300, 0, 1], dtype=np.uint16)
    np.savez(trial / "predictions" / "epoch_2.npz", predictions=predictions, labels=labels)
    found = predicted(load_study(path), "mnist")
    assert found is not None and found.left_out == ()
    wrong = mistakes_data(found, ["k"])[["position", "true", "predicted"]]
    assert wrong.to_numpy().tolist() == [[0, 0, 300], [2, 299, 0]]


def test_predictions_that_do_not_fit_are_left_out_and_counted(tmp_path: Path) -> None:
    study = three_trials(tmp_path)
    for config_id, arrays in (
        ("a", {"predictions": OTHER, "labels": LABELS[::-1]}),
        ("c", {"predictions": THIRD[:7], "labels": LABELS[:7]}),
    ):
        file = study.predictions_path(config_id, 0)
        assert file is not None
        np.savez(file, **arrays)  # type: ignore[arg-type]
    found = predicted(study, "mnist")
    assert found is not None
    left_out = tuple(f"tune/001/trial_{name}/predictions/epoch_2.npz" for name in "ac")
    assert (list(found.trials), found.left_out) == (["b"], left_out)
    section = mistakes(study, "grid", {})
    assert section is not None and "Left out: 2" in str(section.blocks)
    assert left_out[0] in str(section.blocks)


def test_without_a_matrix_the_labels_must_be_those_of_the_first(tmp_path: Path) -> None:
    configurations = {name: resnet_config(batch_size=size) for name, size in (("a", 8), ("b", 16))}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for name, labels in (("a", LABELS), ("b", LABELS[::-1])):
        lines = [line(2, milestone=True, confusion_matrix=None)]
        trial = write_trial(path, f"k{name}", configurations[name], {2: [name]}, lines)
        (trial / "predictions").mkdir()
        np.savez(trial / "predictions" / "epoch_2.npz", predictions=PICK, labels=labels)
    found = predicted(load_study(path), "mnist")
    assert found is not None and list(found.trials) == ["ka"]
    assert found.left_out == ("tune/001/trial_kb/predictions/epoch_2.npz",)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", None])
def test_damaged_predictions_end_nothing(tmp_path: Path, content: bytes | None) -> None:
    study = three_trials(tmp_path)
    file = study.predictions_path("a", 0)
    assert file is not None
    if content is None:
        np.savez(file, predictions=PICK.astype(np.int64) * 10**12, labels=LABELS)
    else:
        file.write_bytes(content)
    found = predicted(study, "mnist")
    assert found is not None and len(found.left_out) == 1 and set(found.trials) == {"b", "c"}
    assert isinstance(mistakes(study, "grid", {}), Section)


def test_without_labels_only_the_images_tell(tmp_path: Path) -> None:
    study = three_trials(tmp_path, with_labels=False)
    section = mistakes(study, "grid", {})
    assert section is not None
    (paragraph,) = section.blocks
    assert isinstance(paragraph, Paragraph)
    assert "without labels" in paragraph.text and "--images FOLDER" in paragraph.text


def test_predictions_that_contradict_the_matrix_are_not_called_unlabelled(tmp_path: Path) -> None:
    study = three_trials(tmp_path)
    for config_id in "abc":
        file = study.predictions_path(config_id, 0)
        assert file is not None
        np.savez(file, predictions=LABELS[::-1], labels=LABELS)
    section = mistakes(study, "grid", {})
    assert section is not None
    assert "contradict the recorded" in str(section.blocks)
    assert "without labels" not in str(section.blocks)


def test_with_labels_there_is_a_table_and_how_to_see_the_images(tmp_path: Path) -> None:
    section = mistakes(three_trials(tmp_path), "grid", {})
    assert section is not None
    paragraph, table = section.blocks
    assert isinstance(paragraph, Paragraph) and "--images FOLDER" in paragraph.text
    assert isinstance(table, Table)
    assert table.caption == (
        "MNIST: test images that a picked configuration gets wrong, all 4, most often wrong first."
    )
    assert table.cells["position"] == ["0", "20", "30", "31"]
    assert table.cells["most often taken for"] == ["5", "4", "1", "1"]
    assert table.cells["wrong in"] == ["3 of 3", "2 of 3", "1 of 3", "1 of 3"]
    assert table.cells["ResNet-18 says"] == ["3", "4", "1", "1"]


def test_a_cut_says_how_many_images_there_are(tmp_path: Path) -> None:
    many = wrong_at(**{f"p{place}": (LABELS[place] + 1) % 10 for place in range(MOST + 3)})
    section = mistakes(study_of(tmp_path / "grid", True, a=many), "grid", {})
    assert section is not None and isinstance(table := section.blocks[-1], Table)
    assert len(table.frame) == 12
    assert table.caption.startswith("MNIST: 12 of the 15 test images that a picked configuration")


def test_the_pictures_are_those_of_the_positions(tmp_path: Path) -> None:
    study = three_trials(tmp_path)
    pixels = np.arange(2 * len(LABELS), dtype=np.uint8)[:, None].repeat(784, axis=1)
    test = np.arange(0, 2 * len(LABELS), 2)
    split = Split(pixels, LABELS.repeat(2), np.arange(2 * len(LABELS)), test)
    section = mistakes(study, "grid", {"mnist": {0: split}})
    assert section is not None
    figure, table = section.blocks
    assert isinstance(figure, Figure) and isinstance(table, Table)
    assert "0, taken for 5 most often, wrong in 3 of 3 trials" in figure.alt
    [pictures] = figure.draw().data
    contents = [base64.b64decode(url.partition(",")[2]) for url in pictures.columns["image"]]
    shown = [Image.open(io.BytesIO(content)).getpixel((0, 0)) for content in contents]
    assert shown == [0, 40, 60, 62]
    assert pictures.columns["text"][0] == "0\ntaken for 5\nwrong in 3 of 3"


def test_a_row_of_pictures_is_filled_up_with_nothing() -> None:
    images = np.zeros((7, 28, 28), dtype=np.uint8)
    figure = draw_pictures(images, ["$x$ <b>"] * 7)
    [pictures] = figure.data
    assert pictures.columns["row"] == [0] * 6 + [1] and pictures.columns["column"][6] == 0
    svg = to_svg(figure)
    assert "<b>" not in svg and svg.count("data:image/png;base64") == 7


def test_the_sample_shows_the_images_that_were_tested(tmp_path: Path) -> None:
    study = load_study(sample_study(tmp_path / "q"))
    splits = load_splits(study, SAMPLE_FOLDER)
    data = load_datasets(["mnist"], "sample", NUM_IMAGES)["mnist"]
    found = splits["mnist"][0]
    assert (found.labels[found.test] == data.labels[data.test]).all()
    assert (found.images[found.test] == data.inputs[data.test].reshape(-1, 784)).all()
    wrong = predicted(study, "mnist", found)
    assert wrong is not None and wrong.left_out == ()
    assert set(mistakes_data(wrong, ["k"], most=99)["position"] % 10) == {0}


def test_labels_of_other_images_are_noticed(tmp_path: Path) -> None:
    study = load_study(sample_study(tmp_path / "q", shift=1))
    section = mistakes(study, "q", load_splits(study, SAMPLE_FOLDER))
    assert section is not None and "Left out: 1" in str(section.blocks)
    assert not any(isinstance(block, Figure) for block in section.blocks)


def test_a_folder_without_the_images_is_a_users_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sample_study(tmp_path / "q")
    with pytest.raises(UserError, match="no t10k-images-idx3-ubyte of 'mnist'"):
        load_splits(load_study(path), tmp_path)
    arguments = [str(path), *QUICK, "--images"]
    assert main([*arguments, str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: --images {tmp_path}: no t10k") and error.count("\n") == 1
    assert not (path / "report").exists()
    assert main([*arguments, str(SAMPLE_FOLDER)]) == 0
    assert "Images most often confused" in (path / "report" / "report.md").read_text()
