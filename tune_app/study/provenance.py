"""What a launch records about itself: code, packages, hardware and command."""

from __future__ import annotations

import platform
import re
import shlex
import socket
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from tune_app.study.command_name import command_name

PACKAGES = (
    "tune-app",
    "torch",
    "torchvision",
    "ray",
    "numpy",
    "scikit-learn",
    "scikit-learn-intelex",
    "pandas",
    "pyarrow",
    "thop",
)


def collect_provenance(argv: Sequence[str], gpus: Sequence[str] = ()) -> dict[str, Any]:
    """Return the facts that a launch records: commit, versions, hardware, command and host.

    Environment variables are not recorded, since they may hold secrets. Passwords and tokens in the
    command are masked.

    Args:
        argv: the words after the command's name.
        gpus: names of the machine's GPUs.
    """
    tracked = _git("ls-files", "--error-unmatch", Path(__file__).name)
    commit = _git("rev-parse", "HEAD") if tracked else None
    return {
        "git_commit": commit,
        "git_dirty": bool(_git("status", "--porcelain")) if commit else None,
        "python": platform.python_version(),
        "packages": {name: v for name in PACKAGES if (v := _version(name)) is not None},
        "hardware": {
            "cpu": _cpu_name(),
            "num_cpus": num_usable_cpus(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "gpus": list(gpus),
        },
        "command": command_line([without_secrets(word) for word in argv]),
        "host": socket.gethostname(),
    }


def command_line(argv: Sequence[str]) -> str:
    """Return the command that runs the study with these arguments, for a shell."""
    return " ".join([command_name("tune_app.run"), *map(shlex.quote, argv)])


def without_secrets(word: str) -> str:
    """Return words of a command with passwords in addresses and settings masked."""
    word = re.sub(r"(?<=://)\S*@", "***@", word)
    return re.sub(r"(?i)\b(\w*(?:token|password|passwd|secret|key))=[^&\s]+", r"\1=***", word)


def num_usable_cpus() -> int:
    """Return how many CPUs this process may use: its affinity, and its container's quota.

    A fraction of a CPU counts as a whole one.
    """
    import joblib

    return int(joblib.cpu_count())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """Return git's output for the checkout that this package runs from, or None outside one."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "-C", str(here), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
