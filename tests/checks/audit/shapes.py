"""Honest tables of every shape, as files: what people write, with the noise that runs have.

Each function returns the text of a file and what its user would state about it.
"""

from __future__ import annotations

from tests.checks.audit.shapes_of_grids import SHAPES_OF_GRIDS
from tests.checks.audit.shapes_of_lists import SHAPES_OF_LISTS
from tests.checks.audit.shapes_of_logs import SHAPES_OF_LOGS
from tests.checks.audit.writing import Shape

SHAPES: dict[str, Shape] = {
    shape.__name__: shape for shape in (*SHAPES_OF_GRIDS, *SHAPES_OF_LISTS, *SHAPES_OF_LOGS)
}
