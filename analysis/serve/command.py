"""``tune-app report STUDY --serve``: serve the reports of studies until Ctrl-C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.serve.access import Access
from analysis.serve.processes import ReportBuilder
from analysis.serve.server import ADDRESS, LiveServer, Site
from analysis.serve.studies import ServedStudies
from analysis.serve.watching import Watch
from tune_app.storage.output import print_text


def serve(places: Sequence[str], port: int, options: Mapping[str, Any]) -> None:
    """Serve the reports of studies until Ctrl-C. The address is printed.

    Args:
        places: paths and URLs of studies, and folders with studies in them.
        port: the port; 0 for a free one.
        options: the keyword arguments of :func:`analysis.render.writing.report_html`.

    Raises:
        UserError: a place is no study, or the port cannot be used.
    """
    with Watch(ReportBuilder(options)) as watch:
        studies = ServedStudies(places, watch.follow)
        with LiveServer(port) as server:
            access = Access(server.port)
            server.site = Site(studies, access)
            studies.all()  # begins to follow them
            address = f"http://{ADDRESS}:{server.port}/?token={access.token}"
            print_text(f"report: {address}")
            print_text("Open it on this machine; from another one through ssh:")
            print_text(f"  ssh -L {server.port}:{ADDRESS}:{server.port} THIS_MACHINE")
            print_text("Ctrl-C ends the server.")
            try:
                server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                return
