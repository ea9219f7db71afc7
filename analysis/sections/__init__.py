"""The parts of the report. Each says what a study must have for it to apply."""
