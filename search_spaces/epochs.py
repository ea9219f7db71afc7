"""Does training for 20 epochs instead of 10 improve accuracy?"""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="epochs",
    question="What do 20 epochs give over 10, per model and data set?",
    trainable="resnet",
    param_space={
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "model": tune.grid_search(["resnet18", "resnet50"]),
        "epochs": tune.grid_search([10, 20]),
        "batch_size": 32,
        "optimizer": "adam",
        "lr": 1e-3,
        "device": "auto",
        "mixed_precision": True,
    },
    factors=("dataset", "model", "epochs"),
)
