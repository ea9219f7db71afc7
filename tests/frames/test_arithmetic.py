"""Studies continued with another version or on another processor."""

from __future__ import annotations

from pathlib import Path

from analysis.checks.claims import from_study
from analysis.frames.arithmetic import arithmetic_of, arithmetics, groups_of, warning
from analysis.frames.load import Study, load_study
from analysis.sections.answer import answer
from analysis.sections.best import best
from analysis.sections.environment import environment, environment_table
from analysis.sections.results import rows_table
from tests.sections.tables import table_of
from tests.studies import Json, line, resnet_config, study_json, write_study, write_trial

VERSIONS = {"torch": "2.14.1", "numpy": "2.3.0", "ray": "2.60.0"}


def launch(name: str, cpu: str = "EPYC", **versions: str) -> Json:
    """Return a launch that recorded its versions and its processor."""
    return {
        "name": name,
        "host": f"host-{name}",
        "python": "3.11.7",
        "packages": VERSIONS | versions,
        "hardware": {"cpu": cpu, "num_cpus": 2, "memory_gb": 24.0, "gpus": []},
    }


def continued_study(path: Path, *launches: Json) -> Study:
    """Return two rows: one of launch 001, one that began in it and ended in launch 002."""
    configurations = {f"lr{lr}": resnet_config(lr=lr) for lr in (0.1, 0.2)}
    meta = study_json(configurations, launches=list(launches))
    study = write_study(path / "grid", meta)
    one, two = configurations
    write_trial(study, "k1", configurations[one], {2: [one]}, [line(1), line(2, milestone=True)])
    write_trial(study, "k2", configurations[two], {2: [two]}, [line(1)])
    last = [line(2, milestone=True, val_accuracy=0.8, test_accuracy=0.5)]
    write_trial(study, "k2", configurations[two], {2: [two]}, last, launch="002")
    return load_study(study)


def test_launches_that_compute_alike_are_one_group() -> None:
    launches = [launch("001"), launch("002", ray="2.61.0"), launch("003", torch="2.15.0")]
    groups = groups_of({"launches": [*launches, launch("004", cpu="Xeon")]})
    assert list(groups.values()) == [["001", "002"], ["003"], ["004"]]
    first = next(iter(groups))
    assert first == arithmetic_of(launch("001"))
    assert dict(first)["torch"] == "2.14.1" and dict(first)["processor"] == "EPYC"
    assert dict(first)["scikit-learn-intelex"] == "not installed"


def test_launches_that_say_nothing_are_alike() -> None:
    launches = [{"name": "001"}, {"name": "002", "packages": 3, "hardware": "x"}, 7]
    assert groups_of({"launches": launches}) == {(): ["001", "002", "003"]}


def test_a_row_is_of_every_launch_that_trained_it(tmp_path: Path) -> None:
    study = continued_study(tmp_path, launch("001"), launch("002", torch="2.15.0"))
    assert list(arithmetics(study)) == [frozenset({0}), frozenset({0, 1})]
    assert warning(study, study.rows[:1]) == ()
    assert warning(study) == (
        "These rows were not computed alike, so a part of their differences may come from the "
        "arithmetic: torch 2.14.1 (launch 001); torch 2.15.0 (launch 002).",
    )


def test_every_comparison_of_such_rows_says_so(tmp_path: Path) -> None:
    study = continued_study(tmp_path, launch("001"), launch("002", cpu="Xeon"))
    [note] = warning(study)
    assert note.endswith("processor EPYC (launch 001); processor Xeon (launch 002).")
    [picks] = best(study, "grid").blocks
    assert note in picks.notes  # type: ignore[union-attr]
    assert note in rows_table(study, "grid").notes
    assert "rows were computed with different arithmetic" in from_study(study).caveats
    assert note in table_of(answer(study, "grid")).notes
    facts = environment(study)
    assert facts["processor, launch 001"] == "EPYC, 2 CPUs, 24.0 GB"
    assert facts["processor, launch 002"] == "Xeon, 2 CPUs, 24.0 GB"
    assert facts["software"] == "Python 3.11.7, torch 2.14.1, ray 2.60.0, numpy 2.3.0"
    assert environment_table({"grid": study}).notes == (note,)


def test_launches_that_compute_alike_are_no_warning(tmp_path: Path) -> None:
    study = continued_study(tmp_path, launch("001"), launch("002", ray="2.61.0"))
    assert warning(study) == ()
    facts = environment(study)
    assert facts["software, launch 002"].endswith("ray 2.61.0, numpy 2.3.0")
    assert facts["processor"] == "EPYC, 2 CPUs, 24.0 GB"
    assert not any("different arithmetic" in caveat for caveat in from_study(study).caveats)
