"""The trainables (a ResNet classifier, a support vector machine) and the context of a trial."""
