"""Which support vector machine on FashionMNIST is best? A space for a search; q1b is the grid."""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="q1b_search",
    question="Which SVM on the raw pixels of FashionMNIST gives the best validation accuracy?",
    trainable="svm",
    param_space={
        "dataset": "fashion_mnist",
        "svm": tune.choice(
            [
                {
                    "kernel": "poly",
                    "C": tune.loguniform(1e-2, 1e2),
                    "degree": tune.randint(2, 6),
                    "gamma": tune.loguniform(1e-3, 1e-1),
                },
                {
                    "kernel": "rbf",
                    "C": tune.loguniform(1e-1, 1e3),
                    "gamma": tune.loguniform(1e-4, 1e-1),
                },
            ]
        ),
    },
    # A row of q1b, so that the search has a result to be compared with.
    start_with=[{"kernel": "rbf", "C": 10.0, "gamma": 0.01}],
)
