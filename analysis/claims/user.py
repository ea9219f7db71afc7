"""A user's own claims: a Python file with a list ``CLAIMS``."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path

from analysis.claims.claim import Claim
from search_spaces.errors import UserError


def load_claims(path: Path) -> tuple[Claim, ...]:
    """Return the claims of a Python file, which is run to define them.

    Raises:
        UserError: there is no such file, it cannot be run, or ``CLAIMS`` is not a list of claims
            with names of their own.
    """
    try:
        found = path.is_file()
    except OSError:  # a name that is too long, or a folder that must not be entered
        found = False
    if not found:
        raise UserError(f"--claims {path}: no such file")
    spec = importlib.util.spec_from_file_location(re.sub(r"\W", "_", path.stem), path)
    if spec is None or spec.loader is None:
        raise UserError(f"--claims {path}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"--claims {path}: {error}") from None
    except SyntaxError as error:
        raise UserError(f"--claims {path}: line {error.lineno}: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise UserError(f"--claims {path}: {type(error).__name__}: {error}") from None
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
