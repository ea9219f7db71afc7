"""Draw the figures of the report from frames.

``style`` holds the look that all figures share. Matplotlib is imported when the first figure is
drawn.
"""
