from __future__ import annotations

import contextlib
import io
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.checks.audit.columns import ALIASES, KNOWN, Options
from analysis.checks.audit.command import main
from analysis.checks.audit.read import read_csv
from search_spaces.errors import UserError
from tests.refusals import FEW, ODD_WORDS, outcome

PLAIN = Options(names={})


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_headings_units_and_names(tmp_path: Path) -> None:
    text = "Dataset,Model,LR,Test Accuracy (%),F1,Train Time (s),Notes on it\n"
    text += 'FashionMNIST,ResNet-18,1e-3,98.50,0.9850,"1,234.50",x\n'
    text += "MNIST,ResNet-50,0.001,97.00,–,88,y\n"
    table = read_csv(write(tmp_path, text), Options(names={"train_seconds": "Train Time (s)"}))
    frame = table.frame
    assert list(frame) == ["dataset", "model", "lr", "test_accuracy", "test_f1", "train_seconds"]
    assert list(frame["dataset"]) == ["fashion_mnist", "mnist"]
    assert list(frame["model"]) == ["resnet18", "resnet50"]
    assert list(frame["test_accuracy"]) == [0.985, 0.97]
    assert list(table.unit["test_accuracy"]) == pytest.approx([1e-4, 1e-4])
    assert list(table.unit["train_seconds"]) == [0.01, 1.0]
    assert frame["test_f1"].isna().tolist() == [False, True]
    assert table.settings == ("dataset", "model", "lr")
    assert "test_accuracy read as percentages" in table.remarks
    assert "test_f1 read as fractions" in table.remarks
    assert "columns not used: Notes on it" in table.remarks
    assert len(set(table.keys(["lr"]))) == 1  # 1e-3 and 0.001 are the same


def test_other_separators_and_marks(tmp_path: Path) -> None:
    text = "\ufeffmodel;test_acc\r\na;98.5%\r\nb;0.7%\r\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    assert list(table.frame["test_accuracy"]) == pytest.approx([0.985, 0.007])


def test_percent_or_fraction(tmp_path: Path) -> None:
    path = write(tmp_path, "lr,test_accuracy\n1,0.5\n2,98\n")
    with pytest.raises(UserError, match="add --percent or --fraction"):
        read_csv(path, PLAIN)
    assert list(read_csv(path, Options({}, percent=True)).frame["test_accuracy"]) == [0.005, 0.98]


def test_rows_without_result_or_of_one_result(tmp_path: Path) -> None:
    text = "trial_id,epochs,status,test_accuracy\nk1,2,finished,0.9\nk1,2,finished,0.9\n"
    text += "k1,5,finished,0.91\nk2,2,failed,\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    assert list(table.frame["test_accuracy"]) == [0.9, 0.91]
    assert "rows without a result, left out: 1" in table.remarks
    assert "rows that repeat another's result, left out: 1" in table.remarks


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("test_accuracy\n", "no rows"),
        ("test_acuracy,lr\n0.9,1\n", "did you mean 'test_accuracy'"),
        ("lr\n1\n", "name it with --map"),
        ("test_accuracy,accuracy\n0.9,0.9\n", "two columns are test_accuracy"),
        ("test_accuracy,lr\n0.9\n", "row 1 has 1 cells"),
        ("test_accuracy\n0.9x\n", "'0.9x' is not a number"),
        ("test_accuracy\n1e999\n", "is not a number"),
        ("test_accuracy\ninf\n", "is not a number"),
        ('test_accuracy\n"0.9\n', "not a CSV file"),
        (b"test_accuracy\n\xff\n", "not UTF-8"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, text: str | bytes, says: str) -> None:
    status, error = outcome([str(write(tmp_path, text))], main)
    assert status == 2 and says in error


def test_mapping(tmp_path: Path) -> None:
    path = write(tmp_path, "score,depth\n0.9,3\n0.8,4\n")
    table = read_csv(path, Options({"test_accuracy": "score"}, factors=("depth",)))
    assert table.settings == ("depth",) and list(table.frame["test_accuracy"]) == [0.9, 0.8]
    for arguments, says in (
        (["--map", "test_accuracy=scor"], "did you mean 'score'"),
        (["--map", "test_acuracy=score"], "did you mean 'test_accuracy'"),
        (["--map", "score"], "OURS=THEIRS"),
        (["--map", "test_accuracy=score", "--factor", "dept"], "did you mean 'depth'"),
        (["--map", "test_accuracy=score", "--compare", "lr"], "no such setting"),
    ):
        status, error = outcome([str(path), *arguments], main)
        assert status == 2 and says in error


CELLS = ODD_WORDS | st.sampled_from(
    ["0.9", "98.5", "98.5 %", "0", "-1", "1,000", "nan", "true", '"']
)
HEADINGS = ODD_WORDS | st.sampled_from((*KNOWN, *ALIASES, "F1", "status", "trial_id", "Notes"))


def quoted(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""')[:200] + '"' for cell in cells)


def check_settles(arguments: list[str]) -> None:
    """A file is audited, or refused in one line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(arguments)
    assert status in (0, 1, 2)
    if status == 2:
        assert out.getvalue().startswith("error: ") and out.getvalue().count("\n") == 1
    assert "Traceback" not in out.getvalue()


@FEW
@given(st.lists(HEADINGS, min_size=1, max_size=6), st.data())
def test_any_table(tmp_path: Path, headings: list[str], data: st.DataObject) -> None:
    row = st.lists(CELLS, min_size=len(headings), max_size=len(headings))
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    text = "\n".join(quoted(cells) for cells in [headings, *rows])
    path = write(tmp_path, text.encode(errors="surrogatepass"))
    check_settles([str(path), "--num-test", "100", "--json"])


@FEW
@given(
    st.binary(max_size=300) | st.text("test_accuracy,\n\"';\t0.9%-", max_size=80).map(str.encode)
)
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    check_settles([str(write(tmp_path, content))])


FLAGS = ("--map", "--factor", "--compare", "--num-test", "--runs", "--ceiling", "--averaging")


@FEW
@given(
    st.lists(ODD_WORDS | st.text(max_size=20), min_size=1, max_size=4),
    st.lists(st.sampled_from((*FLAGS, "--data", "--selected-on", "--num-images")), max_size=4),
)
def test_any_words(tmp_path: Path, words: list[str], flags: list[str]) -> None:
    path = write(tmp_path, "test_accuracy\n0.9\n")
    pairs = [f"{flag}={word}" for flag, word in zip(flags, words, strict=False)]
    for arguments in (["--", *words], [str(path), *pairs]):
        if not any(Path(word[:99].replace("\0", "")).is_dir() for word in words):
            check_settles(arguments)


def test_rows_keep_the_numbers_they_have_in_the_file(tmp_path: Path) -> None:
    text = "trial_id,epochs,test_accuracy\nk1,2,0.9\nk1,2,0.9\nk2,2,0.8\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    assert table.names == ("1", "3") and list(table.frame.index) == [0, 1]
    assert table.listed([0, 1]) == "rows 1, 3" and table.listed([1]) == "row 3"
    assert table.listed([0, 1], most=1) == "rows 1, … (2 in all)"


def test_a_column_of_test_images_counts_row_by_row(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("model,test_accuracy,num_test\na,0.5,100\nb,0.25,\nc,0.5,0\n")
    num_test = read_csv(file, PLAIN).num_test.tolist()
    assert num_test[0] == 100 and all(map(math.isnan, num_test[1:]))
