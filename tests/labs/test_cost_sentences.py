from __future__ import annotations

from pathlib import Path

from analysis.frames.load import Study, load_study
from analysis.labs.cost_sentences import sentences
from tests.analysed_studies import device_study, scaling_study
from tests.studies import line, resnet_config, study_json, svm_config, write_study, write_trial


def test_speed_up_and_fitted_powers_are_stated_where_they_exist(tmp_path: Path) -> None:
    assert sentences(device_study(tmp_path)) == [
        "the GPU trained faster than the CPU in 1 of 1 pair timed under the same conditions; "
        "speed-up 24.0×."
    ]
    # 2e-6 n² seconds to fit, 1e-3 n to predict, always 100 support vectors.
    [powers] = sentences(scaling_study(tmp_path / "scaling"))
    assert powers == (
        "MNIST, rbf: powers of the number of training images with which cost grows: fit time 2.00 "
        "(3 fits, R² 1.000); predict time 1.00 (3 fits, R² 1.000); support vectors 0.00 (3 fits)."
    )


def test_a_pair_that_took_equally_long_is_not_faster_and_the_median_is_named(
    tmp_path: Path,
) -> None:
    seconds = {1: (60.0, 2.5), 2: (10.0, 10.0), 3: (20.0, 5.0)}
    made = {f"{d}{lr}": resnet_config(device=d, lr=lr) for d in ("cpu", "cuda") for lr in seconds}
    path = write_study(tmp_path / "q2", study_json(made, space={"factors": ["device", "lr"]}))
    for name, config in made.items():
        taken = seconds[config["lr"]][config["device"] == "cuda"]
        result = line(2, milestone=True, train_seconds=taken, device=config["device"])
        write_trial(path, f"k{name}", config, {2: [name]}, [result])
    assert (
        "the GPU trained faster than the CPU in 2 of 3 pairs timed under the same conditions; "
        "median speed-up 4.0× (1.0× to 24.0×)."
    ) in sentences(load_study(path))[0]


def cost_study(path: Path, at_once: int = 1) -> Study:
    """Return SVMs: rbf at C 1 and 10 in 1 s and 3 s with 100 and 300 vectors, poly in 5 s."""
    made = {"r1": svm_config(), "r10": svm_config(C=10), "p": svm_config(kernel="poly")}
    space = {"trainable": "svm", "factors": ["kernel", "C"]}
    write_study(path, study_json(made, space=space))
    for name, (fit, predict, vectors) in COSTS.items():
        result = line(1, milestone=True, fit_seconds=fit, predict_seconds=predict)
        result |= {"num_support_vectors": vectors, "num_train_images": 700, "converged": True}
        result["num_concurrent_trials"] = at_once if name == "p" else 1
        write_trial(path, f"k{name}", made[name], {1: [name]}, [result])
    return load_study(path)


COSTS = {"r1": (1.0, 0.1, 100), "r10": (3.0, 0.3, 300), "p": (5.0, 0.5, 1_500)}


def test_what_each_kernel_costs_is_said(tmp_path: Path) -> None:
    costs = (
        "MNIST: medians over the fits: rbf took 2.00 s to fit and 0.200 s to predict, with 200 "
        "support vectors (2 fits); poly took 5.00 s to fit and 0.500 s to predict, with 1,500 "
        "support vectors (1 fit)."
    )
    assert costs in sentences(cost_study(tmp_path / "alone"))
    beside = sentences(cost_study(tmp_path / "beside", at_once=2))
    unlike = "These times are not comparable: between 1 and 2 trials ran at once."
    assert f"{costs} {unlike}" in beside


def test_the_two_kinds_of_time_of_a_kernel_are_told_apart() -> None:
    # The median of the fits' processor times, 38.4 s, lies beside a median of wall times.
    [of_mnist, _] = sentences(load_study("published:q1b"))
    assert "poly took 38.4 s of processor time to fit and 3.86 s of wall time to pre" in of_mnist


def test_an_arm_without_results_leaves_the_question_open(tmp_path: Path) -> None:
    made = {device: resnet_config(device=device) for device in ("cpu", "cuda")}
    space = {"factors": ["device"]}
    path = write_study(tmp_path / "grid", study_json(made, space=space))
    assert sentences(load_study(path)) == [], "nothing has finished yet"
    write_trial(path, "k", made["cpu"], {2: ["cpu"]}, [line(2, milestone=True)])
    assert sentences(load_study(path)) == [
        "CPU and GPU cannot be compared: 1 of 1 GPU row has no result (1 not begun)."
    ]
