"""The files that describe clusters are valid and agree with this project.

The Kubernetes manifest is checked against the fields written down here (of KubeRay 1.6's RayJob and
of Kubernetes' pods), not against an operator: none is needed to run the tests.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tune_app.cli.run_parser import build_parser

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "tune_app" / "engine" / "cluster" / "deploy"
CONSTRAINTS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line
)


def fields(*, needed: str = "", **allowed: Any) -> dict[str, Any]:
    """Return the schema of an object that has no other fields."""
    return {
        "type": "object",
        "properties": allowed,
        "required": needed.split(),
        "additionalProperties": False,
    }


def items(schema: Any) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": schema}


TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
WORDS = {"type": "object", "additionalProperties": TEXT}
QUANTITY = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|[KMGT]i?)?$"}
AMOUNTS = {"type": "object", "additionalProperties": QUANTITY}
CONTAINER = fields(
    needed="name image resources",
    name=TEXT,
    image=TEXT,
    env=items(fields(needed="name value", name=TEXT, value=TEXT)),
    securityContext=fields(allowPrivilegeEscalation=FLAG, capabilities=fields(drop=items(TEXT))),
    resources=fields(needed="requests limits", requests=AMOUNTS, limits=AMOUNTS),
    volumeMounts=items(fields(needed="name mountPath", name=TEXT, mountPath=TEXT)),
)
VOLUME = fields(
    needed="name",
    name=TEXT,
    persistentVolumeClaim=fields(needed="claimName", claimName=TEXT),
    emptyDir=fields(medium={"const": "Memory"}, sizeLimit=QUANTITY),
)
POD = fields(
    needed="containers volumes",
    automountServiceAccountToken=FLAG,
    securityContext=fields(
        runAsNonRoot=FLAG,
        runAsUser=NUMBER,
        fsGroup=NUMBER,
        seccompProfile=fields(type={"const": "RuntimeDefault"}),
    ),
    containers=items(CONTAINER),
    volumes=items(VOLUME),
)
GROUP: dict[str, Any] = {
    "rayStartParams": WORDS,
    "template": fields(needed="spec", spec=POD),
}
RAY_JOB = fields(
    needed="apiVersion kind metadata spec",
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=fields(generateName=TEXT),
    spec=fields(
        needed="entrypoint rayClusterSpec",
        entrypoint=TEXT,
        shutdownAfterJobFinishes=FLAG,
        ttlSecondsAfterFinished=NUMBER,
        backoffLimit=NUMBER,
        rayClusterSpec=fields(
            needed="rayVersion authOptions headGroupSpec workerGroupSpecs",
            rayVersion=TEXT,
            authOptions=fields(needed="mode", mode={"const": "token"}),
            headGroupSpec=fields(needed="rayStartParams template", **GROUP),
            workerGroupSpecs=items(
                fields(
                    needed="groupName replicas minReplicas maxReplicas rayStartParams template",
                    groupName=TEXT,
                    replicas=NUMBER,
                    minReplicas=NUMBER,
                    maxReplicas=NUMBER,
                    **GROUP,
                )
            ),
        ),
    ),
)


def manifests() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the volume claim and the job."""
    claim, job = (
        yaml.safe_load((DEPLOY / name).read_text())
        for name in ("studies-claim.yaml", "rayjob.yaml")
    )
    return claim, job


def pods(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        yield group["template"]["spec"]


def storage_of(command: list[str]) -> Path:
    """Return the storage path of a command line, which has to be one that this project takes."""
    assert command[:3] == ["python", "-m", "tune_app.run"]
    args = build_parser().parse_args(command[3:])
    assert args.address and args.storage_path and args.space == "q1a"
    return Path(args.storage_path)


def test_ray_takes_the_cluster_file() -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text())
    prepared = prepare_config(config)
    validate_config(prepared)
    [node_type] = prepared["available_node_types"].values()
    assert node_type["min_workers"] == len(config["provider"]["worker_ips"]) == 2
    for role in ("head", "worker"):
        [command] = [c for c in config[f"{role}_start_ray_commands"] if "ray start" in c]
        assert "RAY_AUTH_MODE=token ray start" in command and "\n" not in command
    with pytest.raises(jsonschema.ValidationError):
        validate_config({**prepared, "max_wrokers": 2})


def test_the_kubernetes_job_has_only_known_fields() -> None:
    claim, job = manifests()
    jsonschema.validate(job, RAY_JOB)
    assert claim["kind"] == "PersistentVolumeClaim"
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"], "every node writes"
    assert job["spec"]["backoffLimit"] == 0, "exit status 3 fails the job, on every new cluster"


def test_every_pod_reaches_the_study_and_asks_for_what_it_may_use() -> None:
    claim, job = manifests()
    storage = storage_of(shlex.split(job["spec"]["entrypoint"]))
    images = set()
    for pod in pods(job):
        [container] = pod["containers"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert mounts.keys() == volumes.keys()
        [name] = [name for name, path in mounts.items() if Path(path) == storage]
        assert volumes[name]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert mounts["shared-memory"] == "/dev/shm"  # noqa: S108
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert pod["securityContext"]["runAsNonRoot"]
        images.add(container["image"])
    assert len(images) == 1, "one image, one version of everything"


def test_replicas_and_versions_agree() -> None:
    _, job = manifests()
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["rayVersion"] == CONSTRAINTS["ray"]
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    [base] = re.findall(r"^FROM (\S+)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert base == f"docker.io/rayproject/ray:{CONSTRAINTS['ray']}-py311"


def test_the_image_is_built_from_files_that_exist() -> None:
    copied = re.findall(r"^COPY \S+ (.+) \S+$", (DEPLOY / "Containerfile").read_text(), re.M)
    names = [name for line in copied for name in line.split()]
    assert {"pyproject.toml", "tune_app", "search_spaces", "constraints.txt"} <= set(names)
    assert all((ROOT / name).exists() for name in names)


def test_the_readme_names_every_file() -> None:
    text = (DEPLOY / "README.md").read_text()
    named = set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))
    assert named == {path.name for path in DEPLOY.iterdir()} - {"README.md"}
