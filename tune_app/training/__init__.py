"""What a trial trains: the classifier, the support vector machine, and the context they run in."""
