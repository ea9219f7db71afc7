"""An ordinary function of Ray Tune: which polynomial predicts best how far a ball flies?

tune-app run --space search_spaces.examples.tune_function
"""

from tempfile import TemporaryDirectory

import joblib
import numpy as np
from ray import tune

from tune_app import Measure, SearchSpace


def train(config):
    speed, angle = np.random.default_rng(config["seed"]).random((2, 500))
    metres = (15 * speed) ** 2 * np.sin(np.pi * angle) / 9.81
    x = np.polynomial.polynomial.polyvander2d(speed, angle, 2 * [config["degree"]])
    start, weights = 0, np.zeros(x.shape[1])
    if checkpoint := tune.get_checkpoint():  # the trial was interrupted: go on from here
        with checkpoint.as_directory() as folder:
            start, weights = joblib.load(f"{folder}/state.joblib")
    for epoch in range(start, 30):
        for _ in range(100):
            weights -= config["lr"] * x[:400].T @ (x[:400] @ weights - metres[:400]) / 400
        rmse = np.sqrt(np.mean((x[400:] @ weights - metres[400:]) ** 2))
        with TemporaryDirectory() as folder:
            joblib.dump((epoch + 1, weights), f"{folder}/state.joblib")
            tune.report({"val_rmse": rmse}, checkpoint=tune.Checkpoint.from_directory(folder))


SPACE = SearchSpace(
    name="tune_function",
    trainable=train,
    param_space={"degree": tune.grid_search([1, 3]), "lr": tune.grid_search([0.02, 0.1])},
    metric="val_rmse",
    mode="min",
    measures={"val_rmse": Measure(unit="m")},
)
