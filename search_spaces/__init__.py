"""The search spaces that ship with the project.

To add a space, write a module here that defines ``SPACE``, and add its name to ``SHIPPED``. The
modules are imported on demand, so that listing their names does not import Ray.
"""

from search_spaces.configuration import Configuration
from search_spaces.errors import UserError
from search_spaces.measure import Measure
from search_spaces.space import SearchSpace

__all__ = ["SHIPPED", "Configuration", "Measure", "SearchSpace", "UserError"]

SHIPPED = (
    *("q1a", "q1a_amp", "epochs", "pin_memory", "q1b", "svm_scaling", "q2"),
    *("q1a_search", "q1b_search"),
)
"""Names of the shipped spaces. Each is ``SPACE`` in the module ``search_spaces.<name>``."""
