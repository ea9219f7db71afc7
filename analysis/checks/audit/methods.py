"""Which rows are of which kind of method, by the names of models and kernels."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from analysis.checks.audit.table import Table

_SVM_KERNELS = ("rbf", "poly", "linear", "sigmoid", "precomputed", "gaussian", "polynomial")
_SVM = re.compile(r"svm|svc|support.?vector")
_DETERMINISTIC = re.compile(
    r"svm|svc|support.?vector|logistic|linear|ridge|lasso|knn|k-?n|neighbo|nearest|tree|forest"
    r"|boost|bayes|gaussian|discriminant|lda|qda|perceptron|passive|sgdclassifier|xgb|lightgbm|lgbm"
)


def are_svms(table: Table) -> NDArray[np.bool_]:
    """Return which rows are support vector machines: (rows,).

    A model's name decides. Without a model it is the kernel's name: the kernel of a convolution is
    a number.
    """
    return np.array(
        [
            bool(_SVM.search(model)) or (not model and kernel in _SVM_KERNELS)
            for model, kernel in table.keys(["model", "kernel"])
        ],
        dtype=bool,
    )


def are_deterministic(table: Table) -> NDArray[np.bool_]:
    """Return which rows are of methods whose results may not change with a setting: (rows,)."""
    named = [bool(_DETERMINISTIC.search(model)) for model in table.levels("model")]
    return np.array(named, dtype=bool) | are_svms(table)
