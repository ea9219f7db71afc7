"""A study as tidy frames, with its seeds joined and its rows paired."""
