"""The report as a local web page that follows a study while it runs."""
