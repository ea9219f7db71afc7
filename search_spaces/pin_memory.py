"""Does page-locked host memory (``pin_memory``) change training time or accuracy?"""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="pin_memory",
    question="Does pin_memory change the training time, per model and data set?",
    trainable="resnet",
    param_space={
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "model": tune.grid_search(["resnet18", "resnet50"]),
        "pin_memory": tune.grid_search([False, True]),
        "epochs": 10,
        "batch_size": 32,
        "optimizer": "adam",
        "lr": 1e-3,
        "device": "auto",
        "mixed_precision": True,
    },
    factors=("dataset", "model", "pin_memory"),
    exclusive=True,
)
