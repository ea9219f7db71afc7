"""The lines of a launch name commands as the user called this one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tune_app.cli.messages import estimate_lines, power_line
from tune_app.cli.outcome_text import next_lines
from tune_app.planning.estimate import Estimate
from tune_app.planning.plan_power import num_varied, plan_power
from tune_app.storage.local_store import LocalStore
from tune_app.study.ledger import Ledger
from tune_app.study.provenance import command_line


@pytest.mark.parametrize(
    ("called_as", "names"),
    [
        ("/bin/tune-app", ["tune-app run", "tune-app show", "tune-app report"]),
        ("/x/ipykernel_launcher.py", ["tune-app run", "tune-app show", "tune-app report"]),
        (
            "/lib/tune_app/run.py",
            ["python -m tune_app.run", "python -m tune_app show", "python -m analysis.report"],
        ),
    ],
)
def test_commands_are_named_as_the_user_called_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called_as: str, names: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [called_as])
    monkeypatch.chdir(tmp_path)
    run, show, report = names
    assert next_lines(Ledger(LocalStore(tmp_path / "q1a"), {})) == [
        f"rows: {show} q1a",
        f"report: {report} q1a",
    ]
    assert command_line(["--study", "my study"]) == f"{run} --study 'my study'"


def test_without_a_probe_only_what_is_known_is_said() -> None:
    assert estimate_lines(Estimate(None, 2, None, None)) == [
        "time: not known before the first epoch, 2 trials at once"
    ]
    assert estimate_lines(Estimate(3209.0, 2, None, None)) == [
        "time: about 53 min at the speed of the newest launch, 2 trials at once"
    ]
    assert estimate_lines(Estimate(None, 2, 0, 0, "a: too slow"))[0] == (
        "time: not known (a: too slow), 2 trials at once"
    )


def test_the_estimate_of_a_search_says_for_which_configurations_it_is() -> None:
    found = Estimate(3209.0, 2, 0, 0, "", "for 30 random configurations, if asha stops none")
    assert estimate_lines(found)[0] == (
        "time: about 53 min for 30 random configurations, if asha stops none, 2 trials at once"
    )
    assert estimate_lines(Estimate(None, 0, None, None, "the search has yet to choose")) == [
        "time: not known (the search has yet to choose)"
    ]


def test_the_plan_says_what_its_seeds_can_show() -> None:
    one, five = (power_line(plan_power(number, 3)) for number in (1, 5))
    assert one == (
        "one seed: too few to tell the effect of a setting from chance; at least 6 (--seeds 0-5) "
        "can"
    )
    assert five.startswith("5 seeds: too few to tell")
    # Paired t-test, two-sided 5 %, power 80 %: an effect of 1.43 takes 6 pairs and
    # one of 1.00 takes 10. With 90 % of 14,000 the standard error is 0.2535 points.
    assert power_line(plan_power(6, 3)).startswith(
        "smallest difference: 6 seeds show 1.4 times the standard"
    )
    assert power_line(plan_power(10, 3, 14_000)).endswith(
        "10 seeds show 1.0 times the standard deviation of the seeds' differences (paired test at "
        "5 %, in 4 of 5 studies); an accuracy of 90 % on 14,000 test items is known to ±0.5 points"
    )
    # A single pair a seed is tested by sign flips: all six must agree, 0.9635^6 = 0.8.
    assert "6 seeds show 1.8 times" in power_line(plan_power(6, 1))


def test_three_values_of_one_parameter_give_one_pair_a_seed() -> None:
    assert num_varied([{"lr": lr, "width": 8} for lr in (0.1, 0.2, 0.3)]) == 1
    assert num_varied([{"lr": lr, "width": w} for lr in (0.1, 0.2) for w in (8, None)]) == 2
