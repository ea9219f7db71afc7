"""From study directories to tables and reports.

``frames`` reads a study directory into tidy frames and computes others: seeds joined, pairs, picks.
``stats`` holds tests and intervals, on arrays. ``sections`` arranges frames into a document with
the drawings of ``figures``, and ``render`` writes it as Markdown, HTML, PDF and LaTeX. ``checks``
judges claims and audits tables; ``labs`` holds what belongs to the two published lab reports.
Nothing here trains, imports torch or starts Ray, and nothing read from a results directory is ever
unpickled.
"""
