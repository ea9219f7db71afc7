"""Two processes train what one trains, up to the order in which numbers are added."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.parallel_training import (
    SIZE,
    data,
    float64_batches,
    normalised,
    start,
    trained,
    work,
)
from tune_app.training import process_group
from tune_app.training.process_group import ALONE, ProcessGroup, join

pytestmark = pytest.mark.xdist_group("process_group")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("met")
    run = start()
    found = {"whole": trained(run), "plain": trained(start(augment=False))}
    torch.save(run.state(), folder / "state.pt")
    found |= {"folder": folder, "val_loss": run.evaluate(run.data.val)[0]}
    torch.set_num_threads(before)
    return found


@pytest.fixture(scope="module")
def together(alone: dict[str, Any]) -> list[dict[str, Any]]:
    folder: Path = alone["folder"]
    torch.multiprocessing.spawn(work, (str(folder),), nprocs=SIZE)
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(SIZE)]


def test_parts_differ_by_one_item_at_most_and_together_are_the_batch() -> None:
    for size, num in [(2, 9), (3, 12), (4, 5), (3, 100)]:
        parts = [ProcessGroup(rank, size).part(np.arange(num)) for rank in range(size)]
        assert np.concatenate(parts).tolist() == list(range(num))
        assert max(map(len, parts)) - min(map(len, parts)) in (0, 1) and min(map(len, parts)) > 0
    assert [ProcessGroup(rank, 2).weight(n, 9) for rank, n in enumerate((4, 5))] == [8 / 9, 10 / 9]
    assert ALONE.weight(9, 9) == 1


def assert_close(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for one, other in zip(ours["rows"], theirs["rows"], strict=True):
        texts = {name: value for name, value in other.items() if isinstance(value, str)}
        numbers = {name: value for name, value in other.items() if name not in texts}
        assert {name: one[name] for name in texts} == texts and one.keys() == other.keys()
        assert {name: one[name] for name in numbers} == pytest.approx(numbers, rel=1e-4)
    assert ours["test"] == pytest.approx(theirs["test"], rel=1e-4)
    assert torch.equal(ours["predictions"], theirs["predictions"])
    assert ours["weights"].keys() == theirs["weights"].keys()
    for name, values in theirs["weights"].items():
        torch.testing.assert_close(ours["weights"][name], values, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("which", ["whole", "plain"])
def test_two_processes_train_what_one_trains(
    alone: dict[str, Any], together: list[dict[str, Any]], which: str
) -> None:
    for found in together:
        assert_close(found[which], alone[which])
    assert alone["whole"]["rows"] != alone["plain"]["rows"], "the augmentation does something"


def test_in_float64_they_agree_to_the_rounding(together: list[dict[str, Any]]) -> None:
    expected = normalised(ALONE, *float64_batches())
    outputs = torch.cat([found["float64"].pop("outputs") for found in together])
    torch.testing.assert_close(outputs, expected.pop("outputs"), rtol=1e-12, atol=1e-12)
    for found in together:
        assert found["float64"].keys() == expected.keys()
        for name, values in expected.items():
            torch.testing.assert_close(found["float64"][name], values, rtol=1e-12, atol=1e-12)


def test_all_processes_hold_the_same_model_to_the_last_bit(together: list[dict[str, Any]]) -> None:
    one, other = (found["whole"] for found in together)
    assert one["rows"] == other["rows"]
    assert all(torch.equal(v, other["weights"][name]) for name, v in one["weights"].items())


def test_resuming_is_exact(together: list[dict[str, Any]]) -> None:
    for found in together:
        assert found["resumed"]["rows"] == found["whole"]["rows"][1:]
        weights = found["whole"]["weights"]
        assert all(torch.equal(v, weights[k]) for k, v in found["resumed"]["weights"].items())


def test_the_same_weights_are_evaluated_to_the_last_bit(
    alone: dict[str, Any], together: list[dict[str, Any]]
) -> None:
    assert [found["evaluated"] for found in together] == [alone["val_loss"]] * SIZE
    assert len(data().val) == 30


def test_the_evaluated_model_is_the_one_that_is_kept(together: list[dict[str, Any]]) -> None:
    found = [one["own_statistics"] for one in together]
    assert len({value for one in found for value in one.values()}) == 1, found


def test_dropout_draws_other_numbers_in_each_process_and_the_same_in_each_run(
    together: list[dict[str, Any]],
) -> None:
    assert not torch.equal(*(found["draws"] for found in together))
    for found in together:
        first, second = found["drop"]
        assert first["rows"] == second["rows"] != found["whole"]["rows"]
    assert together[0]["kept"] == ["ReLU"]


def test_processes_talk_over_loopback_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
    for name in names:
        monkeypatch.setenv(name, "eth0")
    used: list[list[str]] = []

    def note(*_: Any, **_options: Any) -> None:
        used.append([os.environ[name] for name in names])

    monkeypatch.setattr(torch.distributed, "init_process_group", note)
    monkeypatch.setattr(process_group, "_loopback", lambda interfaces: "lo")
    join(0, 2, tmp_path, torch.device("cpu"))
    assert used == [["lo", "lo"]]
