"""What the headings of tables mean."""

from __future__ import annotations

import pytest

from analysis.checks.audit.headings import meaning_of

WORDINGS = {
    "Test Acc (%)": "test_accuracy",
    "TestAcc(%)": "test_accuracy",
    "top1": "test_accuracy",
    "acc@1 (on ImageNet-1K)": "test_accuracy",
    "Top-1 error": "test_accuracy",
    "accuracy ± std": "test_accuracy",
    "test_acuracy": "test_accuracy",
    "ValAccuracy": "val_accuracy",
    "train_acc": "train_accuracy",
    "# of Epochs": "epochs",
    "LR": "lr",
    "PinMem": "pin_memory",
    "Batch": "batch_size",
    "Optimiser": "optimizer",
    "compute": "device",
    "Architecture": "model",
    "TrainTime(s)": "train_seconds",
    "training_time_min": "train_seconds",
    "Zeit (s)": "train_seconds",
    "Zeit": "train_seconds",
    "temps total": "train_seconds",
    "Genauigkeit": "test_accuracy",
    "Fehlerrate (%)": "test_accuracy",
    "Runtime": "train_seconds",
    "GFLOPS": "flops",
    "MACs (G)": "flops",
    "Macro F1": "test_f1",
    "precision_weighted": "test_precision",
    "N test": "num_test",
    "Random State": "seed",
    "ID": "id",
    "Params": "note",
    "top5": "note",
    "acc_std": "note",
    "val_loss": "note",
    "time per epoch (s)": "note",
    "Rec": "test_recall",
    "F1Score": "test_f1",
    "Average precision": "note",
    "Δ Acc": "note",
    "Acc. gain (%)": "note",
    "Rel. acc. (%)": "note",
    "Acc (% of baseline)": "note",
    "Mean error (mm)": "note",
    "Epochs to 90% acc": "note",
    "Latency (ms)": "note",
    "Real-time factor": "note",
    "Inference time (ms)": "note",
    "depth": "",
    "ResNet-18": "",
}


@pytest.mark.parametrize("heading", WORDINGS)
def test_wordings(heading: str) -> None:
    assert meaning_of(heading).name == WORDINGS[heading]


def test_error_rates_in_another_language_are_no_accuracies() -> None:
    assert all(meaning_of(heading).is_error for heading in ("Fehlerrate (%)", "Taux d'erreur (%)"))
