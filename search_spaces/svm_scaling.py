"""How the cost of an SVM grows with the number of training images."""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="svm_scaling",
    question="How do fit time, predict time and accuracy grow with the number of training images?",
    trainable="svm",
    param_space={
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "svm": tune.grid_search(
            [
                {"kernel": "rbf", "C": 10, "gamma": "scale"},
                {"kernel": "poly", "C": 1, "degree": 3, "gamma": "scale"},
            ]
        ),
        "num_train_images": tune.grid_search([1_000, 3_000, 10_000, 30_000, 49_000]),
    },
    factors=("dataset", "kernel", "num_train_images"),
    exclusive=True,
)
