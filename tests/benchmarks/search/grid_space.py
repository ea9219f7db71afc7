"""The grid of the race as a search space."""

from ray import tune

from search_spaces.space import SearchSpace
from tests.benchmarks.search.problem import EPOCHS, GRID, train

SPACE = SearchSpace(
    name="race_grid",
    trainable=train,
    prefix_axis="epochs",
    param_space={name: tune.grid_search(values) for name, values in GRID.items()}
    | {"epochs": EPOCHS},
)
