from __future__ import annotations

import math
from pathlib import Path

import pytest

from analysis.audit import audit_table
from analysis.checks.audit.columns import Options
from analysis.checks.audit.command import main
from analysis.checks.audit.read import read_csv
from tests.refusals import outcome

PLAIN = Options(names={})


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_headings_units_and_names(tmp_path: Path) -> None:
    text = "Dataset,Model,LR,Test Accuracy (%),F1,Train Time (s),Notes on it\n"
    text += 'FashionMNIST,ResNet-18,1e-3,98.50,0.9850,"1,234.50",x\n'
    text += "MNIST,ResNet-50,0.001,97.00,–,88,y\nMNIST,ResNet-50,0.001,97.10,0.97,89,z\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    frame = table.frame
    assert list(frame) == ["dataset", "model", "lr", "test_accuracy", "test_f1", "train_seconds"]
    assert list(frame["dataset"][:2]) == ["fashion_mnist", "mnist"]
    assert list(frame["model"][:2]) == ["resnet18", "resnet50"]
    assert list(frame["test_accuracy"][:2]) == [0.985, 0.97]
    assert list(table.unit["test_accuracy"][:2]) == pytest.approx([1e-4, 1e-4])
    assert list(table.unit["train_seconds"][:2]) == [0.01, 1.0]
    assert frame["test_f1"].isna().tolist() == [False, True, False]
    assert table.settings == ("dataset", "model", "lr")
    assert table.remarks[0] == (
        "columns: Dataset -> dataset; Model -> model; LR -> lr; "
        "Test Accuracy (%) -> test_accuracy as percentages; F1 -> test_f1 as fractions; "
        "Train Time (s) -> train_seconds in seconds; not used: Notes on it"
    )
    assert len(set(table.keys(["lr"]))) == 1  # 1e-3 and 0.001 are the same


def test_other_separators_and_marks(tmp_path: Path) -> None:
    text = "\ufeffmodel;test_acc\r\na;98.5%\r\nb;0.7%\r\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    assert list(table.frame["test_accuracy"]) == pytest.approx([0.985, 0.007])


def test_percent_or_fraction(tmp_path: Path) -> None:
    """A failed run of one in two hundred beside one of 98 %: the numbers are percentages."""
    path = write(tmp_path, "lr,test_accuracy\n1,0.5\n2,98\n")
    table = read_csv(path, PLAIN)
    assert list(table.frame["test_accuracy"]) == [0.005, 0.98]
    assert "percentages though some are up to 1; --fraction" in table.remarks[0]
    assert list(read_csv(path, Options({}, percent=False)).frame["test_accuracy"]) == [0.5, 98]


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
        ("lr\n1\n", "name it with --map"),
        ("lr,Relative accuracy\n1,101.5\n", "name it with --map"),
        ("test_accuracy,lr\n0.9,1,2\n", "row 1 has more cells"),
        ("test_accuracy\n0.9x1\n", "row 1, column test_accuracy: '0.9x1' is not a number"),
        ("test_accuracy\n1e999\n", "is not a number"),
        ("test_accuracy\ninf\n", "is not a number"),
        ('test_accuracy\n"0.9\n', "not a CSV file"),
        (b"test_accuracy\n\0\n", "not a text file"),
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


def column(tmp_path: Path, text: str | bytes, name: str = "test_accuracy") -> list[float]:
    frame = read_csv(write(tmp_path, text), PLAIN).frame
    return [float(value) for value in frame[name]]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("model;acc\nresnet18;0,943\nb;0,95\n", "test_accuracy", [0.943, 0.95]),
        ("acc;Time (s)\n94,3;1.234,5\n95;10\n", "train_seconds", [1234.5, 10]),
        ('acc,Time (ms)\n94.3,"3,038,957"\n95,10\n', "train_seconds", [3038.957, 0.01]),
        ("acc;Time\n94.3;1,556\n95.0;90.5\n", "train_seconds", [1556, 90.5]),
        ("acc;Time (s)\n94.3;1'234.5\n95;10 234.5\n", "train_seconds", [1234.5, 10234.5]),
        ("acc\tTime\n94.3\t3h39m\n95\t1:02:03\n", "train_seconds", [13140, 3723]),
        ("acc,FLOPs\n94.3,0.03G\n95,457.7M\n", "flops", [0.03e9, 457.7e6]),
        ("acc\n94.31 ± 0.2\n94.30 (0.2)\n", "test_accuracy", [0.9431, 0.943]),
        ("acc,lr\n**95.02**,1\n−,2\n--,3\n`94`,4\n", "test_accuracy", [0.9502, 0.94]),
        ("Top-1 error (%)\n24.0\n27.5\n", "test_accuracy", [0.76, 0.725]),
        ("\ufeffacc,lr,,\n0.9,1,,\n0.8,2,,\n", "test_accuracy", [0.9, 0.8]),
        ("M\xe9thode,acc\nr\xe9seau,0.9\n".encode("latin-1"), "test_accuracy", [0.9]),
        ("acc,lr\n0.9,1\n0.8,2\n".encode("utf-16"), "test_accuracy", [0.9, 0.8]),
        ("Results of May\n\nacc,lr\n0.9,1\n0.8,2\n", "test_accuracy", [0.9, 0.8]),
        ("a|Acc|Time\nx|91.5|3\ny|90|4\n", "test_accuracy", [0.915, 0.9]),
        ("m\tAcc\na\t91.5 :rocket:\n🏆 b\t<b>90.1</b> ↑\n", "test_accuracy", [0.915, 0.901]),
        ("| a | Acc |\n|---|:-:|\n| x | **91.5** |\n| y | 90 |\n", "test_accuracy", [0.915, 0.9]),
    ],
)
def test_notations(tmp_path: Path, text: str | bytes, name: str, expected: list[float]) -> None:
    assert column(tmp_path, text, name) == pytest.approx(expected)


def test_latex(tmp_path: Path) -> None:
    text = r"""
    \begin{table}\begin{tabular}{l l c}
    \toprule
    Dataset & Model & Acc. (\%) \\ \midrule  % a comment
    \multirow{2}{*}{MNIST} & ResNet-18 & \textbf{99.31 $\pm$ 0.05} \\
     & ResNet-50 & 99.12 \\ \cline{1-3}
    \bottomrule \end{tabular}\end{table}"""
    table = read_csv(write(tmp_path, text), PLAIN)
    assert table.frame["dataset"].tolist() == ["mnist", "mnist"]
    assert table.frame["test_accuracy"].tolist() == pytest.approx([0.9931, 0.9912])
    assert table.runs is None and "--runs N" in table.remarks[-1]


def test_decorated_latex(tmp_path: Path) -> None:
    text = r"""\begin{tabular}{@{}lccS[table-format=2.2]@{}}
    \toprule[1pt] \rowcolor{gray!20}
    Method & \makecell{Top-1\\Acc. (\%)} & \rotatebox{90}{Epochs} & {\thead{Time\\(min)}} \\
    \midrule[0.5pt]
    A~\citep{a} & \cellcolor{green!10}91.20 & 10 & 3.1 \\ \specialrule{.1em}{.05em}{.05em}
    B & \textcolor{red}{\textbf{92.31}} & \num{20} & 6.0 \\
    C & \cellcolor[HTML]{EEEEEE}\textbf{93.05} {\tiny($\uparrow$0.74)} & 30 & 9.2 \\
    D & 92.10 {\scriptsize $\pm$ 0.04} & 40 & 12 \\ \bottomrule
    \end{tabular}"""
    table = read_csv(write(tmp_path, text), PLAIN)
    assert table.numbers("test_accuracy") == pytest.approx([0.912, 0.9231, 0.9305, 0.921])
    assert table.numbers("train_seconds").tolist() == [186, 360, 552, 720]
    assert table.settings == ("model", "epochs")
    assert "Top-1 Acc. (%) -> test_accuracy as percentages" in table.remarks[0]


def test_a_column_per_arm(tmp_path: Path) -> None:
    text = "Compute,Acc R18 (%),Acc R50 (%),Time R18 (ms),Time R50 (ms)\n"
    text += "CPU,89.86,86.77,3000,5000\nGPU,89.78,87.14,200,400\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    assert table.frame["model"].tolist() == ["r18", "r50"] * 2
    assert table.frame["train_seconds"].tolist() == [3, 5, 0.2, 0.4]
    assert table.names[1] == "1 (r50)" and table.settings == ("device", "model")
    names = "Batch\tResNet-18\tResNet-50\n16\t99.26\t99.12\n32\t98.25\t98.85\n"
    table = read_csv(write(tmp_path, names), PLAIN)
    assert table.frame["model"].tolist() == ["resnet18", "resnet50"] * 2
    assert table.frame["test_accuracy"].tolist() == pytest.approx([0.9926, 0.9912, 0.9825, 0.9885])


def test_unknown_columns_are_settings_or_notes(tmp_path: Path) -> None:
    text = "depth,colour,loss,comment,acc\n2,red,0.31,a,0.9\n2,blue,0.29,b,0.91\n"
    text += "4,red,0.25,c,0.92\n4,blue,0.24,d,0.93\n"
    path = write(tmp_path, text)
    assert read_csv(path, PLAIN).settings == ("depth", "colour")
    spreads = "rank,max depth,acc,std\n2,5,0.9,0.1\n2,6,0.91,0.2\n4,5,0.92,0.1\n4,6,0.93,0.2\n"
    assert read_csv(write(tmp_path, spreads), PLAIN).settings == ("rank", "max depth")
    path = write(tmp_path, text)
    assert read_csv(path, Options({}, notes=["depth"])).settings == ("colour",)
    assert read_csv(path, Options({}, ["comment"])).settings == ("depth", "colour", "comment")


@pytest.mark.parametrize(
    "headings", ["Name,State,Created,Sweep", "Start Time,Run ID,Name,User", "Name,Runtime,State,ID"]
)
def test_names_of_runs_in_the_export_of_a_tracker_are_no_setting(
    headings: str, tmp_path: Path
) -> None:
    runs = [f"run-{number},{number},finished,x{number}" for number in range(4)]
    settings = ["32,0.1,0.91", "32,0.01,0.92", "64,0.1,0.93", "64,0.01,0.94"]
    lines = [f"{run},{setting}" for run, setting in zip(runs, settings, strict=True)]
    path = write(tmp_path, "\n".join([f"{headings},batch_size,lr,val/acc", *lines]))
    assert read_csv(path, PLAIN).varying() == ("batch_size", "lr")
    first = headings.partition(",")[0]
    assert first in read_csv(path, Options({}, [first])).varying()
    alone = write(tmp_path, f"{first},State,test acc\na,finished,0.9\nb,finished,0.91\n")
    assert read_csv(alone, PLAIN).varying() == (first,), "nothing else tells the rows apart"


@pytest.mark.parametrize("levels", ["✓✗", "🟢🔴", "↑↓", ("sum", "mean")])
def test_marks_and_words_of_means_may_be_levels(levels: tuple[str, str], tmp_path: Path) -> None:
    first, second = levels
    text = f"Mixup,LR,acc\n{first},1,90\n{second},1,91\n{first},2,92\n{second},2,94\n"
    table = read_csv(write(tmp_path, text), PLAIN)
    assert table.settings == ("Mixup", "lr") and table.varying() == ("Mixup", "lr")


def test_the_map_decides(tmp_path: Path) -> None:
    path = write(tmp_path, "accuracy,test_accuracy\n0.9,0.8\n0.91,0.82\n")
    assert column(tmp_path, path.read_bytes()) == [0.8, 0.82]
    table = read_csv(path, Options({"test_accuracy": "accuracy"}))
    assert table.frame["test_accuracy"].tolist() == [0.9, 0.91]
    table = read_csv(path, Options({"val_accuracy": "accuracy"}))
    assert table.frame["val_accuracy"].tolist() == [0.9, 0.91]


def test_cells_without_a_number_are_named(tmp_path: Path) -> None:
    table = read_csv(write(tmp_path, "lr,acc,f1\n1,0.9,0.9\n2,diverged,0.1\n"), PLAIN)
    assert table.remarks[-1] == "not a number, left out: row 2, column acc: 'diverged'"
    table = read_csv(write(tmp_path, "lr,acc\n1,0.9\n2,> 0.9\n3,\n"), PLAIN)
    assert table.remarks[-2:] == (
        "rows without a result, left out: 2",
        "not a number, left out: row 2, column acc: '> 0.9'",
    )


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


def test_a_column_of_numbers_is_no_column_of_names(tmp_path: Path) -> None:
    """``Model A`` is similar to ``model``, but heads the results of that model."""
    text = "Category,Model A,Model B\nart,88.0,83.1\nlaw,69.7,64.8\nwine,63.5,73.1\n"
    read = read_csv(write(tmp_path, text), Options({}))
    expected = [0.88, 0.831, 0.697, 0.648, 0.635, 0.731]
    assert read.numbers("test_accuracy").tolist() == pytest.approx(expected)
    assert [read.frame["arm"][row] for row in (0, 1)] == ["Model A", "Model B"]


@pytest.mark.parametrize(
    "text",
    [
        "Model,# correct,Time (s)\na,9512,1.5\nb,9433,2.5\n",
        "Model,Word error rate (%),Time (s)\na,12.3,1.5\nb,105.2,2.5\n",
        "Method,Error,Time (s)\na,12.3,1.5\nb,140.2,2.5\n",
    ],
)
def test_numbers_above_100_may_be_no_shares(tmp_path: Path, text: str) -> None:
    table = read_csv(write(tmp_path, text), PLAIN)
    assert "not used: " + text.split(",")[1] in table.remarks[0]
    assert audit_table(table).findings == ()


def test_mixed_precision_is_a_setting_and_no_share(tmp_path: Path) -> None:
    table = read_csv(write(tmp_path, "AMP,acc\n✓,90\n✗,91\n✓,92\n"), PLAIN)
    assert table.settings == ("mixed_precision",)


def test_an_error_rate_above_100_percent_is_found(tmp_path: Path) -> None:
    path = write(tmp_path, "Model,Top-1 error (%)\na,24.0\nb,275\n")
    assert [finding.rule for finding in audit_table(read_csv(path, PLAIN)).findings] == ["in_range"]
