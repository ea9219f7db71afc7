"""Columns that evidence adds to the rows of a study or of a table: where each row is from.

A user's parameter or measure may be called ``source`` or ``num_train``. So these names begin with a
mark, and no column of a study's own is taken for one of them or replaced by it.
"""

SOURCE = "@source"
"""The study or table."""
RUN, RESULT = "@run", "@result"
"""Equal for rows that were read from the same training, and for rows that are the same result."""
FIRST_RUN, FIRST_RESULT = "@first_run", "@first_result"
"""Those of the first seed if the seed changes nothing but the times, else the row's own."""
NUM_TRAIN, NUM_VAL, NUM_TEST = "@num_train", "@num_val", "@num_test"
"""Images of each split; NaN if the number is unknown."""
NUM_EPOCHS = "@num_epochs"
"""Epochs that a published row was trained for; NaN if the number is unknown."""
TEST_SET = "@test_set"
"""Equal for rows that were tested on the same images; empty if unknown."""
PREDICTIONS = "@predictions"
"""The file with the predictions of test images, or None."""


def num_of(split: str | None) -> str:
    """Return the column with the number of images of a split."""
    return f"@num_{split}"
