"""Domains: their plain form, their values, and the points that they make."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from search_spaces.domain_forms import as_domain, plain_entry
from search_spaces.domains import Domain
from search_spaces.errors import UserError
from tests.search_spaces.declared import OPTIMIZER, declare


@pytest.mark.parametrize(
    ("of_ray", "plain"),
    [
        (tune.uniform(0, 1), {"domain": "uniform", "low": 0.0, "high": 1.0}),
        (tune.loguniform(1e-5, 0.1), {"domain": "loguniform", "low": 1e-5, "high": 0.1}),
        (
            tune.quniform(0, 1, 0.25),
            {"domain": "quniform", "low": 0.0, "high": 1.0, "step": 0.25},
        ),
        (tune.randint(1, 10), {"domain": "randint", "low": 1, "high": 10}),
        (tune.lograndint(1, 100), {"domain": "lograndint", "low": 1, "high": 100}),
        (tune.qrandint(16, 64, 16), {"domain": "qrandint", "low": 16, "high": 64, "step": 16}),
        (tune.choice([16, "x", None]), {"domain": "choice", "options": [16, "x", None]}),
        (
            OPTIMIZER,
            {
                "domain": "choice",
                "options": [
                    {
                        "optimizer": "sgd",
                        "momentum": {"domain": "uniform", "low": 0.5, "high": 0.99},
                    },
                    {
                        "optimizer": "adam",
                        "amsgrad": {"domain": "choice", "options": [True, False]},
                    },
                ],
            },
        ),
    ],
)
def test_a_domain_is_recorded_in_plain_json_and_read_from_it(of_ray: Any, plain: Any) -> None:
    assert plain_entry("x", of_ray) == plain
    assert plain_entry("x", json.loads(json.dumps(plain))) == plain
    assert as_domain("x", of_ray) == as_domain("x", plain)


@pytest.mark.parametrize(
    ("domain", "shares"),
    [
        (Domain("uniform", 2.0, 4.0), {0.0: 2.0, 0.5: 3.0, 0.75: 3.5}),
        (Domain("loguniform", 0.01, 100.0), {0.0: 0.01, 0.5: 1.0, 0.75: 10.0}),
        # the values 0.1, 0.2 ... 0.5 have a fifth of the range each
        (
            Domain("quniform", 0.1, 0.5, 0.1),
            {0.0: 0.1, 0.19: 0.1, 0.21: 0.2, 0.5: 0.3, 0.99: 0.5},
        ),
        (Domain("randint", 1, 5), {0.0: 1, 0.24: 1, 0.26: 2, 0.99: 4}),
        # log(2)/log(16) = 1/4: a quarter of the range is [1, 2)
        (Domain("lograndint", 1, 16), {0.0: 1, 0.24: 1, 0.26: 2, 0.51: 4, 0.999: 15}),
        (Domain("qrandint", 10, 50, 16), {0.0: 16, 0.34: 32, 0.99: 48}),
        (Domain("choice", options=("a", "b", "c")), {0.0: 0, 0.34: 1, 0.99: 2}),
    ],
)
def test_a_share_of_the_range_gives_a_value(domain: Domain, shares: dict[float, Any]) -> None:
    for share, value in shares.items():
        assert domain.at(share) == pytest.approx(value)
        assert domain.is_choice or domain.contains(domain.at(share))


@pytest.mark.parametrize(
    ("domain", "number", "values"),
    [
        (Domain("uniform", 0.0, 1.0), None, None),
        (Domain("randint", 1, 4), 3, [1, 2, 3]),
        (Domain("quniform", 0.1, 0.3, 0.1), 3, [0.1, 0.2, 0.3]),
        (Domain("qrandint", 10, 50, 16), 3, [16, 32, 48]),
    ],
)
def test_whole_and_stepped_domains_have_a_number_of_values(
    domain: Domain, number: int | None, values: list[float] | None
) -> None:
    assert domain.num_values() == number
    assert values is None or domain.values() == values


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Domain("uniform", 0.0, 1.0), [0, 0.5, 1], [-0.1, 1.1, True, "0.5", None, float("nan")]),
        (Domain("randint", 1, 5), [1, 4, 4.0], [0, 5, 2.5]),
        (Domain("quniform", 0.0, 1.0, 0.1), [0.3, 0.1 * 3, 1], [0.35]),
        (Domain("qrandint", 10, 50, 16), [16, 48], [10, 20, 50]),
    ],
)
def test_what_a_domain_contains(domain: Domain, inside: list[Any], outside: list[Any]) -> None:
    assert [v for v in inside if not domain.contains(v)] == []
    assert [v for v in outside if domain.contains(v)] == []


numeric = st.one_of(
    st.builds(
        lambda kind, low, width: Domain(kind, low, low + width),
        st.sampled_from(["uniform", "loguniform"]),
        st.floats(1e-6, 1e3),
        st.floats(1e-3, 1e3),
    ),
    st.builds(
        lambda kind, low, width: Domain(kind, low, low + width),
        st.sampled_from(["randint", "lograndint"]),
        st.integers(1, 100),
        st.integers(1, 1000),
    ),
    st.builds(
        lambda low, count, step: Domain("quniform", low * step, (low + count) * step, step),
        st.integers(-20, 20),
        st.integers(1, 50),
        st.sampled_from([0.1, 0.25, 1.0, 3.0]),
    ),
)


@given(numeric, st.floats(0, 1, exclude_max=True))
def test_every_share_gives_a_value_of_the_domain(domain: Domain, share: float) -> None:
    value = domain.at(share)
    assert domain.contains(value)
    assert domain.bounds[0] <= value <= domain.bounds[1]
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (tune.randn(0, 1), "tune.randn is not supported; allowed: tune.uniform, tune.loguniform"),
        (tune.qloguniform(0.1, 1, 0.1), "tune.qloguniform is not supported"),
        (tune.sample_from(lambda _: 1), "tune.sample_from is not supported"),
        (tune.uniform(1, 1), "the first bound must be less than the second"),
        ({"domain": "uniform", "low": 0, "high": float("nan")}, "nan is not allowed"),
        ({"domain": "uniform", "low": "0", "high": 1}, "'0' is not allowed; allowed: numbers"),
        (tune.randint(0.5, 3), "0.5 must be a whole number"),
        ({"domain": "loguniform", "low": 0, "high": 1}, "bound 0 must be greater than 0"),
        ({"domain": "quniform", "low": 0, "high": 1, "step": 0}, "the step must be greater than 0"),
        ({"domain": "qrandint", "low": 1, "high": 3, "step": 5}, "a multiple of it between"),
        (tune.choice([]), "tune.choice needs at least one value"),
        (tune.choice([1, 1.0]), "tune.choice holds a value twice"),
        (tune.choice([tune.uniform(0, 1)]), "a domain stands directly in tune.choice"),
        (tune.choice([{1, 2}]), "is a set; allowed"),
        (tune.grid_search([tune.uniform(0, 1)]), "a grid has values only; use tune.choice"),
        (tune.grid_search([{"a": tune.uniform(0, 1)}]), "tune.grid_search holds a domain"),
    ],
)
def test_domains_that_are_not_allowed_are_named(value: Any, part: str) -> None:
    with pytest.raises(UserError) as error:
        declare(param_space={"lr": value})
    assert "search space mine: param_space['lr']" in str(error.value)
    assert part in str(error.value) and "\n" not in str(error.value)


def test_a_mapping_that_only_looks_like_a_domain_is_tied_parameters() -> None:
    space = declare(param_space={"x": {"domain": "vision", "size": 3}}, trainable=print)
    assert [c.config for c in space.expand()] == [{"domain": "vision", "size": 3}]
