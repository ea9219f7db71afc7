"""A user's function, helpers and data reach a node that sees none of the user's files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.chaos.cluster_process import NodeCluster
from tests.chaos.harness import Driver
from tests.chaos.node_studies import may_mount, node_with_a_folder_of_its_own
from tests.recorded import read_rows
from tune_app.data.array_data import ArrayData
from tune_app.data.own_data import split_own

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

SPACE = """
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import helper_of_mine
from ray import tune
from tune_app import ArrayData, SearchSpace

HERE = Path(__file__).parent

@dataclass
class Sums:
    val: float
    test: float

def load():
    x = np.loadtxt(HERE / "numbers.txt")
    return ArrayData(x[:, None], x)

def train(config, data):
    from helper_imported_late import OFFSET
    sums = Sums(*(helper_of_mine.scaled(config, p.inputs).sum() for p in (data.val, data.test)))
    tune.report({
        "val_sum": sums.val + OFFSET, "test_sum": sums.test + OFFSET,
        "num_train": len(data.train), "sees_the_files": (HERE / "numbers.txt").exists(),
    })

SPACE = SearchSpace(
    name="mine", trainable=train, datasets={"numbers": load}, metric="val_sum",
    param_space={"factor": tune.grid_search([2, 5])},
)
"""
HELPERS = {
    "helper_of_mine.py": "def scaled(config, values):\n    return config['factor'] * values\n",
    "helper_imported_late.py": "from helper_of_a_helper import OFFSET\n",
    "helper_of_a_helper.py": "OFFSET = 1000\n",
}
NUMBERS = np.arange(300.0)


@pytest.fixture
def head(tmp_path: Path) -> Iterator[NodeCluster]:
    """Return a cluster whose head node runs no trial."""
    with NodeCluster(tmp_path / "cluster.log", {**os.environ}, head={"CPU": 0}) as running:
        yield running


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount file systems")
def test_what_a_user_brings_reaches_a_node_without_the_files(
    tmp_path: Path, head: NodeCluster
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for name, text in HELPERS.items():
        (mine / name).write_text(text)
    np.savetxt(mine / "numbers.txt", NUMBERS)
    options = ("--address", head.address, "--storage-path", str(tmp_path / "results"))
    with (
        node_with_a_folder_of_its_own(head, mine, tmp_path / "node.log"),
        Driver(mine, *options, space=SPACE) as driver,
    ):
        assert driver.wait(400) == 0, driver.output
    split = split_own("numbers", ArrayData(NUMBERS[:, None], NUMBERS), 200, 0, vary_split=False)
    val, test = (part.inputs.sum() for part in (split.parts().val, split.parts().test))
    files = (tmp_path / "results" / "mine").glob("tune/*/*/result.json")
    rows = sorted((read_rows(file)[-1] for file in files), key=lambda row: row["val_sum"])
    assert [(row["val_sum"], row["test_sum"]) for row in rows] == [
        (factor * val + 1000, factor * test + 1000) for factor in (2, 5)
    ]
    assert [row["num_train"] for row in rows] == [140, 140]
    assert [row["sees_the_files"] for row in rows] == [False, False]
