"""What a report says only about studies of the models and data of the two lab reports.

No other study gets these sections, unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.frames.columns import levels
from analysis.frames.load import Study
from analysis.labs.cost_sentences import sentences
from analysis.labs.devices import devices
from analysis.labs.families import families
from analysis.labs.pin_memory import pin_memory
from analysis.labs.published import beside, claims
from analysis.labs.svm import kernels, scaling
from analysis.render.document import Block, Bullets, Paragraph, Section
from search_spaces.errors import one_line

_TRAINABLES = ("resnet", "svm")
_DATASETS = ("mnist", "fashion_mnist")
_NOTHING = "No claim and no published row of the two lab reports is about what these studies vary."


def is_of_labs(study: Study) -> bool:
    """Return whether a study trains the models of the lab reports on their data."""
    if study.is_own or study.meta["space"].get("trainable") not in _TRAINABLES:
        return False
    return "dataset" in study.rows and bool({*levels(study.rows, "dataset")} & {*_DATASETS})


def labs_appendix(studies: Mapping[str, Study], asked: bool | None = None) -> Section | None:
    """Return the sections on the studies of the lab reports' kind.

    Args:
        studies: name of its tables -> study.
        asked: True for all studies, False for none, None for those of the lab reports' kind.

    Returns:
        None if there is nothing to say, unless it was asked for.
    """
    chosen = {key: s for key, s in studies.items() if asked or (asked is None and is_of_labs(s))}
    if not chosen:
        return None
    parts = [_of_study(study, key) for key, study in chosen.items()]
    found = (*parts, families(chosen), claims(chosen), beside(chosen))
    sections = tuple(section for section in found if section is not None)
    blocks = () if sections else (Paragraph(_NOTHING),)
    return Section("The lab reports", blocks, sections) if sections or asked else None


def _of_study(study: Study, key: str) -> Section | None:
    texts = sentences(study)
    blocks: tuple[Block, ...] = (Bullets(tuple(texts)),) if texts else ()
    parts = (part(study, key) for part in (devices, kernels, scaling, pin_memory))
    sections = tuple(section for section in parts if section is not None)
    return Section(one_line(study.name), blocks, sections) if blocks or sections else None
