"""Statistics of repeated and compared trainings, as functions on arrays.

``intervals`` has confidence intervals of one quantity. ``units`` tests a mean difference over the
means of seeds or over single pairs, ``shares`` how often one arm is better, both with the rule for
too few of them; ``sign_flips`` and ``holm`` are what they use. ``predictions`` compares two trained
models image by image. ``factorial`` splits the variance of a grid among its factors.
``two_samples`` compares means of samples that are not paired. ``budget`` estimates the gain from
more trials. ``aggregate`` joins the runs of several data sets. What a number of pairs can show is
in ``tune_app.study.power``.

Accuracies are fractions, and durations are in seconds. Functions that draw random numbers are
repeatable.
"""

from analysis.stats.aggregate import (
    interquartile_mean,
    performance_profile,
    stratified_interval,
)
from analysis.stats.budget import expected_best
from analysis.stats.factorial import factorial_effects
from analysis.stats.holm import holm
from analysis.stats.intervals import (
    Interval,
    mean_interval,
    proportion_interval,
)
from analysis.stats.predictions import (
    McNemar,
    image_error,
    mcnemar,
    mcnemar_bound,
    mcnemar_of_counts,
    mcnemar_smallest,
)
from analysis.stats.shares import Outperforming, outperforming
from analysis.stats.sign_flips import sign_flip, sign_flip_interval
from analysis.stats.two_samples import TwoSamples, two_samples
from analysis.stats.units import Units, units_of
from tune_app.study.power import fewest_pairs, smallest_difference, smallest_p_value

__all__ = [
    "Interval",
    "McNemar",
    "Outperforming",
    "TwoSamples",
    "Units",
    "expected_best",
    "factorial_effects",
    "fewest_pairs",
    "holm",
    "image_error",
    "interquartile_mean",
    "mcnemar",
    "mcnemar_bound",
    "mcnemar_of_counts",
    "mcnemar_smallest",
    "mean_interval",
    "outperforming",
    "performance_profile",
    "proportion_interval",
    "sign_flip",
    "sign_flip_interval",
    "smallest_difference",
    "smallest_p_value",
    "stratified_interval",
    "two_samples",
    "units_of",
]
