"""Studies from Python: ``run_study`` and ``load_study``, for scripts and notebooks."""
