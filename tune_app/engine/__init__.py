"""Execute planned trials on Ray. Only this package uses Ray's cluster and Tune."""
