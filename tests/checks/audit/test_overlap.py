from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.checks.audit.evidence import Evidence
from analysis.checks.audit.overlap import check_images
from analysis.checks.audit.study import audit_study
from search_spaces.errors import UserError
from tests.checks.audit.tables import table
from tests.saved_predictions import sample_study
from tune_app.data.sources import SAMPLE_FOLDER
from tune_app.study.fingerprint import data_fingerprint
from tune_app.study.splits import split_indices


def test_a_study_was_tested_on_the_images_it_names(tmp_path: Path) -> None:
    audit = audit_study(sample_study(tmp_path / "good"), SAMPLE_FOLDER)
    assert [f for f in audit.findings if f.severity != "note"] == []


def test_other_test_images_are_found(tmp_path: Path) -> None:
    study = sample_study(tmp_path / "bad", shift=1)
    assert audit_study(study).findings == ()
    (finding,) = audit_study(study, SAMPLE_FOLDER).findings
    assert (finding.rule, finding.severity, finding.rows) == ("overlap", "error", (0,))


def idx(path: Path, items: Any) -> str:
    """Write an IDX file and return its checksum."""
    import hashlib

    shape = items.shape
    header = bytes((0, 0, 8, len(shape))) + b"".join(n.to_bytes(4, "big") for n in shape)
    path.write_bytes(header + items.tobytes())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_equal_pixels_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.frames.split.PART_SIZES", {"t10k": 200})
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28)).astype(np.uint8)
    labels = np.tile(np.arange(10, dtype=np.uint8), 20)
    test = split_indices(labels, 0)[2]
    others = np.setdiff1d(np.arange(200), test)
    images[test[:3]] = images[others[:3]]
    names = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    sums = {n: idx(tmp_path / n, a) for n, a in zip(names, (images, labels), strict=True)}
    data = {"split_seed": 0, "num_images": None, "datasets": {"mnist": {"sha256": sums}}}
    rows = table(dataset=["mnist"], lr=[1])
    (finding,) = check_images(rows, data, tmp_path, Evidence(["k"], [None], [None]))
    assert finding.severity == "serious" and "3 of 40 test images (7.50 %)" in finding.evidence


def test_missing_images_are_a_users_mistake(tmp_path: Path) -> None:
    study = sample_study(tmp_path / "good")
    with pytest.raises(UserError, match="no t10k-images-idx3-ubyte of 'mnist'"):
        audit_study(study, tmp_path)
    meta = (study / "study.json").read_text().replace('"split_seed": 0', '"split_seed": null')
    (study / "study.json").write_text(meta)
    fingerprint = data_fingerprint(json.loads(meta)["data"], "mnist")
    for params in study.glob("tune/*/*/params.json"):
        content = json.loads(params.read_text())
        content["plan"]["data"] = fingerprint
        params.write_text(json.dumps(content))
    with pytest.raises(UserError, match="does not say how"):
        audit_study(study, SAMPLE_FOLDER)


def test_of_several_splits_the_one_with_most_equal_images_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.frames.split.PART_SIZES", {"t10k": 200})
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28)).astype(np.uint8)
    images[100:110] = images[:10]
    labels = np.tile(np.arange(10, dtype=np.uint8), 20)
    copies = {n: n + 100 for n in range(10)} | {n + 100: n for n in range(10)}
    equal = {}
    for seed in (0, 1, 2):
        test = {*split_indices(labels, seed)[2].tolist()}
        equal[seed] = sum(n in copies and copies[n] not in test for n in test)
    most = max(equal, key=equal.__getitem__)
    assert len(set(equal.values())) > 1, "else any would do"
    names = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    sums = {n: idx(tmp_path / n, a) for n, a in zip(names, (images, labels), strict=True)}
    data = {"split_seed": 0, "num_images": None, "vary_split": True}
    data["datasets"] = {"mnist": {"sha256": sums}}
    rows = table(dataset=["mnist"] * 3, lr=[1] * 3, seed=[0, 1, 2])
    evidence = Evidence(["k"] * 3, [None] * 3, [None] * 3)
    (finding,) = check_images(rows, data, tmp_path, evidence)
    assert finding.evidence.startswith(f"{equal[most]} of 40 test images")
    assert f"at seed {most}, the most of 3 splits" in finding.evidence
