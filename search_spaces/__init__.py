"""The search spaces that ship with the project.

Adding a space is one file here that defines ``SPACE`` and one name in ``SHIPPED``. The modules are
imported on demand, so that naming a space does not import Ray.
"""

from search_spaces.configuration import Configuration
from search_spaces.errors import UserError
from search_spaces.space import SearchSpace

__all__ = ["SHIPPED", "Configuration", "SearchSpace", "UserError"]

SHIPPED = ("q1a", "q1a_amp", "epochs", "pin_memory", "q1b", "svm_scaling", "q2")
"""Names of the shipped spaces; each is the module ``search_spaces.<name>`` with a ``SPACE``."""
