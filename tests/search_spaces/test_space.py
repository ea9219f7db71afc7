"""Search spaces: declaration, expansion, identity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune

from search_spaces import SHIPPED, Measure
from search_spaces.configuration import canonical_json, make_configuration
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace
from tune_app.planning.resources import Cluster, trial_resources
from tune_app.planning.space_file import load_space

NUM_CONFIGURATIONS = {
    "q1a": 128,
    "q1a_amp": 32,
    "epochs": 8,
    "pin_memory": 8,
    "q1b": 30,
    "svm_scaling": 20,
    "q2": 8,
}
SEARCHES = tuple(name for name in SHIPPED if name not in NUM_CONFIGURATIONS)


def declare(**changes: object) -> SearchSpace:
    fields: dict[str, object] = {
        "name": "mine",
        "question": "Which lr?",
        "trainable": "resnet",
        "param_space": {"lr": tune.grid_search([0.1, 0.01]), "epochs": 2},
        "factors": ("lr",),
    }
    return SearchSpace(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NUM_CONFIGURATIONS)
def test_shipped_spaces_have_their_published_size(name: str) -> None:
    space = load_space(name)
    expanded = space.expand()
    assert len(expanded) == space.num_configurations() == NUM_CONFIGURATIONS[name]
    assert len({c.config_id for c in expanded}) == len(expanded)
    assert set(space.factors) <= set(space.parameters())


@pytest.mark.parametrize("name", SEARCHES)
def test_shipped_searches_begin_with_a_point_of_theirs(name: str) -> None:
    space = load_space(name)
    assert space.num_configurations() is None and space.has_domains
    assert len(space.expand()) == len(space.start_with) == 1
    assert set(space.factors) <= set(space.parameters())


def test_expansion_is_a_product_with_the_last_axis_fastest() -> None:
    space = declare(
        param_space={"a": tune.grid_search([1, 2]), "b": 0, "c": tune.grid_search(["x", "y"])},
        factors=("a", "c"),
    )
    assert [c.config for c in space.expand()] == [
        {"a": 1, "b": 0, "c": "x"},
        {"a": 1, "b": 0, "c": "y"},
        {"a": 2, "b": 0, "c": "x"},
        {"a": 2, "b": 0, "c": "y"},
    ]


def test_tied_parameters_replace_their_label() -> None:
    tied = tune.grid_search([{"kernel": "poly", "degree": 2}, {"kernel": "rbf"}])
    space = declare(param_space={"svm": tied, "C": 1}, factors=("kernel",))
    assert space.parameters() == ("kernel", "degree", "C")
    assert [c.config for c in space.expand()] == [
        {"kernel": "poly", "degree": 2, "C": 1},
        {"kernel": "rbf", "C": 1},
    ]


def test_q1b_holds_the_fifteen_published_svms_per_data_set() -> None:
    configs = [c.config for c in load_space("q1b").expand() if c.config["dataset"] == "mnist"]
    poly = {(c["C"], c["degree"]) for c in configs if c["kernel"] == "poly"}
    rbf = {(c["C"], c["gamma"]) for c in configs if c["kernel"] == "rbf"}
    assert poly == {(0.1, 2), (1, 2), (10, 2), (0.1, 3), (1, 3), (10, 3), (1, 4)}
    assert len(rbf) == 8 and {(100, "scale"), (10, 0.01), (1, 0.001)} < rbf


def test_config_id_ignores_order_and_the_spelling_of_numbers() -> None:
    a = make_configuration({"lr": 1, "name": "x"})
    b = make_configuration({"name": "x", "lr": 1.0})
    assert a.config_id == b.config_id
    assert canonical_json({"b": True, "a": 0.001}) == '{"a":0.001,"b":true}'
    # The identity of a row may never change: studies on disk are keyed by it.
    assert make_configuration({"lr": 0.001, "model": "resnet18"}).config_id == "25299a4f02"


plain = st.one_of(
    st.booleans(), st.integers(-1000, 1000), st.text(max_size=5), st.none(), st.floats(-10, 10)
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), plain, min_size=1))
def test_different_configurations_have_different_ids(config: dict[str, object]) -> None:
    changed = {**config, "extra": 1}
    shuffled = dict(reversed(list(config.items())))
    assert make_configuration(config) == make_configuration(shuffled)
    assert make_configuration(config).config_id != make_configuration(changed).config_id


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({}, "max"),
        ({"metric": "score"}, "max"),
        ({"metric": "loss"}, "min"),
        ({"metric": "val_loss"}, "min"),
        ({"metric": "val_rmse", "mode": "min"}, "min"),
        ({"metric": "neg_mean_squared_error"}, "max"),
        ({"metric": "val_neg_mse"}, "max"),
        ({"metric": "images_per_second"}, "max"),
        ({"metric": "lossless"}, "max"),
        ({"metric": "ms_ssim"}, "max"),
        ({"metric": "answer"}, "max"),
        ({"metric": "score", "measures": {"score": Measure(better="min")}}, "min"),
        ({"metric": "loss", "measures": {"loss": Measure(better="max")}}, "max"),
    ],
)
def test_without_a_mode_the_measure_or_its_name_tells(fields: dict[str, object], mode: str) -> None:
    space = declare(**fields)
    assert space.mode == mode and replace(space, name="other").mode == mode


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"name": "My Space"}, "search space name 'My Space': use lower-case"),
        ({"question": None}, "question must be a string"),
        ({"mode": "best"}, "mode is 'best'; allowed: max, min"),
        ({"metric": "val_rmse"}, "metric 'val_rmse' needs mode='min' if lower values are better"),
        ({"metric": "log_loss"}, "metric 'log_loss' needs mode='min'"),
        ({"metric": "val_perplexity"}, "metric 'val_perplexity' needs mode='min'"),
        ({"metric": "WER"}, "metric 'WER' needs mode='min'"),
        ({"metric": "latency_ms"}, "metric 'latency_ms' needs mode='min'"),
        ({"metric": "val_error_rate"}, "metric 'val_error_rate' needs mode='min'"),
        ({"metric": "rmse_mm"}, "metric 'rmse_mm' needs mode='min'"),
        ({"metric": "valErrorRate"}, "metric 'valErrorRate' needs mode='min'"),
        ({"metric": "false_negative_error"}, "metric 'false_negative_error' needs mode='min'"),
        ({"metric": "api_costs"}, "metric 'api_costs' needs mode='min'"),
        ({"metric": "val/loss_epoch"}, "metric 'val/loss_epoch' needs mode='min'"),
        ({"metric": "neg_log_likelihood"}, "metric 'neg_log_likelihood' needs mode='min'"),
        (
            {"metric": "val_loss", "mode": "max"},
            "metric 'val_loss' has mode 'max', and 'min' is better for it; write 'min', or "
            "measures={'val_loss': Measure(better='max')}",
        ),
        (
            {"metric": "score", "mode": "max", "measures": {"score": Measure(better="min")}},
            "metric 'score' has mode 'max', and 'min' is better for it",
        ),
        ({"objectives": {"score": "max", "loss": "max"}}, "metric 'loss' has mode 'max'"),
        ({"factors": ("lrr",)}, "'lrr' is not in param_space; did you mean 'lr'?"),
        ({"factors": "lr"}, "factors must be a tuple"),
        ({"param_space": {}}, "param_space must map parameters"),
        ({"param_space": {"lr": tune.grid_search([])}}, "needs at least one value"),
        ({"param_space": {"lr": tune.grid_search([1, 1.0])}}, "holds a value twice"),
        (
            {"param_space": {"seed": tune.grid_search([1, 2])}, "factors": ("seed",)},
            "the name 'seed' is reserved; give the parameter another name; reserved: ",
        ),
        ({"param_space": {"val_accuracy": 2}, "factors": ()}, "begin with train_, val_, test_"),
        (
            {"param_space": {"kind": tune.grid_search([{"plan": 1}, {"x": 2}])}, "factors": ()},
            "the name 'plan'",
        ),
        ({"param_space": {"score": 1}, "factors": (), "metric": "score"}, "also a parameter's"),
        ({"metric": "num_seeds"}, "metric 'num_seeds' is a name that rows have for something else"),
        ({"metric": "time_total_s"}, "report the measure under another name"),
        (
            {"objectives": {"loss": "min", "epoch": "min"}},
            "metric 'epoch' is a name that rows have for something else",
        ),
        ({"param_space": {"lr": [0.1]}}, "or a domain such as tune.uniform(0, 1); give"),
        (
            {"param_space": {"betas": tune.choice([(0.9, 0.99)])}, "factors": ()},
            "(0.9, 0.99) is a tuple; allowed: strings, numbers, booleans, None, ",
        ),
        (
            {"param_space": {"opt": {"lr": tune.grid_search([1, 2])}}, "factors": ()},
            "param_space['opt']: a mapping sets several parameters to a plain value each; write "
            "'lr' as a parameter of its own, which your function reads as config['lr']",
        ),
        (
            {"param_space": {"opt": {"lr": tune.uniform(0, 1)}}, "factors": ()},
            "write 'lr' as a parameter of its own",
        ),
        ({"param_space": {"opt": {"l r": 1}}, "factors": ()}, "'l r' is no name of a parameter"),
        (
            {"param_space": {"o": tune.choice([{"l r": tune.uniform(0, 1)}])}, "factors": ()},
            "param_space['o'][0]: 'l r' is no name of a parameter",
        ),
        (
            {"param_space": {"o": tune.grid_search([{"lr": 1}, {"lr": 2}]), "lr": 3}},
            "param_space: 'lr' is set twice; rename one",
        ),
        ({"param_space": {"lr": float("nan")}}, "nan is not allowed; allowed: finite"),
        (
            {"resources": {"cpu": 0, "gpu": 0.0}},
            "resources requests nothing; allowed: an amount",
        ),
        ({"resources": {"cpus": 2}}, "resources: 'cpus': did you mean 'cpu'?"),
        ({"resources": {"cpu": 1, "num_gpus": 1}}, "'num_gpus': did you mean 'gpu'?"),
        (
            {"metric": "other", "objectives": {"score": "max", "cost": "min"}},
            "objectives begin with 'score', 'max', which stand for metric and mode; given: "
            "metric='other'",
        ),
        (
            {"mode": "min", "objectives": {"score": "max", "cost": "min"}},
            "objectives begin with 'score', 'max'",
        ),
        ({"resources": {"cpu": -1}}, "'cpu': -1 must be a number >= 0"),
        ({"trainable": 3}, "trainable must be a function train(config)"),
        ({"trainable": " "}, "trainable must be a function train(config)"),
        ({"prefix_axis": "lr"}, "prefix_axis is for a function or a class of your own"),
        ({"trainable": print, "result": "first"}, "result is 'first'; allowed: last, best"),
        ({"keep_checkpoints": 0}, "keep_checkpoints is 0; allowed: last, best, none"),
        ({"measures": {"val_loss": "mm"}}, "measures must map names to a Measure"),
        ({"datasets": {"cifar10": 3}}, "datasets must map names to a function"),
        ({"datasets": {"a/b": list}}, "datasets: 'a/b': use letters"),
        ({"trainable": print, "prefix_axis": "steps"}, "'steps' is not in param_space"),
        ({"trainable": print, "prefix_axis": "lr"}, "prefix_axis: lr is 0.1 in a configuration"),
    ],
)
def test_mistakes_are_named(changes: dict[str, object], part: str) -> None:
    with pytest.raises(UserError) as error:
        declare(**changes)
    assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_factors_left_out_are_all_parameters_that_vary() -> None:
    svm = tune.grid_search([{"kernel": "poly", "degree": 3}, {"kernel": "rbf"}])
    axes = {"lr": tune.grid_search([0.1, 0.01]), "epochs": 2, "svm": svm}
    space = SearchSpace(name="mine", trainable="resnet", param_space=axes)
    assert space.factors == ("lr", "kernel", "degree")
    assert space.question == ""


def test_no_parameter_has_a_name_of_the_tables(root: Path) -> None:
    from analysis.frames.load import load_study
    from analysis.frames.trial_frames import BOOKKEEPING
    from search_spaces.reserved import RESERVED, RESERVED_PREFIXES

    study = load_study(root)
    parameters = {*study.config_keys, *load_space("q1a").parameters()}
    beside = {str(c) for frame in (study.rows, study.trials) for c in frame} - parameters
    beside -= {name for name in beside if name.startswith(RESERVED_PREFIXES)}
    reported_by_a_trainable = {"epoch_seconds", "images_per_second", "precision", "num_test"}
    assert beside | BOOKKEEPING <= {*RESERVED, *reported_by_a_trainable, "device"}
    assert len(set(RESERVED)) == len(RESERVED), "the message of a refused name lists them"


@pytest.mark.parametrize("resources", [{}, {"gpu": 0}, {"cpu": 0, "gpu": 1}, {"cpu": 0.5}])
def test_resources_with_something_to_ask_for(resources: dict[str, float]) -> None:
    asked = trial_resources({"device": "cpu"}, declare(resources=resources).resources)
    assert Cluster(({"CPU": 2.0, "GPU": 1.0},)).num_slots(asked) >= 1
