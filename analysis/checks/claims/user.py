"""A user's own claims: a Python file with a list ``CLAIMS``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from analysis.checks.claims.claim import Claim
from search_spaces.errors import UserError
from tune_app.study.python_file import run_python_file


def load_claims(path: Path) -> tuple[Claim, ...]:
    """Run a Python file and return the claims that it defines.

    Raises:
        UserError: there is no such file, it cannot be run, or ``CLAIMS`` is not a list of claims
            with different names.
    """
    module = run_python_file("--claims", path)
    return _checked(path, getattr(module, "CLAIMS", None))


def _checked(path: Path, claims: object) -> tuple[Claim, ...]:
    if not isinstance(claims, (list, tuple)) or not claims:
        raise UserError(
            f"--claims {path}: has no list CLAIMS; write CLAIMS = [Claim('my_claim', 'Adam is more "
            "accurate than SGD.', Higher('optimizer', 'adam', 'sgd'))]"
        )
    for number, claim in enumerate(claims):
        if not isinstance(claim, Claim):
            raise UserError(
                f"--claims {path}: CLAIMS[{number}] is a {type(claim).__name__}, not a Claim"
            )
    name, count = Counter(claim.name for claim in claims).most_common(1)[0]
    if count > 1:
        raise UserError(f"--claims {path}: two claims are named {name}; give each its own name")
    return tuple(claims)
