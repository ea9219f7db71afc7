"""The domains of the race as a search space."""

from ray import tune

from search_spaces.space import SearchSpace
from tests.benchmarks.search.problem import DOMAINS, EPOCHS, train

SPACE = SearchSpace(
    name="race",
    trainable=train,
    prefix_axis="epochs",
    param_space={name: getattr(tune, kind)(*rest) for name, (kind, *rest) in DOMAINS.items()}
    | {"epochs": EPOCHS},
)
