"""Find and check data sets, split them, and load batches of their images."""
