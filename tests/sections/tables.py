"""Tables of a section, as tests ask for them."""

from __future__ import annotations

from analysis.render.document import Section, Table


def table_of(section: Section | None) -> Table:
    """Return the first table of a section."""
    assert section is not None
    return next(block for block in section.blocks if isinstance(block, Table))
