"""Compare studies with the first of them: ``tune-app compare A B``.

``joined`` decides which rows belong together, ``pairs`` which of their differences are independent,
``verdict`` what follows from them. ``changes`` says what differs between the studies. ``document``
arranges all of it, and ``command`` prints and writes it. In a notebook, ``compare_studies`` returns
the comparisons as data.
"""

from analysis.compare.result import Comparison, compare_studies

__all__ = ["Comparison", "compare_studies"]
