"""The command line: arguments, messages, and what is printed."""
