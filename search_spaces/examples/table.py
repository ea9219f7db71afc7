"""A table of pandas and a model of scikit-learn: how should boosting find tumours?

tune-app run --space search_spaces.examples.table
"""

from ray import tune
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss

from tune_app import ArrayData, SearchSpace


def load():
    return ArrayData.from_frame(load_breast_cancer(as_frame=True).frame, target="target")


def train(config, data):
    model = HistGradientBoostingClassifier(
        learning_rate=config["rate"], max_leaf_nodes=config["leaves"], random_state=config["seed"]
    )
    model.fit(data.train.inputs, data.train.labels)
    row = {"num_test": len(data.test)}
    for name, part in (("val", data.val), ("test", data.test)):
        row[f"{name}_log_loss"] = log_loss(part.labels, model.predict_proba(part.inputs))
        row[f"{name}_accuracy"] = model.score(part.inputs, part.labels)
    tune.report(row)


SPACE = SearchSpace(
    name="table",
    trainable=train,
    datasets={"tumours": load},
    param_space={"rate": tune.grid_search([0.03, 0.3]), "leaves": tune.grid_search([4, 31])},
    metric="val_log_loss",
    mode="min",
)
