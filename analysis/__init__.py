"""From study directories to tables and reports.

``frames`` reads a study directory into tidy frames and derives others from them: means over seeds,
pairs of rows, picks. ``stats`` holds tests and intervals. ``sections`` arranges the frames into a
document, ``figures`` draws, and ``render`` writes the document as Markdown, HTML, PDF and LaTeX.
``checks`` judges claims and audits tables. ``labs`` holds what belongs to the two published lab
reports.

This package trains nothing and imports neither torch nor Ray. It never unpickles a file of a
results directory.
"""
