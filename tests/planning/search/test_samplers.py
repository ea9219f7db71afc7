from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from ray import tune

from search_spaces.configuration import Config
from search_spaces.errors import UserError
from search_spaces.points import choices_of
from search_spaces.space import SearchSpace
from tests.planning.search.spaces import finite_space, loss, make_space, trained
from tune_app.planning.search.optuna_sampler import OptunaSampler
from tune_app.planning.search.registry import SAMPLERS, make_sampler
from tune_app.planning.search.sampler import Told, seed_of, share_of

ALL = tuple(name for name in SAMPLERS if name != "grid")


def told_of(config: Config) -> Told:
    value = loss(config, 9)
    return Told("diverged") if value is None else Told("finished", value, {9: value})


@pytest.mark.parametrize("name", ALL)
def test_each_sampler_stays_inside_of_the_domains(name: str) -> None:
    space = make_space()
    number = 12 if name == "gp" else 30
    for config in trained(make_sampler(name, space, seed=1, mode="min"), told_of, number):
        assert choices_of(space.axes, config, {}) is not None, config
        assert list(config) == [key for key in space.parameters() if key in config]
        assert json.loads(json.dumps(config)) == config
        assert {type(value) for value in config.values()} <= {int, float, str, bool}


@pytest.mark.parametrize("name", ALL)
def test_the_seed_decides_what_is_proposed(name: str) -> None:
    def first(seed: int) -> list[Config]:
        return trained(make_sampler(name, make_space(), seed=seed, mode="min"), told_of, 3)

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_a_random_value_depends_on_its_parameter_alone() -> None:
    shares = [share_of(0, number, "lr") for number in range(4_000)]
    # The mean of 4,000 uniform numbers lies within 4 standard errors (0.0183) of a half.
    assert abs(sum(shares) / len(shares) - 0.5) < 0.0183
    assert min(shares) >= 0 and max(shares) < 1
    # The seed of a search is recorded: what it gives may never change.
    assert share_of(0, 0, 0, "lr") == pytest.approx(0.4200341664443168, abs=1e-15)
    assert seed_of(0, 1, 2) == 2_026_373_890
    more = make_space()
    axes = {"further": tune.uniform(0, 1), **more.param_space}
    wider = make_sampler("random", make_space(param_space=axes), seed=0, mode="min").ask(5, 0)
    config = make_sampler("random", more, seed=0, mode="min").ask(5, 0)
    assert wider is not None and config is not None
    assert {key: wider[key] for key in config} == config


def test_random_draws_each_domain_as_it_is_named() -> None:
    sampler = make_sampler("random", make_space(), seed=0, mode="min")
    found = [config for n in range(3_000) if (config := sampler.ask(n, 0))]
    # A share of 0.25 of 3,000 has a standard error of 0.008; four of them are allowed.
    assert sum(c["lr"] < 1e-4 for c in found) / 3_000 == pytest.approx(1 / 4, abs=0.032)
    assert sum(c["width"] < 32 for c in found) / 3_000 == pytest.approx(1 / 2, abs=0.037)
    counts = Counter(c["drop"] for c in found)
    assert sorted(counts) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert all(count / 3_000 == pytest.approx(1 / 6, abs=0.028) for count in counts.values())
    assert sum(c["optimizer"] == "sgd" for c in found) / 3_000 == pytest.approx(1 / 2, abs=0.037)


def test_quasi_random_points_fill_the_space_evenly() -> None:
    space = make_space(param_space={"lr": tune.uniform(0, 1), "epochs": 9})
    sampler = make_sampler("qmc", space, seed=4, mode="min")
    found = [config["lr"] for n in range(16) if (config := sampler.ask(n, 0))]
    # One of 16 points in each sixteenth. At random that has a chance of 16!/16^16, 1 in 900,000.
    assert sorted(int(value * 16) for value in found) == list(range(16))


def test_the_grid_goes_through_the_points_in_the_declared_order() -> None:
    space = finite_space()
    sampler = make_sampler("grid", space, seed=0, mode="min")
    found = trained(sampler, told_of, 12)
    assert [(c["lr"], c["batch"], c["drop"]) for c in found[:5]] == [
        (0.1, 1, 0.0),
        (0.1, 1, 0.5),
        (0.1, 2, 0.0),
        (0.1, 2, 0.5),
        (0.01, 1, 0.0),
    ]
    assert sampler.ask(12, 0) is None
    with pytest.raises(UserError, match="--search grid: lr has a domain without a number"):
        make_sampler("grid", make_space(), seed=0, mode="min")


@pytest.mark.parametrize(
    ("name", "mode"),
    [("tpe", "min"), ("tpe", "max"), ("cmaes", "min"), ("cmaes", "max"), ("gp", "max")],
)
def test_samplers_that_learn_come_closer_to_the_optimum(name: str, mode: str) -> None:
    axes = {"x": tune.uniform(-4, 4), "y": tune.uniform(-4, 4), "epochs": 9}
    space = make_space(param_space=axes)
    sampler = make_sampler(name, space, seed=0, mode=mode)
    sign = 1 if mode == "min" else -1
    number = 16 if name == "gp" else 40
    distances = []
    for index in range(number):
        config = sampler.ask(index, 0)
        assert config is not None
        sampler.begin(index, config)
        distances.append((config["x"] - 1) ** 2 + (config["y"] + 2) ** 2)
        sampler.tell(index, config, Told("finished", sign * distances[-1]))
    # At random the mean distance is 14.7; the later proposals are far nearer.
    assert sum(distances[-5:]) / 5 < 4


def test_tpe_avoids_where_trainings_diverge_and_learns_from_stopped_trials() -> None:
    space = make_space(param_space={"x": tune.uniform(0, 1), "epochs": 9})

    def mean_of_proposals(told: Any) -> float:
        sampler = make_sampler("tpe", space, seed=0, mode="max")
        for number in range(40):
            x = share_of(7, number)
            sampler.tell(number, {"x": x, "epochs": 9}, told(x))
        found = [config["x"] for n in range(40, 60) if (config := sampler.ask(n, 0))]
        return sum(found) / len(found)

    for other in (Told("finished", 0.5, {9: 0.5}), Told("stopped", 0.5, {1: 0.5})):
        diverged = Told("diverged", None, {1: 9.0})
        assert mean_of_proposals(lambda x, o=other, d=diverged: d if x > 0.5 else o) < 0.4
    stopped = mean_of_proposals(lambda x: Told("stopped", x, {1: x}))
    assert stopped > 0.8
    failed = mean_of_proposals(lambda x: Told("failed", None, {}))
    assert failed == pytest.approx(0.5, abs=0.25)  # nothing was learned: still at random


def test_a_trial_that_is_told_again_counts_once() -> None:
    space = make_space(param_space={"x": tune.uniform(0, 1), "epochs": 9})

    def after(*tells: tuple[int, float, Told]) -> list[Config | None]:
        sampler = make_sampler("tpe", space, seed=0, mode="max")
        for number, x, told in tells:
            sampler.tell(number, {"x": x, "epochs": 9}, told)
            sampler.ask(100 + number, 0)  # so it has put into Optuna's study what it knows
        return [sampler.ask(number, 0) for number in range(50, 55)]

    first = [(n, n / 20, Told("stopped", n / 20, {1: n / 20})) for n in range(20)]
    again = (3, 0.15, Told("finished", 5.0, {1: 0.15, 9: 5.0}))
    assert after(*first, again) == after(*first[:3], *first[4:], again)
    assert after(*first, again) != after(*first)


def test_a_search_goes_on_whatever_is_left_over_in_optunas_study() -> None:
    """A sampler that asked 300 times proposes what one proposes that was only told."""
    order = random.Random(0)
    space = make_space()
    long = make_sampler("tpe", space, seed=0, mode="min")
    short = make_sampler("tpe", space, seed=0, mode="min")
    for number in range(20):
        config = long.ask(number, 0)
        assert config is not None
        for attempt in range(1, order.randint(2, 20)):
            long.ask(number, attempt)
        for sampler in (long, short):
            sampler.begin(number, config)
        if number >= 3:  # three trials run at a time
            earlier = number - 3
            for sampler in (long, short):
                sampler.tell(earlier, config, told_of(config))
    assert long.ask(20, 0) == short.ask(20, 0)


def test_tpe_of_a_space_without_conditions_is_optunas_own() -> None:
    from optuna.samplers import TPESampler

    axes = {"lr": tune.loguniform(1e-5, 1e-2), "one": tune.choice([1]), "b": tune.randint(1, 9)}
    space = make_space(param_space={**axes, "batch": 16, "epochs": 9})
    stock = OptunaSampler(
        space, lambda seed: TPESampler(seed=seed, multivariate=True), seed=2, mode="min"
    )
    ours = make_sampler("tpe", space, seed=2, mode="min")
    assert trained(ours, told_of, 30) == trained(stock, told_of, 30)


@pytest.mark.parametrize("name", ["cmaes", "nsga2"])
def test_what_is_drawn_instead_of_a_proposal_is_none_of_the_samplers(name: str) -> None:
    """A search that is made anew does not ask for it either."""
    axes = {"x": tune.uniform(-4, 4), "y": tune.uniform(-4, 4), "epochs": 9}

    def squares(config: Config) -> Told:
        return Told("finished", config["x"] ** 2 + config["y"] ** 2)

    def later(*, is_asked: bool) -> list[Config]:
        sampler = make_sampler(name, make_space(param_space=axes), seed=0, mode="min")
        trained(sampler, squares, 20)
        if is_asked:
            sampler.ask(20, 0)
        drawn = {"x": 0.0, "y": 0.0, "epochs": 9}
        sampler.begin(20, drawn)
        sampler.tell(20, drawn, squares(drawn))
        return trained(sampler, squares, 24, first=21)

    assert later(is_asked=True) == later(is_asked=False)


def test_importing_the_package_imports_neither_optuna_nor_scipy() -> None:
    code = (
        "import sys, tune_app, tune_app.planning.search.rebuild as r;"
        "print(*(name in sys.modules for name in ('optuna', 'scipy', 'torch', 'ray')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"] * 4


def make_conditional() -> SearchSpace:
    return make_space(
        param_space={
            "svm": tune.choice(
                [
                    {"kernel": "rbf", "gamma": tune.loguniform(1e-4, 1)},
                    {"kernel": "poly", "degree": tune.randint(2, 5)},
                ]
            ),
            "epochs": 9,
        }
    )


@pytest.mark.parametrize("name", ALL)
def test_conditional_parameters_exist_only_in_their_branch(name: str) -> None:
    sampler = make_sampler(name, make_conditional(), seed=0, mode="min")
    found = []
    for number in range(13):
        config = sampler.ask(number, 0)
        assert config is not None
        sampler.begin(number, config)
        sampler.tell(number, config, Told("finished", config.get("gamma", 2.0)))
        found.append(config)
    assert {c["kernel"] for c in found} == {"rbf", "poly"}
    for config in found:
        own = {"rbf": {"gamma"}, "poly": {"degree"}}[config["kernel"]]
        assert config.keys() == {"kernel", "epochs", *own}
