"""Q1(a) as report B ran it: 10 epochs, mixed precision, images of 3×224×224."""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="q1a_amp",
    question="Which of the 32 configurations is best after 10 epochs at ImageNet's input size?",
    trainable="resnet",
    param_space={
        "dataset": tune.grid_search(["mnist", "fashion_mnist"]),
        "model": tune.grid_search(["resnet18", "resnet50"]),
        "batch_size": tune.grid_search([16, 32]),
        "optimizer": tune.grid_search(["sgd", "adam"]),
        "lr": tune.grid_search([1e-3, 1e-4]),
        "epochs": 10,
        "in_channels": 3,
        "image_size": 224,
        "device": "auto",
        "mixed_precision": True,
    },
    factors=("dataset", "model", "batch_size", "optimizer", "lr"),
)
