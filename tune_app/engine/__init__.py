"""The execution of planned trials on Ray: the only room that knows Ray's cluster and Tune."""
