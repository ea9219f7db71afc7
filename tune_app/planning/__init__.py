"""The trials of a launch: which rows share one, their resources, their order, their cost."""
