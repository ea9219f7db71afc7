"""The claims of report A, in our own words."""

from __future__ import annotations

from analysis.checks.claims.contrasts import Higher, LargerAt
from analysis.checks.claims.families import BestOf
from analysis.checks.claims.growth import GrowsFaster
from analysis.checks.claims.margins import Same, Usually
from analysis.checks.claims.picks import BestHas
from analysis.checks.claims.ranges import RatioWithin
from analysis.checks.claims.thresholds import MostRows
from analysis.labs.drawn import FASHION, MNIST, claims_of

_claim = claims_of("report_a")


CLAIMS = (
    _claim(
        "best_run",
        "The best run of all is ResNet-18 on MNIST with SGD, learning rate 0.001, batch size 16, "
        "pinned memory and 5 epochs.",
        BestHas(
            {
                **{"dataset": "mnist", "model": "resnet18", "optimizer": "sgd", "lr": 0.001},
                **{"batch_size": 16, "pin_memory": True, "epochs": 5},
            }
        ),
    ),
    _claim(
        "best_mnist",
        "On {dataset} the best configuration is a ResNet-18 trained with SGD.",
        BestHas({"model": "resnet18", "optimizer": "sgd"}),
        MNIST,
    ),
    _claim(
        "best_fashion",
        "On {dataset} the best configuration is a ResNet-18 trained with Adam.",
        BestHas({"model": "resnet18", "optimizer": "adam"}),
        FASHION,
    ),
    _claim(
        "adam_fashion",
        "On {dataset} Adam is the safer optimizer: more accurate over all settings.",
        Higher("optimizer", "adam", "sgd"),
        FASHION,
    ),
    _claim(
        "sgd_tuned",
        "At learning rate {lr} SGD is more accurate than Adam.",
        Higher("optimizer", "sgd", "adam"),
        {"lr": 0.001},
    ),
    _claim(
        "sgd_needs_tuning",
        "SGD's advantage over Adam depends on the learning rate: it is larger at 0.001.",
        LargerAt("optimizer", "sgd", "adam", by="lr", at=0.001, than_at=0.0001),
    ),
    _claim(
        "depth",
        "ResNet-18 is consistently as accurate as ResNet-50 or more so.",
        Usually("model", "resnet18", "resnet50", slack=0.001, threshold=0.9),
    ),
    _claim(
        "depth_mnist",
        "On {dataset} the deeper model does not pay: ResNet-18 is more accurate than ResNet-50.",
        Higher("model", "resnet18", "resnet50"),
        MNIST,
    ),
    _claim(
        "depth_by_dataset",
        "Depth is worth more on the harder data set: ResNet-50 fares better against ResNet-18 on "
        "FashionMNIST than on MNIST.",
        LargerAt("model", "resnet50", "resnet18", "dataset", "fashion_mnist", "mnist"),
    ),
    _claim(
        "epochs",
        "Five epochs are more accurate than two.",
        Higher("epochs", 5, 2),
    ),
    _claim(
        "saturation",
        "On {dataset} Adam saturates early: epochs 3 to 5 change accuracy by less than one point.",
        Same("epochs", 5, 2, within=0.01, is_absolute=True),
        FASHION | {"optimizer": "adam"},
    ),
    _claim(
        "pin_accuracy",
        "Pinned memory changes accuracy by less than half a point.",
        Same("pin_memory", True, False, within=0.005),
    ),
    _claim(
        "pin_time",
        "Training takes longer without pinned memory.",
        Higher("pin_memory", False, True, metric="train_seconds", log=True),
    ),
    _claim(
        "overfitting_mnist",
        "On {dataset} the best model hardly overfits: training accuracy is less than one point "
        "above validation accuracy.",
        MostRows("train_accuracy", below=0.01, minus="val_accuracy", share=1, best_by=("dataset",)),
        MNIST,
    ),
    _claim(
        "overfitting_fashion",
        "On {dataset} the best model overfits a little: training accuracy is less than three "
        "points above validation accuracy.",
        MostRows("train_accuracy", below=0.03, minus="val_accuracy", share=1, best_by=("dataset",)),
        FASHION,
    ),
    _claim(
        "generalization",
        "The best models generalise: validation accuracy is less than one point above test "
        "accuracy.",
        MostRows("val_accuracy", below=0.01, minus="test_accuracy", share=1, best_by=("dataset",)),
        {"family": "resnet"},
    ),
    _claim(
        "cnn_over_svm",
        "The best ResNet is more accurate than the best SVM.",
        BestOf("family", "resnet", "svm"),
        None,
        *("q1a", "q1b"),
    ),
    _claim(
        "svm_scaling",
        "The training time of an SVM grows faster than the number of training images.",
        GrowsFaster("train_seconds", "num_train_images"),
        {"family": "svm"},
        "q1b",
    ),
    _claim(
        "gpu_speedup",
        "ResNet-18 with Adam trains more than ten times faster on a GPU than on a CPU.",
        RatioWithin("device", "cpu", "cuda", at_least=10),
        {"model": "resnet18", "optimizer": "adam"},
        "q2",
    ),
    _claim(
        "gpu_best",
        "The most accurate of the CPU and GPU runs is ResNet-18 with Adam on the GPU.",
        BestHas({"model": "resnet18", "optimizer": "adam", "device": "cuda"}),
        FASHION,
        "q2",
    ),
    _claim(
        "flops",
        "ResNet-18 takes less than half of the FLOPs of ResNet-50.",
        RatioWithin("model", "resnet50", "resnet18", at_least=2, metric="flops", tolerance=0),
        None,
        "q2",
    ),
)
