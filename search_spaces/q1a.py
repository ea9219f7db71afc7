"""Q1(a): ResNet-18 and ResNet-50 from scratch, the 128 configurations of report A's main table."""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="q1a",
    question=(
        "How do model, optimizer, learning rate, batch size, pin_memory and epochs "
        "change test accuracy and training time?"
    ),
    trainable="resnet",
    param_space={
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "model": tune.grid_search(["resnet18", "resnet50"]),
        "batch_size": tune.grid_search([16, 32]),
        "optimizer": tune.grid_search(["sgd", "adam"]),
        "lr": tune.grid_search([1e-3, 1e-4]),
        "pin_memory": tune.grid_search([False, True]),
        "epochs": tune.grid_search([2, 5]),
        "device": "auto",
        "mixed_precision": True,
    },
    factors=("dataset", "model", "batch_size", "optimizer", "lr", "pin_memory", "epochs"),
)
