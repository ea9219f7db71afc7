"""Published tables as tables to audit, with their printed digits and their statements."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.checks.audit.cells import last_digit
from analysis.checks.audit.table import MEASURED, SETTINGS, Table
from analysis.labs.reference import ReferenceTable, load_statements


def from_reference(reference: ReferenceTable) -> Table:
    """Return a published table with its printed digits and its statements."""
    frame, protocol = reference.frame, reference.protocol
    num_test = protocol.num_test if protocol.num_test is not None else np.nan
    statements = tuple(s for s in load_statements() if s.table == reference.name)
    compared = (str(s.arguments["factor"]) for s in statements if "factor" in s.arguments)
    return Table(
        name=reference.name,
        frame=frame,
        unit=_printed_units(reference),
        settings=tuple(column for column in frame if column in SETTINGS),
        num_test=np.full(len(frame), num_test, dtype=np.float64),
        protocol=protocol,
        statements=statements,
        averaging=protocol.averaging,
        compared=tuple(dict.fromkeys(compared)),
    )


_SCALE = {"percent": 1e-2, "fraction": 1.0, "s": 1.0, "ms": 1e-3, "M": 1e6, "1": 1.0}


def _printed_units(reference: ReferenceTable) -> pd.DataFrame:
    units = pd.DataFrame(index=reference.frame.index)
    for name in map(str, reference.frame.columns):
        if name not in MEASURED:
            continue
        own = reference.text[name].map(last_digit)
        how = reference.protocol.printed.get(name)
        if how is not None and how.decimals is not None:
            own = pd.Series(_SCALE[how.unit] * 10.0**-how.decimals, index=own.index)
        elif how is not None and how.significant is not None:
            magnitude = np.floor(np.log10(reference.frame[name].astype(float)))
            own = pd.Series(10.0 ** (magnitude - how.significant + 1), index=own.index)
        units[name] = own
    return units
