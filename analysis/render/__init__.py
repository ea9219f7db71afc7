"""One document as HTML, PDF, Markdown and LaTeX."""
