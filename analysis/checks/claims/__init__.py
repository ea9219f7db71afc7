"""Judge claims about hyperparameters, hardware and models on data.

A ``Claim`` is data: a sentence, the rows it is about and the test that decides it. ``verdicts``
judges claims on the published tables they were drawn from and on studies. The claims of both lab
reports are in ``analysis.labs.claims``. ``python -m analysis.claims`` prints the verdicts on them,
or on a user's own claims.
"""

from analysis.checks.claims.claim import Claim, Criterion
from analysis.checks.claims.contrasts import Higher, LargerAt
from analysis.checks.claims.evidence import Evidence, from_study, pooled
from analysis.checks.claims.families import BestOf
from analysis.checks.claims.growth import GrowsFaster
from analysis.checks.claims.judge import ALPHA, judge, judge_all, judge_published, verdicts
from analysis.checks.claims.margins import Same, Usually
from analysis.checks.claims.outcome import VERDICTS, Outcome
from analysis.checks.claims.picks import BestHas
from analysis.checks.claims.published import from_reference
from analysis.checks.claims.ranges import LongerThan, RatioWithin
from analysis.checks.claims.thresholds import MostRows
from analysis.checks.claims.verdict import COLUMNS, Verdict, numbers_of, to_frame

__all__ = [
    "ALPHA",
    "COLUMNS",
    "VERDICTS",
    "BestHas",
    "BestOf",
    "Claim",
    "Criterion",
    "Evidence",
    "GrowsFaster",
    "Higher",
    "LargerAt",
    "LongerThan",
    "MostRows",
    "Outcome",
    "RatioWithin",
    "Same",
    "Usually",
    "Verdict",
    "from_reference",
    "from_study",
    "judge",
    "judge_all",
    "judge_published",
    "numbers_of",
    "pooled",
    "to_frame",
    "verdicts",
]
