"""What the scripts and commands that start clusters run, with stand-ins for Slurm's and Ray's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.engine.cluster.test_deploy import DEPLOY, ROOT, storage_of
from tune_app.cli.run_parser import build_parser


def stub(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """Return a folder with stand-ins for Slurm's commands and Ray's, which writes what it is given.

    ``srun`` runs its command here: as a cluster of one node would.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    stub(folder, "scontrol", 'echo "$3"')
    srun = f'echo "$*" >> {tmp_path}/srun.txt\nwhile [[ $1 == --* ]]; do shift; done\nexec "$@"'
    stub(folder, "srun", srun)
    stub(folder, "hostname", f'cat "{tmp_path}/$1"')
    (tmp_path / "--ip-address").write_text("192.0.2.7 2001:db8::7 \n")
    (tmp_path / "--all-ip-addresses").write_text("192.0.2.8 \n")
    said = '"$RAY_AUTH_MODE" "$PWD" "$RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT" "$@"'
    stub(folder, "ray", f'printf "%s\\n" {said} > {tmp_path}/ray.txt')
    return folder


def run_script(name: str, commands: Path, *words: str, **variables: str) -> str:
    done = subprocess.run(
        ["bash", str(DEPLOY / name), *words],
        env={"PATH": f"{commands}:{Path(sys.executable).parent}:{os.defpath}", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode == 0) == (not done.stderr), done.stderr
    return done.stderr


def submit_to_slurm(tmp_path: Path, commands: Path) -> str:
    """Run the script as Slurm would on two nodes; return what it says on failing."""
    (tmp_path / "bin" / "activate").touch()
    slurm = {"SLURM_JOB_NODELIST": "n1", "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_ID": "50001"}
    variables = {**slurm, "SLURM_CPUS_PER_TASK": "16", "STUDIES": "/shared/my studies"}
    return run_script("study.sbatch", commands, "--space", "q1a", VENV=str(tmp_path), **variables)


def test_the_slurm_script_starts_a_cluster_for_the_study(tmp_path: Path, commands: Path) -> None:
    submit_to_slurm(tmp_path, commands)
    mode, _, patience, *words = (tmp_path / "ray.txt").read_text().splitlines()
    assert mode == "token" and int(patience) >= 600
    start, command = words[: words.index("--")], words[words.index("--") + 1 :]
    address = "192.0.2.7:30001"
    assert start == [
        *("symmetric-run", "--address", address, "--min-nodes", "2", "--num-cpus=16"),
    ]
    assert storage_of(command) == Path("/shared/my studies")
    assert build_parser().parse_args(command[3:]).address == address
    [step] = [s for s in (tmp_path / "srun.txt").read_text().splitlines() if "symmetric-run" in s]
    assert "--cpus-per-task=16" in step.split(), "srun does not inherit it"
    assert "set STUDIES" in run_script("study.sbatch", commands, VENV=str(tmp_path))


@pytest.mark.parametrize(
    ("named", "all_of_them", "taken"),
    [
        ("127.0.1.1", "192.0.2.8 2001:db8::8", "192.0.2.8"),
        ("127.0.1.1 192.0.2.7", "192.0.2.8", "192.0.2.7"),
        ("::1 fe80::7", "2001:db8::8", "2001:db8::8"),
    ],
)
def test_the_slurm_script_takes_an_address_that_other_nodes_reach(
    tmp_path: Path, commands: Path, named: str, all_of_them: str, taken: str
) -> None:
    (tmp_path / "--ip-address").write_text(named)
    (tmp_path / "--all-ip-addresses").write_text(f"\n{all_of_them} \n")
    submit_to_slurm(tmp_path, commands)
    words = (tmp_path / "ray.txt").read_text().splitlines()
    assert words[words.index("--address") + 1] == f"{taken}:30001"
    (tmp_path / "--all-ip-addresses").write_text("")
    (tmp_path / "--ip-address").write_text("127.0.1.1")
    assert submit_to_slurm(tmp_path, commands) == (
        "error: n1 has no address that other nodes reach\n"
    )


def test_a_job_is_submitted_with_the_code_of_the_checkout(tmp_path: Path, commands: Path) -> None:
    run_script("submit_job.sh", commands, "--space", "q1a", STUDIES="/shared/my studies")
    mode, folder, _, *words = (tmp_path / "ray.txt").read_text().splitlines()
    assert mode == "token" and Path(folder) == ROOT
    start, command = words[: words.index("--")], words[words.index("--") + 1 :]
    assert start == ["job", "submit", "--no-wait", "--working-dir", "."]
    assert storage_of(command) == Path("/shared/my studies")
    assert "set STUDIES" in run_script("submit_job.sh", commands)
    for relative in ("studies", "./studies", "~/studies"):
        said = run_script("submit_job.sh", commands, STUDIES=relative)
        assert said == f"error: STUDIES={relative}: set it to an absolute path or a URL\n"
    run_script("submit_job.sh", commands, STUDIES="s3://bucket/studies")
    copy = tmp_path / "a" / "b" / "c" / "submit_job.sh"
    copy.parent.mkdir(parents=True)
    shutil.copy(DEPLOY / copy.name, copy)
    assert "is no checkout" in run_script(str(copy), commands, STUDIES="/shared")


def test_a_machine_with_a_low_limit_of_open_files_starts_ray(tmp_path: Path) -> None:
    config = yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text())
    (tmp_path / "activate").touch()
    stub(tmp_path, "ray", 'echo "$(ulimit -n) $RAY_AUTH_MODE $*"')
    for role in ("head", "worker"):
        [command] = [c for c in config[f"{role}_start_ray_commands"] if "ray start" in c]
        script = command.replace("/mnt/studies/venv/bin/activate", str(tmp_path / "activate"))
        done = subprocess.run(
            ["bash", "-c", f"ulimit -Sn 500; ulimit -Hn 900; {script}"],
            env={"PATH": f"{tmp_path}:{os.defpath}"},
            capture_output=True,
            text=True,
            check=False,
        )
        limit, *words = done.stdout.split()
        assert int(limit) in (900, 65536), "as much as may be: root may more"
        assert words[:2] == ["token", "start"], done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("name", ["study.sbatch", "submit_job.sh"])
def test_shellcheck_finds_nothing(name: str) -> None:
    done = subprocess.run(
        ["shellcheck", str(DEPLOY / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
