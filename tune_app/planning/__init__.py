"""From the rows of a study to the trials of a launch: sharing, resources, order, estimates."""
