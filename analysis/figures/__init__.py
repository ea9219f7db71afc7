"""The figures of the report: each function draws frames of ``analysis`` and computes nothing.

``style`` holds the one look of all; matplotlib is imported when the first figure is drawn.
"""
