"""A part of ``python -m tests.simulation``: the hardest cells, with fewer studies."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.simulation import __main__ as command
from tests.simulation.studies import ALPHA, Cell, all_cells, draw

NUM = 200
CELLS = (
    Cell(6, 1.0, 14_000, one_seed=False),
    Cell(6, 1.0, 20, one_seed=False),
    Cell(2, 1.0, 160, one_seed=False),
    Cell(10, 0.0, 160, one_seed=True),
)


@pytest.mark.parametrize("name", [*command.VERDICTS, *command.INTERVALS])
def test_no_verdict_is_wrong_more_often_than_stated(name: str) -> None:
    shares = [
        command.wrong_share(name, cell, NUM, np.random.default_rng([7, place]))
        for place, cell in enumerate(CELLS)
    ]
    assert not all(map(math.isnan, shares))
    stated = command.STATED.get(name, ALPHA)
    # Four standard errors, because there are some hundred of them.
    limit = stated + 4 * math.sqrt(stated * (1 - stated) / NUM)
    assert all(math.isnan(share) or share <= limit for share in shares), shares


def test_studies_are_as_their_cell_says() -> None:
    rng = np.random.default_rng(0)
    cell = Cell(10, 1.0, 160, one_seed=False)
    studies = draw(cell, 500, rng, effect=0.01)
    differences = (studies.true_first - studies.true_second).reshape(500, 10, 4)
    assert differences.mean() == pytest.approx(0.01, abs=0.002)
    within = differences.std(axis=2, ddof=1)
    assert math.sqrt((within**2).mean()) == pytest.approx(0.01, rel=0.05)
    assert studies.luck.std() == pytest.approx(0.01, rel=0.05)
    assert np.allclose(studies.first * 160, np.round(studies.first * 160))
    assert len(list(all_cells())) == 72


def test_the_command_writes_its_tables_below_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "statistics.md"
    document.write_text("# Statistics\n" + command.START + "old\n")
    monkeypatch.setattr(command, "DOCUMENT", document)
    assert command.main(["one accuracy", "--studies", "20", "--processes", "1"]) in (0, 1)
    text = document.read_text()
    assert text.startswith("# Statistics\n" + command.START) and "old" not in text
    assert "| 1 seed, 10 settings |" in text and "20 studies a cell" in text
    assert "one accuracy at most" in capsys.readouterr().out


def test_a_run_continues_from_the_shares_that_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, kept = tmp_path / "statistics.md", tmp_path / "shares.json"
    document.write_text(command.START)
    monkeypatch.setattr(command, "DOCUMENT", document)
    few = ["--studies", "20", "--processes", "1", "--keep", str(kept)]
    command.main(["one accuracy", "--seed", "1", *few])
    first = document.read_text()
    assert "drawn with `--seed 1`" in first and "**BestOf**" not in first
    command.main(["BestOf", "--seed", "1", *few])
    both = document.read_text()
    assert "**BestOf**" in both and first.partition("**one accuracy**")[2] in both
    command.main(["one accuracy", "--seed", "2", *few])
    assert first.partition("**one accuracy**")[2] not in document.read_text(), "other studies"
