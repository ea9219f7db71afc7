"""What pinning host memory does to time and accuracy."""

from __future__ import annotations

from analysis.frames.cells import counted
from analysis.frames.load import Study
from analysis.frames.tables import inert_axes
from analysis.render.document import Block, Paragraph, Section
from analysis.sections.levels import levels_table, nothing_to_compare


def pin_memory(study: Study, key: str) -> Section | None:
    """Return the effect of pin_memory on time and accuracy."""
    if "pin_memory" not in study.factors:
        return None
    repeated = inert_axes(study, with_result=True).get("pin_memory", 0)
    if repeated:
        text = (
            "pin_memory pins host memory for copies to a GPU and does nothing without one. "
            f"{counted(repeated, 'row')} without a GPU {'shares' if repeated == 1 else 'share'} "
            "the training of the row with the other value, so their accuracies are equal by "
            "construction and their times cannot be compared."
        )
        return Section("Effect of pin_memory", (Paragraph(text),))
    table = levels_table(study, "pin_memory", f"{key}-pin-memory")
    blocks: tuple[Block, ...] = (table,) if table else (nothing_to_compare(study, "pin_memory"),)
    return Section("Effect of pin_memory", blocks)
