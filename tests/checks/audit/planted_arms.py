"""Planted: arms and settings that are copies of others, altered, coarser, round or confounded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.checks.audit.columns import Options
from tests.checks.audit.planting import ACC, NUM_TEST, TIME, copied, plant, run, small_grid, written
from tests.checks.audit.writing import Floats, Rng, accuracies, crossed, file_of, printed

for _share in (1.0, 0.5, 0.25):
    _named = {1.0: "all", 0.5: "half of", 0.25: "a quarter of"}[_share]

    @plant(f"{_named} an arm's accuracies are another's", "tied_accuracies")
    def tied(rng: Rng, share: float = _share) -> tuple[str, Options]:
        return written(rng, copied(rng, run(rng), ACC, lambda values: values, share))

    @plant(f"{_named} an arm's accuracies are another's minus 1.00", "altered_copy")
    def minus_one(rng: Rng, share: float = _share) -> tuple[str, Options]:
        return written(rng, copied(rng, run(rng), ACC, lambda values: values - 1.0, share))

    @plant(f"{_named} an arm's times are another's", "tied_times")
    def same_times(rng: Rng, share: float = _share) -> tuple[str, Options]:
        return written(rng, copied(rng, run(rng), TIME, lambda values: values, share))

    @plant(f"{_named} an arm's times are another's with a leading digit altered", "altered_copy")
    def digit(rng: Rng, share: float = _share) -> tuple[str, Options]:
        def change(values: Floats) -> Floats:
            return values + 10.0 ** np.floor(np.log10(values)) * rng.integers(1, 4, len(values))

        return written(rng, copied(rng, run(rng), TIME, change, share))


@plant("two devices have one set of accuracies", "tied_accuracies")
def one_set(rng: Rng) -> tuple[str, Options]:
    plan = crossed(
        {"Device": ["CPU", "GPU"], "Optimizer": ["SGD", "Adam"], "LR": [0.1, 0.01, 1e-3]}
    )
    frame = run(rng, plan)
    values = frame[ACC].to_numpy(float)
    return written(rng, frame.assign(**{ACC: np.tile(values[: len(values) // 2], 2)}))


for _lost in (30, 10, 3):

    @plant(f"{_lost} of 128 rows have the settings of others", "repeated_settings")
    def repeated(rng: Rng, lost: int = _lost) -> tuple[str, Options]:
        levels = {f"Factor {i}": [0, 1] for i in range(7)}
        frame = crossed(levels).astype(object)
        frame.iloc[rng.permutation(128)[:lost]] = frame.iloc[rng.integers(0, 128, lost)].to_numpy()
        acc = printed(100 * accuracies(rng, frame, NUM_TEST), 2)
        return file_of(rng, frame.assign(acc=acc)), Options({}, num_test=NUM_TEST)


for _images in (2000, 1000, 200):

    @plant(f"one model was tested on {_images:,} images of 10,000", "coarser_digits")
    def smaller(rng: Rng, images: int = _images) -> tuple[str, Options]:
        frame = run(rng)
        values = frame[ACC].to_numpy(float)
        values = np.where(
            frame["Model"] == "ResNet-50", np.rint(values * images / 100) * 100 / images, values
        )
        return written(rng, frame.assign(**{ACC: values}))


@plant("one arm's times are round hundreds of seconds", "round_times")
def rounded(rng: Rng) -> tuple[str, Options]:
    frame = run(rng)
    time = frame[TIME].to_numpy(float)
    return written(
        rng,
        frame.assign(
            **{TIME: np.where(frame["Model"] == "ResNet-50", 1e5 * np.ceil(time / 1e5), time)}
        ),
    )


@plant("two settings never vary apart", "confounded")
def together(rng: Rng) -> tuple[str, Options]:
    plan = small_grid().drop(columns="Epochs")
    plan.insert(0, "Pin Memory", plan["LR"].map({0.01: "yes", 0.001: "no"}))
    return written(rng, run(rng, plan))


@plant("times are of one epoch, not of all", "time_per_epoch")
def one_epoch(rng: Rng) -> tuple[str, Options]:
    frame = run(rng)
    return written(rng, frame.assign(**{TIME: frame[TIME] / frame["Epochs"]}))


@plant("one time of 32 is that of a busy machine, twice as long", "time_outliers")
def busy(rng: Rng) -> tuple[str, Options]:
    frame = run(rng, small_grid().merge(pd.DataFrame({"Seed": [0, 1, 2]}), how="cross"))
    factor = np.ones(len(frame))
    factor[int(rng.integers(len(frame)))] = 2
    return written(rng, frame.assign(**{TIME: frame[TIME] * factor}))
