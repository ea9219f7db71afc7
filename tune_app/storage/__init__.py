"""Where a study is kept: a local folder or a URL, its lock, and files written as a whole."""
