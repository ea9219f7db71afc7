"""The child process that builds reports: ``python -m analysis.serve.builder DESCRIPTOR``.

It gets the options of the reports and then one place of a study after another. It answers each with
the report, or with the reason why there is none.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
from multiprocessing.connection import Connection

from analysis.frames.copies import study_store
from analysis.render.writing import report_html
from search_spaces.errors import UserError, one_line
from tune_app.storage.store import StudyStore

_KILLED_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of prctl(2)."""


def answer(connection: Connection) -> None:
    """Build the reports that are asked for, until the connection is closed.

    The copy of a study at a URL is kept, so that only changed files are fetched again.
    """
    options = connection.recv()
    stores: dict[str, StudyStore] = {}
    while True:
        place = connection.recv()
        try:
            store = stores.setdefault(place, study_store(place))
            found: bytes | str = report_html(store, **options).encode(errors="backslashreplace")
        except UserError as error:
            found = str(error)
        except Exception as error:  # a defect of the report must not end the server
            found = one_line(f"{place}: no report ({type(error).__name__}: {error})")
        connection.send(found)


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):  # not Linux: it ends after its report
        ctypes.CDLL(None).prctl(_KILLED_WITH_PARENT, signal.SIGKILL)
    with contextlib.suppress(EOFError, ConnectionError):
        answer(Connection(int(sys.argv[1])))
