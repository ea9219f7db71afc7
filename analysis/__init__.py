"""From study directories to tables and reports.

``load`` reads a study directory into tidy frames and ``select`` picks configurations on validation
metrics. ``tables``, ``matched``, ``summary``, ``confusions`` and ``scaling`` compute frames;
``sections`` arranges them into a ``document`` with the drawings of ``figures``; ``markdown``,
``html``, ``pdf`` and ``tex`` render it; ``report`` decides what is written where. Nothing here
trains, imports torch or starts Ray, and nothing read from a results directory is ever unpickled.
"""
