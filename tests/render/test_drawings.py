"""Figures drawn in several processes are the figures drawn in one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from analysis.figures.style import canvas
from analysis.render import drawings
from analysis.render.document import Figure
from analysis.render.drawings import Drawings

SCRIPT = """
from pathlib import Path
from tests.render.test_drawings import line
from analysis.render import drawings
from analysis.render.drawings import Drawings
import os, sys
drawings.os.sched_getaffinity = lambda pid: {0, 1}
figures = [line(number, Path(sys.argv[1])) for number in range(6)]
at_once, alone = Drawings(figures), Drawings()
print(sorted(at_once._drawn) == [figure.name for figure in figures])
print(str(os.getpid()) in os.listdir(sys.argv[1]), len(os.listdir(sys.argv[1])))
same = [(at_once.svg(f), at_once.png(f)) == (alone.svg(f), alone.png(f)) for f in figures]
print(same, len({at_once.png(f) for f in figures}))
"""


def line(number: int, folder: Path | None = None) -> Figure:
    """Return a figure that leaves a file named after the process that draws it."""
    import os

    def draw() -> object:
        if folder is not None:
            (folder / str(os.getpid())).touch()
        with canvas(1, 1, 2.0) as (figure, [[axes]]):
            axes.plot([0, 1, 2], [0, number, 1], label="x")
        return figure

    return Figure(f"line-{number}", "A line.", "A line.", draw)  # type: ignore[arg-type]


def test_all_cores_draw_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    done = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    named, processes, same = done.stdout.splitlines()
    assert named == "True"
    assert processes in ("False 1", "False 2"), "others drew than the one that asked"
    assert same == f"{[True] * 6} 6"


def test_a_process_with_threads_is_not_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not drawings._may_fork()
        figures = [line(number) for number in range(6)]
        drawn = Drawings(figures)
        assert not drawn._drawn, "each is drawn when it is asked for"
        assert drawn.svg(figures[0]).startswith("<?xml") and list(drawn._drawn) == ["line-0"]
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    "rc", ["", "lines.linestyle: --\naxes.xmargin: 0.3\nxtick.major.size: 9\n"]
)
def test_the_users_settings_of_matplotlib_do_not_matter(tmp_path: Path, rc: str) -> None:
    (tmp_path / "matplotlibrc").write_text(rc)
    script = (
        "import hashlib\nfrom tests.render.test_drawings import line\n"
        "from analysis.render.drawings import Drawings\n"
        "from analysis.render.pdf import _fonts\nassert _fonts().is_dir()\n"
        "d = Drawings(); print(d.svg(line(2)), hashlib.sha256(d.png(line(2))).hexdigest())"
    )
    own = {"MPLBACKEND": "nonsense", "MATPLOTLIBRC": str(tmp_path)}
    clean = {k: v for k, v in os.environ.items() if k not in own}
    clean["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    said = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder,
            env=clean | settings,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for folder, settings in ((tmp_path.parent, {}), (tmp_path, own))
    ]
    assert said[0] == said[1] and "<svg" in said[0]
