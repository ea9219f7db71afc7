"""Names that no parameter of a search space may have, and which of them a metric may have."""

OF_TUNE = (
    *("training_iteration", "timestamp", "date", "done", "pid", "hostname", "node_ip", "config"),
    *("time_this_iter_s", "time_total_s", "time_since_restore", "iterations_since_restore"),
    *("should_checkpoint", "checkpoint_dir_name", "experiment_id", "experiment_tag", "trial_id"),
    *("episodes_total", "timesteps_total", "timesteps_since_restore"),
)
"""What Ray Tune adds to every result."""
RESERVED = (
    # what a row, its trial and its result are known by
    *("seed", "config_id", "trial_key", "name", "plan", "launch", "launches", "code"),
    *("epoch", "milestone", "last_milestone", "status", "reason", "shared_with", "same_as"),
    *("num_epochs", "num_rows", "num_threads", "num_concurrent_trials", "warm_up", "waited_share"),
    *("predictions_file", "checkpoint_note", "weights_note", "report_note"),
    # columns of the tables
    *("id", "set", "key", "value", "difference", "selection_gap", "num_seeds", "num_planned"),
    *("num_candidates", "num_at_fewer_seeds", "time_ratio", "time_problem", "tune_seconds"),
    *OF_TUNE,
)
"""Names in a study's files and tables that no parameter may have."""
ALLOWED_METRICS = ("value", "difference")
"""The reserved names that a measure may have: no row has them for something else."""
RESERVED_PREFIXES = ("train_", "val_", "test_")
"""Prefixes of reported quantities, with which no parameter's name may begin."""
