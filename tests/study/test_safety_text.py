"""What leaves in text: no secret into study.json, no markup into the report, no open dashboard."""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.render.markdown import escape
from analysis.report import main as report
from tests.studies import (
    launch_json,
    line,
    resnet_config,
    study_json,
    write_study,
    write_trial,
)
from tune_app.engine import connection
from tune_app.study.provenance import collect_provenance, command_line


def test_secrets_stay_out_of_study_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "RAY_AUTH_TOKEN", "SOME_VARIABLE"):
        monkeypatch.setenv(name, "hunter2-value")
    words = ["--address", "ray://user:hunter2@p@host:10001", "--data", "/mnt/x?token=hunter2&a=1"]
    words += ["--storage-path=https://hunter2@host/x", "--study", "API_KEY=hunter2"]
    recorded = json.dumps(collect_provenance(words))
    assert "hunter2" not in recorded
    assert "ray://***@host:10001" in recorded and "?token=***&a=1" in recorded
    harmless = ["--space", "q1a", "--seeds", "0-5", "--address", "auto", "--data", "/mnt/a@b"]
    assert collect_provenance(harmless)["command"] == command_line(harmless)


def test_the_dashboard_stays_on_this_machine_and_asks_for_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ray

    given: dict[str, Any] = {}

    def init(**options: Any) -> Any:
        given.update(options)
        return SimpleNamespace(dashboard_url="127.0.0.1:8265")

    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "nodes", list)
    before = dict(os.environ)
    connection.connect(None)
    changed = {name for name in os.environ if os.environ[name] != before.get(name)}
    for name in changed:
        monkeypatch.delenv(name)
    assert given["address"] == "local" and given["include_dashboard"] is True
    assert given["dashboard_host"] == "127.0.0.1"
    assert not any("AUTH" in name or "TOKEN" in name for name in (*changed, *given))
    assert inspect.signature(ray.init).parameters, "keyword arguments are what was checked"


EVIL = "a|b`c`<script>alert(1)</script>\n# x\n| y |[l](javascript:1)![i](http://e/x.png)\x1b[31m"


def test_markup_in_values_is_escaped() -> None:
    text = escape(EVIL)
    assert "\n" not in text and "<" not in text and "`" not in text and "\x1b" not in text
    assert text.count("|") == text.count("\\|") and text.count("[") == text.count("\\[")


def test_no_value_of_a_study_is_markup_in_the_report(tmp_path: Path) -> None:
    config = resnet_config(dataset=EVIL, model=EVIL, optimizer=EVIL) | {EVIL: EVIL}
    space = {"question": EVIL, "trainable": EVIL, "factors": [EVIL, "dataset"], "metric": EVIL}
    meta = study_json({EVIL: config, "b": config | {"lr": 3}}, name=EVIL, space=space)
    launch = {"python": EVIL, "packages": {"torch": EVIL}, "git_commit": EVIL, "command": EVIL}
    launch |= {"hardware": {"cpu": EVIL, "gpus": [EVIL]}, "host": EVIL}
    meta |= {"created_at": EVIL}
    entry = {"num_images": 9, "sha256": {EVIL: EVIL}}
    meta["data"] = {"source": EVIL, "split_seed": 0, "datasets": {EVIL: entry}}
    open_rows = [{"config_id": "b", "seed": 0, "reason": EVIL}]
    meta["launches"] = [launch_json(**launch, open=open_rows)]
    path = write_study(tmp_path / "evil", meta)
    row = line(2, milestone=True, **{EVIL: 0.5, "note": EVIL, "device": EVIL})
    write_trial(path, "k1", config, {2: [EVIL, "b"]}, [row], error=f"ValueError: {EVIL}")
    write_trial(path, EVIL.replace("/", "_"), config, {3: ["b"]}, [], error=f"ValueError: {EVIL}")
    assert report([str(path)]) == 0
    for file in path.glob("report/**/*.md"):
        text = file.read_text().replace("\\|", "")
        assert "<script" not in text and "\x1b" not in text
        assert not re.search(r"(?<!\\)\[", text), "a link or an image"
        assert "\n# x" not in text and "`c`" not in text
        widths = {row.count("|") for row in text.split("\n") if row.startswith("| ")}
        assert widths and ("alert(1)" in text or file.stem.startswith("claims"))
