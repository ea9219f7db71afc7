"""The claims of report B, in our own words."""

from __future__ import annotations

from analysis.checks.claims.claim import Claim
from analysis.checks.claims.contrasts import Higher, LargerAt
from analysis.checks.claims.families import BestOf
from analysis.checks.claims.growth import GrowsFaster
from analysis.checks.claims.margins import Same, Usually
from analysis.checks.claims.ranges import LongerThan, RatioWithin
from analysis.checks.claims.thresholds import MostRows
from analysis.labs.drawn import FASHION, MNIST, claims_of

_claim = claims_of("report_b")


_RESNETS = (
    _claim(
        "mnist_99",
        "On {dataset} most configurations exceed 99 %.",
        MostRows("test_accuracy", above=0.99),
        MNIST | {"family": "resnet"},
    ),
    _claim(
        "depth_mnist",
        "On {dataset} ResNet-18 is as accurate as ResNet-50, within 0.3 points, or more so.",
        Usually("model", "resnet18", "resnet50", slack=0.003),
        MNIST,
    ),
    _claim(
        "depth_fashion",
        "On {dataset} ResNet-50 is generally more accurate than ResNet-18.",
        Usually("model", "resnet50", "resnet18"),
        FASHION,
    ),
    _claim(
        "adam_mnist",
        "On {dataset} Adam is more accurate than SGD.",
        Higher("optimizer", "adam", "sgd"),
        MNIST,
    ),
    _claim(
        "adam_mnist_low_lr",
        "On {dataset} Adam's advantage over SGD is larger at the smaller learning rate.",
        LargerAt("optimizer", "adam", "sgd", by="lr", at=0.0001, than_at=0.001),
        MNIST,
    ),
    _claim(
        "adam_fashion",
        "On {dataset} Adam is more accurate than SGD.",
        Higher("optimizer", "adam", "sgd"),
        FASHION,
    ),
    _claim(
        "adam_fashion_high_lr",
        "On {dataset} Adam's advantage over SGD is larger at learning rate 0.001.",
        LargerAt("optimizer", "adam", "sgd", by="lr", at=0.001, than_at=0.0001),
        FASHION,
    ),
    _claim(
        "sgd_low_lr",
        "On {dataset} the smaller learning rate costs SGD more than one point.",
        Higher("lr", 0.001, 0.0001, by_at_least=0.01),
        FASHION | {"optimizer": "sgd"},
    ),
    _claim(
        "sgd_low_lr_depth",
        "On {dataset} the smaller learning rate costs SGD more with ResNet-50 than with ResNet-18.",
        LargerAt("lr", 0.001, 0.0001, by="model", at="resnet50", than_at="resnet18"),
        FASHION | {"optimizer": "sgd"},
    ),
    _claim(
        "batch_mnist",
        "On {dataset} the batch size hardly matters: 16 and 32 agree within half a point.",
        Same("batch_size", 32, 16, within=0.005),
        MNIST,
    ),
    _claim(
        "datasets",
        "FashionMNIST is harder: accuracy on MNIST is higher.",
        Higher("dataset", "mnist", "fashion_mnist"),
        {"family": "resnet"},
    ),
    Claim(
        "b_epochs",
        "Training for 20 epochs instead of 10 raises validation accuracy.",
        Higher("epochs", 20, 10, metric="val_accuracy"),
        source="report_b",
    ),
    _claim(
        "pin_time",
        "Training takes longer without pinned memory.",
        Higher("pin_memory", False, True, metric="train_seconds", log=True),
        None,
        "pin_memory",
    ),
    _claim(
        "pin_accuracy",
        "Pinned memory changes accuracy by less than half a point.",
        Same("pin_memory", True, False, within=0.005),
        None,
        "pin_memory",
    ),
)

_SVMS = (
    _claim(
        "svm_mnist",
        "On {dataset} SVMs are accurate: the best of each kernel exceeds 97 %.",
        MostRows("test_accuracy", above=0.97, share=1, best_by=("kernel",)),
        MNIST | {"family": "svm"},
        "q1b",
    ),
    _claim(
        "svm_fashion",
        "SVMs are less accurate on FashionMNIST than on MNIST, with either kernel.",
        BestOf("dataset", "mnist", "fashion_mnist", by=("kernel",)),
        {"family": "svm"},
        "q1b",
    ),
    _claim(
        "svm_slower",
        "An SVM takes longer to train than a ResNet.",
        LongerThan("family", "svm", "resnet"),
        None,
        *("q1b", "q2_figure8"),
    ),
    _claim(
        "svm_scaling",
        "The training time of an SVM grows faster than the number of training images.",
        GrowsFaster("train_seconds", "num_train_images"),
        {"family": "svm"},
        "q1b",
    ),
    _claim(
        "cnn_over_svm",
        "The best ResNet is more accurate than the best SVM.",
        BestOf("family", "resnet", "svm"),
        None,
        *("q1a", "q1b"),
    ),
)

_DEVICES = (
    _claim(
        "gpu_speedup",
        "A GPU trains 15 to 20 times faster than a CPU.",
        RatioWithin("device", "cpu", "cuda", at_least=15, at_most=20),
        None,
        "q2_table4",
    ),
    _claim(
        "gpu_accuracy",
        "CPU and GPU reach the same accuracy, within half a point.",
        Same("device", "cpu", "cuda", within=0.005),
        None,
        "q2_table4",
    ),
    _claim(
        "gpu_adam",
        "Adam gains more from the GPU than SGD does.",
        LargerAt(
            *("device", "cpu", "cuda"),
            **{"by": "optimizer", "at": "adam", "than_at": "sgd"},
            metric="train_seconds",
            log=True,
        ),
        None,
        "q2_table4",
    ),
    _claim(
        "flops",
        "ResNet-50 takes at least twice the FLOPs of ResNet-18.",
        RatioWithin("model", "resnet50", "resnet18", at_least=2, metric="flops", tolerance=0),
        None,
        "q2_figure8",
    ),
    _claim(
        "depth_time",
        "ResNet-50 takes longer to train than ResNet-18.",
        RatioWithin("model", "resnet50", "resnet18", at_least=1),
        None,
        "q2_figure8",
    ),
)

CLAIMS = (*_RESNETS, *_SVMS, *_DEVICES)
