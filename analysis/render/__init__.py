"""Write one document as HTML, PDF, Markdown and LaTeX."""
