from __future__ import annotations

from pathlib import Path

import pytest

from analysis.audit import audit_table
from analysis.checks.audit.columns import Options
from analysis.checks.audit.read import read_csv
from analysis.checks.audit.table import Table


def read(tmp_path: Path, text: str) -> Table:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return read_csv(path, Options({}))


def test_a_mean_below_the_rows_is_no_row(tmp_path: Path) -> None:
    text = "Model,LR,Acc\na,1,90.1\nb,1,91.3\nc,2,92.2\n"
    summaries = ("Mean,,91.2", "**Average**,,91.20", "Avg. of all,,91.2\nStd,,1.05")
    for last in (*summaries, "Mittelwert,,91.2", "Moyenne,,91.2"):
        table = read(tmp_path, text + last)
        assert len(table.frame) == 3
        assert any(remark.startswith("rows that sum up those above") for remark in table.remarks)


def test_rows_with_a_number_are_numbered_though_the_last_is_a_mean(tmp_path: Path) -> None:
    table = read(tmp_path, "Run,LR,Acc\n1,1,90.1\n2,1,91.3\n3,2,92.2\n4,2,92.2\nMean,,91.45\n")
    assert len(table.frame) == 4 and table.settings == ("lr",)


def test_a_word_for_a_mean_may_be_a_setting(tmp_path: Path) -> None:
    assert len(read(tmp_path, "Pooling,LR,Acc\nsum,1,90\nmax,1,91\nmean,1,92\n").frame) == 3
    assert len(read(tmp_path, "Pooling,Acc\nsum,90\nmax,91\nmean,92\n").frame) == 3
    assert len(read(tmp_path, "Method,Acc\na,90\nb,91\nmean,90.5\n").frame) == 2


def test_states_of_searches(tmp_path: Path) -> None:
    text = (
        "number,value,params_lr,state\n0,0.9,0.1,COMPLETE\n1,0.3,0.2,PRUNED\n2,0.8,0.3,COMPLETE\n"
    )
    assert read(tmp_path, text).frame["test_accuracy"].tolist() == [0.9, 0.8]


@pytest.mark.parametrize(
    "text",
    [
        "Method,Acc (%),F1 (%)\nbase,91.2,90.8\nours,90.9,91.6\nΔ vs. base,-0.3,+0.8\n",
        "Method,MNIST,SVHN\nbase,91.2,90.8\n**Improvement**,-0.3,+0.8\nours,90.9,91.6\n",
        "Method,MNIST,SVHN\nbase,91.2,90.8\nours,92.2,91.8\nΔ,1.0,1.0\n",
    ],
)
def test_differences_between_rows_are_no_results(text: str, tmp_path: Path) -> None:
    table = read(tmp_path, text)
    assert "rows of differences, left out: 1" in table.remarks
    assert audit_table(table).findings == () and table.numbers("test_accuracy").min() > 0.9


def test_a_row_with_a_signed_setting_is_a_result(tmp_path: Path) -> None:
    table = read(tmp_path, "Method,Depth,Acc\ndifference net,3,90\nforest,-1,91\n+ mixup,2,92\n")
    assert len(table.frame) == 3


def test_rows_of_one_trial_are_one_result_and_rows_of_no_known_trial_are_not(
    tmp_path: Path,
) -> None:
    head = "trial_id,LR,Acc\n"
    twice = read(tmp_path, f"{head}a,1,90.1\na,2,90.1\nb,3,91.3\nc,4,92.2\n")
    assert "rows that repeat another's result, left out: 1" in twice.remarks
    assert twice.frame["test_accuracy"].tolist() == pytest.approx([0.901, 0.913, 0.922])
    unknown = read(tmp_path, f"{head},1,90.1\n,2,90.1\nb,3,91.3\nc,4,92.2\n")
    assert len(unknown.frame) == 4
