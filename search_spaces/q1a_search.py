"""Which training of a ResNet on FashionMNIST is best? A space for a search; q1a is the grid."""

from ray import tune

from search_spaces.space import SearchSpace

SPACE = SearchSpace(
    name="q1a_search",
    question="Which training of a ResNet on FashionMNIST gives the best validation accuracy?",
    trainable="resnet",
    param_space={
        "dataset": "fashion_mnist",
        "model": tune.choice(["resnet18", "resnet50"]),
        "batch_size": tune.choice([16, 32, 64, 128]),
        # The two need different learning rates, and only one has a momentum.
        "optimization": tune.choice(
            [
                {
                    "optimizer": "sgd",
                    "lr": tune.loguniform(1e-4, 1e-1),
                    "momentum": tune.uniform(0.5, 0.99),
                },
                {"optimizer": "adamw", "lr": tune.loguniform(1e-5, 1e-2)},
            ]
        ),
        "weight_decay": tune.loguniform(1e-6, 1e-2),
        "lr_schedule": tune.choice(["constant", "cosine"]),
        "label_smoothing": tune.uniform(0.0, 0.2),
        "augmentation": tune.choice(["none", "shift", "flip_shift"]),
        "epochs": 9,  # with the rungs 1 and 3 a trial is stopped after a ninth or a third
        "device": "auto",
        "mixed_precision": True,
    },
    # Close to a row of q1a, so that the search has a result to be compared with.
    start_with=[
        {
            "model": "resnet18",
            "batch_size": 16,
            "optimizer": "sgd",
            "lr": 1e-3,
            "momentum": 0.9,
            "weight_decay": 1e-6,
            "lr_schedule": "constant",
            "label_smoothing": 0.0,
            "augmentation": "none",
        }
    ],
)
