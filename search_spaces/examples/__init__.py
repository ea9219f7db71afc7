"""Studies of a user's own work, a file each, to run as they are or to copy and change.

Each file is written as a user writes one: it imports ``tune_app``, which the rest of this package
does not know.
"""

EXAMPLES = tuple(
    f"search_spaces.examples.{name}"
    for name in ("tune_function", "class_trainable", "rgb_cnn", "image_folder", "table")
)
"""Names of the modules, as ``--space`` takes them."""
