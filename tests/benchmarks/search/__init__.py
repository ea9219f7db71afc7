"""A race of searches: ours against what people use, on one training function and two cores."""
