"""A class of Ray Tune: what does more training give a small network that reads digits?

tune-app run --space search_spaces.examples.class_trainable

A trial of 9 epochs also gives the row of 3; ``--check-sharing`` checks that this is exact.
"""

import joblib
from ray import tune
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from tune_app import SearchSpace


class Network(tune.Trainable):
    def setup(self, config):
        self.x, self.y = load_digits(return_X_y=True)
        self.net = MLPClassifier(config["width"], batch_size=20, random_state=config["seed"])

    def step(self):
        self.net.partial_fit(self.x[:1200], self.y[:1200], classes=range(10))
        return {"val_accuracy": self.net.score(self.x[1200:], self.y[1200:])}

    def save_checkpoint(self, folder):  # with the optimizer and the generator of random numbers
        joblib.dump(self.net, f"{folder}/net.joblib")

    def load_checkpoint(self, folder):
        self.net = joblib.load(f"{folder}/net.joblib")


SPACE = SearchSpace(
    name="class_trainable",
    trainable=Network,
    prefix_axis="epochs",
    param_space={"width": tune.grid_search([10, 50]), "epochs": tune.grid_search([3, 9])},
)
