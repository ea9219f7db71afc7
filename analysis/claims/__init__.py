"""Claims about hyperparameters, hardware and models, and what the data say about them.

A ``Claim`` is data: a sentence, the rows it is about and the test that decides it. ``verdicts``
judges claims on the published tables they were drawn from and on studies; what both lab reports
claim is in ``PUBLISHED``. ``python -m analysis.claims`` prints verdicts, also on a user's own
claims.
"""

from analysis.claims.claim import Claim, Criterion
from analysis.claims.contrasts import Higher, LargerAt
from analysis.claims.evidence import Evidence, from_reference, from_study, pooled
from analysis.claims.families import BestOf
from analysis.claims.judge import ALPHA, judge, judge_all, judge_published, verdicts
from analysis.claims.margins import Same, Usually
from analysis.claims.outcome import VERDICTS, Outcome
from analysis.claims.picks import BestHas
from analysis.claims.ranges import LongerThan, RatioWithin
from analysis.claims.report_a import CLAIMS as REPORT_A
from analysis.claims.report_b import CLAIMS as REPORT_B
from analysis.claims.thresholds import GrowsFaster, MostRows
from analysis.claims.verdict import COLUMNS, Verdict, numbers_of, to_frame

PUBLISHED: tuple[Claim, ...] = (*REPORT_A, *REPORT_B)
"""Every claim of both lab reports."""

__all__ = [
    "ALPHA",
    "COLUMNS",
    "PUBLISHED",
    "REPORT_A",
    "REPORT_B",
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
