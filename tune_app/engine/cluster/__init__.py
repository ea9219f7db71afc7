"""What a study needs of a cluster of several machines, and files that describe such clusters."""
