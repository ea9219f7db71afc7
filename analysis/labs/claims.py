"""The claims of both lab reports."""

from analysis.checks.claims.claim import Claim
from analysis.labs.claims_a import CLAIMS as REPORT_A
from analysis.labs.claims_b import CLAIMS as REPORT_B

__all__ = ["PUBLISHED", "REPORT_A", "REPORT_B"]

PUBLISHED: tuple[Claim, ...] = (*REPORT_A, *REPORT_B)
"""Every claim of both lab reports."""
