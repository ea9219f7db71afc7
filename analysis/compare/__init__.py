"""Compare studies with the first of them: ``tune-app compare A B``, ``compare`` in a notebook.

``joined`` decides which rows belong together, ``pairs`` which of their differences are independent,
``verdict`` what follows from them. ``changes`` says what differs between the studies. ``document``
arranges all of it, and ``command`` prints and writes it.
"""
