from __future__ import annotations

from pathlib import Path

from analysis.frames.load import load_study
from analysis.labs.devices import devices
from analysis.labs.svm import kernels
from analysis.render.document import Bullets, Figure, Paragraph, Section, Table
from analysis.sections import build_document
from analysis.sections.best import best
from analysis.sections.environment import environment, environment_table, parameters_data
from analysis.sections.factors import effects, epochs, pin_memory
from analysis.sections.grid import pivots
from analysis.sections.problems import unfinished
from analysis.sections.results import rows_table
from analysis.sections.setup import models_data, setup, studies_data
from tests.frames.test_pairs import grid_study
from tests.frames.test_tables import device_study, svm_study
from tests.sections.test_observations import models_study
from tests.studies import (
    A2,
    line,
    prefix_study,
    resnet_config,
    shared_study,
    study_json,
    svm_config,
    write_study,
    write_trial,
)


def table_of(section: Section | None) -> Table:
    """Return the first table of a section."""
    assert section is not None
    return next(block for block in section.blocks if isinstance(block, Table))


def test_an_arm_that_has_not_run_is_shown_as_it_stands(tmp_path: Path) -> None:
    section = devices(device_study(tmp_path), "q2")
    cells = table_of(section).cells
    assert cells["optimizer"] == ["SGD", "Adam"]
    assert cells["CPU train (s)"] == ["60.0", "missing"]
    assert cells["GPU train (s)"] == ["2.50", "3.00"]
    assert cells["speed-up"] == ["24.0×", "–"]
    assert cells["MACs (M)"] == ["33.18", "33.18"]
    assert section is not None and section.blocks[1] == Paragraph(
        "Without a result: 1 of 2 rows of the CPU arm (1 missing). No speed-up is stated for them."
    )


def test_rows_without_a_result_are_counted_by_arm_and_status(tmp_path: Path) -> None:
    arms = {
        f"{device}{lr}": resnet_config(device=device, lr=lr)
        for device in ("cpu", "cuda")
        for lr in (0.1, 0.2)
    }
    reason = "no GPU in the cluster"
    no_gpu = [{"config_id": name, "seed": 0, "reason": reason} for name in ("cuda0.1", "cuda0.2")]
    meta = study_json(arms, space={"factors": ["device", "lr"]}, open_rows=no_gpu)
    path = write_study(tmp_path / "grid", meta)
    write_trial(path, "k1", arms["cpu0.1"], {2: ["cpu0.1"]}, [line(1)], error="OSError: disk")
    write_trial(path, "k2", arms["cpu0.2"], {2: ["cpu0.2"]}, [line(2, milestone=True)])
    section = devices(load_study(path), "grid")
    assert table_of(section).cells["CPU test accuracy (%)"] == ["failed", "98.6"], "of 140 images"
    assert section is not None and section.blocks[1] == Paragraph(
        "Without a result: 1 of 2 rows of the CPU arm (1 failed); 2 of 2 rows of the GPU arm "
        "(2 open: no GPU in the cluster). No speed-up is stated for them."
    )


def test_an_inert_pin_memory_is_compared_with_nothing(tmp_path: Path) -> None:
    section = pin_memory(load_study(shared_study(tmp_path / "grid")), "grid")
    assert section is not None and "not applicable" in str(section.blocks)
    assert not any(isinstance(block, Table) for block in section.blocks)


def test_pin_memory_that_ran_is_compared_pair_by_pair(tmp_path: Path) -> None:
    configurations = {name: resnet_config(pin_memory=name == "on") for name in ("off", "on")}
    path = write_study(tmp_path / "grid", study_json(configurations))
    for name, seconds in (("off", 10.0), ("on", 8.0)):
        result = line(2, milestone=True, train_seconds=seconds, test_accuracy=0.9 + seconds / 1000)
        write_trial(path, name, configurations[name], {2: [name]}, [result])
    cells = table_of(pin_memory(load_study(path), "grid")).cells
    assert cells["pin memory"] == ["no", "yes"]
    assert cells["difference (points)"] == ["–", "−0.2"] and cells["time ratio"] == ["–", "0.80×"]


def test_lengths_are_compared_once_both_have_finished(tmp_path: Path) -> None:
    section = epochs(load_study(shared_study(tmp_path / "grid")), "grid")
    assert section is not None and section.title == "2 against 5 epochs"
    assert table_of(section).cells["difference (points)"] == ["–", "+0.7"]
    waiting = epochs(load_study(prefix_study(tmp_path / "new")), "grid")
    assert waiting is not None and "nothing to compare" in str(waiting.blocks)


def test_seeds_are_one_line_with_their_spread(tmp_path: Path) -> None:
    config = resnet_config()
    path = write_study(tmp_path / "grid", study_json({"a": config}, seeds=(0, 1, 2)))
    for seed, accuracy in ((0, 126 / 140), (1, 133 / 140)):
        lines = [line(2, milestone=True, test_accuracy=accuracy)]
        write_trial(path, f"k{seed}", config, {2: ["a"]}, lines, seed=seed)
    table = rows_table(load_study(path), "grid")
    assert table.cells["test accuracy (%)"] == ["92.5 ± 3.5"]
    assert table.cells["seeds"] == ["2/3"]
    assert table.cells["status"] == ["finished, missing"]
    assert len(table.frame) == 3, "the CSV has every row"


def test_set_up_counts_rows_and_names_models_and_parameters(tmp_path: Path) -> None:
    study = load_study(shared_study(tmp_path / "grid"))
    [counts] = studies_data({"grid": study}).to_dict("records")
    assert (counts["rows"], counts["finished"], counts["trials"]) == (4, 4, 1)
    assert counts["train_seconds"] == 50.0, "the trial's, once"
    parameters = parameters_data({"grid": study}).set_index("parameter")
    assert parameters.loc["epochs", "values"] == "2, 5"
    assert parameters.loc["pin_memory", "role"] == "varied"
    assert parameters.loc["lr", "role"] == "fixed"
    facts = environment(study)
    assert facts["software"] == "Python 3.11.7, torch 2.14.1, ray 2.60.0"
    assert facts["arithmetic"] == "float32" and facts["GPUs"] == "none"


def test_models_of_a_real_study_carry_their_costs(real_study: Path) -> None:
    models = models_data({"q1a": load_study(real_study)}).set_index("model")
    assert models.loc["resnet18", "input"] == "1×28×28"
    assert models.loc["resnet18", "flops"] == 66_107_904
    assert models.loc["resnet50", "macs"] == 78_755_072


def test_names_of_tables_and_figures_are_unique_over_studies(tmp_path: Path) -> None:
    studies = {"grid": grid_study(tmp_path / "grid"), "svm": svm_study(tmp_path)}
    studies |= {"devices": device_study(tmp_path)}
    document = build_document(studies)
    for blocks in (document.tables, document.figures):
        names = [block.name for block in blocks]
        assert len(names) == len(set(names)) > 5
    sharing = [b for s in document.sections[0].sections for b in s.blocks if isinstance(b, Bullets)]
    assert not sharing, "none of them shares anything"


def test_the_widest_span_is_that_of_one_data_set(tmp_path: Path) -> None:
    accuracies = {
        ("mnist", 0.1, 16): 0.9,
        ("mnist", 0.2, 16): 0.8,
        ("mnist", 0.1, 32): 0.88,
        ("mnist", 0.2, 32): 0.78,
        ("fashion_mnist", 0.1, 16): 0.4,
        ("fashion_mnist", 0.2, 16): 0.41,
        ("fashion_mnist", 0.1, 32): 0.6,
        ("fashion_mnist", 0.2, 32): 0.61,
    }
    configurations = {
        f"c{number}": resnet_config(dataset=dataset, lr=lr, batch_size=batch_size)
        for number, (dataset, lr, batch_size) in enumerate(accuracies)
    }
    path = write_study(tmp_path / "grid", study_json(configurations))
    for (name, config), accuracy in zip(configurations.items(), accuracies.values(), strict=True):
        result = line(2, milestone=True, test_accuracy=accuracy)
        write_trial(path, f"k{name}", config, {2: [name]}, [result])
    section = effects(load_study(path), "grid")
    assert section is not None and isinstance(section.blocks[0], Figure)
    # Over both data sets together batch size would span from 0.40 to 0.90.
    assert section.blocks[0].alt.endswith(
        "The widest span is on MNIST that of learning rate, 10.0 points; on FashionMNIST that of "
        "batch size, 20.0 points."
    )
    cells = table_of(section).cells
    assert cells["mean test accuracy (%)"][:2] == ["85.0", "83.0"], "two sets of 140 images"


def test_every_launch_counts_and_hosts_and_commands_are_named_once(tmp_path: Path) -> None:
    launches = [
        {"name": f"00{number}", "host": host, "command": f"run {number % 5}"}
        for number, host in enumerate(["a", "b", "a", "b", "a", "b", "a"])
    ]
    meta = study_json({"a2": A2}, launches=launches)
    facts = environment(load_study(write_study(tmp_path / "grid", meta)))
    assert facts["launches"] == "7" and facts["hosts"] == "a; b"
    assert facts["commands"] == "run 0; run 1; run 2; and 2 more"
    meta["launches"] = []
    study = load_study(write_study(tmp_path / "bare", meta))
    assert "launches" not in environment(study) and "commands" not in environment(study)
    assert environment_table({"bare": study}).notes == ()


def test_means_name_the_seeds_they_are_of_and_what_does_not_vary(tmp_path: Path) -> None:
    configurations = {m: resnet_config(model=m) for m in ("resnet18", "resnet50")}
    meta = study_json(configurations, seeds=(0, 1, 2), space={"factors": ["model", "optimizer"]})
    path = write_study(tmp_path / "grid", meta)
    for name, seed in (("resnet18", 0), ("resnet18", 1), ("resnet50", 0)):
        lines = [line(2, milestone=True)]
        write_trial(path, f"{name}{seed}", configurations[name], {2: [name]}, lines, seed=seed)
    table = table_of(pivots(load_study(path), "grid"))
    assert table.notes == ("Mean over the seeds that have finished, 1 to 2 of 3.",)
    assert table.caption == (
        "MNIST: test accuracy (%) of each setting, by model. In all of them: optimizer SGD."
    )


def test_one_result_at_every_seed_is_not_called_a_mean(tmp_path: Path) -> None:
    space = {"trainable": "svm", "factors": ["dataset", "kernel", "C", "gamma"]}
    meta = study_json({"s": svm_config()}, space=space, seeds=(0, 1), same_at_every_seed=["s"])
    path = write_study(tmp_path / "svm", meta)
    for seed in (0, 1):
        lines = [line(1, milestone=True, fit_seconds=1.0 + seed)]
        write_trial(path, f"k{seed}", svm_config(), {1: ["s"]}, lines, seed=seed)
    section = kernels(load_study(path), "svm")
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert "One result at every seed: only times are means, over 2 seeds." in table.notes
    assert table.cells["fit (s)"] == ["1.50"]


def test_a_failed_row_is_not_called_open(tmp_path: Path) -> None:
    path = write_study(tmp_path / "grid", study_json({"a2": A2, "b": resnet_config(lr=0.5)}))
    write_trial(path, "k1", A2, {2: ["a2"]}, [line(2, milestone=True)])
    write_trial(path, "k2", resnet_config(lr=0.5), {2: ["b"]}, [line(1)], error="OSError: disk")
    assert unfinished(load_study(path)) == (
        "Failed: 1 of 2 rows of study grid. The same command that began the study tries again what "
        "failed."
    )


def test_open_rows_do_not_promise_to_be_continued(tmp_path: Path) -> None:
    no_gpu = {"config_id": "a2", "seed": 0, "reason": "no GPU in the cluster"}
    path = write_study(tmp_path / "grid", study_json({"a2": A2}, open_rows=[no_gpu]))
    assert unfinished(load_study(path)) == (
        "Unfinished: 1 of 1 row of study grid has no result: 1 open: no GPU in the cluster. An "
        "open row stays open until the study's command can run it."
    )


def test_means_have_the_digits_of_all_their_images(tmp_path: Path) -> None:
    """Of 8 seeds, 70 images make 560 and 140 make 1120: one and two decimals."""
    study = models_study(
        tmp_path / "grid", tuple(range(8)), resnet18=(0.8, 0.7), resnet50=(0.9, 0.8)
    )
    picks = table_of(best(study, "grid")).cells
    assert picks["validation accuracy (%)"] == ["80.0", "90.0"]
    assert picks["test accuracy (%)"] == ["70.00", "80.00"]
    grid = table_of(pivots(study, "grid")).cells
    assert grid["ResNet-18"] == ["70.00"] and grid["ResNet-50"] == ["80.00"]


def test_a_device_figure_needs_times_of_both_arms(tmp_path: Path) -> None:
    both = devices(device_study(tmp_path / "both"), "q2")
    assert both is not None and any(isinstance(block, Figure) for block in both.blocks)
    made = {device: resnet_config(device=device) for device in ("cpu", "cuda")}
    path = write_study(tmp_path / "one", study_json(made, space={"factors": ["device"]}))
    write_trial(path, "k", made["cpu"], {2: ["cpu"]}, [line(2, milestone=True)])
    section = devices(load_study(path), "q2")
    assert section is not None and not any(isinstance(b, Figure) for b in section.blocks)


def test_devices_of_a_study_without_rows(tmp_path: Path) -> None:
    path = write_study(tmp_path / "none", study_json({}, space={"factors": ["device"]}))
    assert devices(load_study(path), "q2") is not None


def test_one_value_of_pin_memory_is_not_waited_for(tmp_path: Path) -> None:
    configurations = {name: resnet_config(lr=float(name)) for name in ("0.1", "0.2")}
    space = {"factors": ["pin_memory", "lr"]}
    path = write_study(tmp_path / "grid", study_json(configurations, space=space))
    section = pin_memory(load_study(path), "grid")
    assert section is not None
    assert section.blocks == (Paragraph("All rows have the same pin memory: nothing to compare."),)


def test_failed_rows_have_no_equal_accuracies(tmp_path: Path) -> None:
    configurations = {f"p{pin:d}": resnet_config(pin_memory=pin) for pin in (False, True)}
    path = write_study(tmp_path / "grid", study_json(configurations))
    write_trial(path, "k", configurations["p0"], {2: list(configurations)}, [], error="Error: no")
    study = load_study(path)
    assert set(study.rows["status"]) == {"failed"}
    assert "by construction" not in str(pin_memory(study, "grid"))
    assert not any("picked" in text for text in rows_table(study, "grid").notes)


def test_counts_of_images_have_separators(tmp_path: Path) -> None:
    meta = study_json({"a": resnet_config()})
    meta["data"]["datasets"]["mnist"]["num_images"] = 70_000
    studies = {"grid": load_study(write_study(tmp_path / "grid", meta))}
    tables = [b for section in setup(studies).sections for b in section.walk()]
    data = next(b for b in tables if isinstance(b, Table) and b.name == "data")
    assert data.cells["images"][0] == "70,000" and "," not in data.cells["split seed"][0]
