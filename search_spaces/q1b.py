"""Q1(b): the 15 support vector machines of report A on both data sets, trained to convergence."""

from ray import tune

from search_spaces.space import SearchSpace

_POLY = [(0.1, 2), (1, 2), (10, 2), (0.1, 3), (1, 3), (10, 3), (1, 4)]
_RBF: list[tuple[float, float | str]] = [
    (0.1, "scale"),
    (1, "scale"),
    (10, "scale"),
    (100, "scale"),
    (1, 0.001),
    (1, 0.01),
    (10, 0.001),
    (10, 0.01),
]

SPACE = SearchSpace(
    name="q1b",
    question="How accurate are SVMs on raw pixels, and what does each kernel cost?",
    trainable="svm",
    param_space={
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "svm": tune.grid_search(
            [{"kernel": "poly", "C": c, "degree": d, "gamma": "scale"} for c, d in _POLY]
            + [{"kernel": "rbf", "C": c, "gamma": gamma} for c, gamma in _RBF]
        ),
    },
    factors=("dataset", "kernel", "C", "degree", "gamma"),
)
