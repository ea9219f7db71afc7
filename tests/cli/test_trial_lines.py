"""The lines of running trials fit the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from tune_app.cli.trial_lines import MAX_LINES, RunningTrial, trial_lines

KEYS = "fa2db9423ac53d2b", "0b1c2d3e4f506172"
WORDS = "epoch 2/5", "val_accuracy 97.50 %", "test_accuracy 96.00 %", "14 s of training"


def shown(width: int, *trials: RunningTrial) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as captured:
        console.print(trial_lines(trials, width))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_words_that_do_not_fit_are_left_out() -> None:
    one = RunningTrial(f"mnist-resnet18-bs16-adam-lr1e-3-s0-{KEYS[0]}", WORDS)
    two = RunningTrial(f"mnist-resnet18-bs8-adam-lr1e-3-s0-{KEYS[1]}", ("starting",))
    assert shown(120, one, two) == [
        "  mnist-resnet18-bs16-adam-lr1e-3-s0  epoch 2/5  val_accuracy 97.50 %  "
        "test_accuracy 96.00 %  14 s of training",
        "  mnist-resnet18-bs8-adam-lr1e-3-s0   starting",
    ]
    assert shown(80, one) == [
        "  mnist-resnet18-bs16-adam-lr1e-3-s0  epoch 2/5  val_accuracy 97.50 %"
    ]
    [line] = shown(30, one)
    assert len(line) <= 30


def test_names_that_differ_in_their_keys_only_are_whole() -> None:
    trials = [RunningTrial(f"trial-{key}", ("epoch 1",)) for key in KEYS]
    assert shown(80, *trials) == [f"  trial-{key}  epoch 1" for key in KEYS]


def test_of_many_trials_the_first_are_shown() -> None:
    trials = [RunningTrial(f"trial{number}", ()) for number in range(MAX_LINES + 3)]
    lines = shown(80, *trials)
    assert len(lines) == MAX_LINES + 1 and lines[-1] == "  and 3 more"
    assert shown(80) == []
