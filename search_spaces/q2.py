"""Q2: the same training on a CPU and on a GPU, with FashionMNIST."""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="q2",
    question="What does a GPU change in accuracy and time, per optimizer and model?",
    trainable="resnet",
    param_space={
        "dataset": "fashion_mnist",
        "device": tune.grid_search(["cpu", "cuda"]),
        "optimizer": tune.grid_search(["sgd", "adam"]),
        "model": tune.grid_search(["resnet18", "resnet50"]),
        "batch_size": 16,
        "lr": 1e-3,
        "epochs": 5,
        "mixed_precision": True,
    },
    factors=("device", "optimizer", "model"),
    exclusive=True,
)
