"""Models that are exported, for tests that use them."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.studies import resnet_config
from tune_app.training.model_file import model_files
from tune_app.training.model_info import ModelInfo, recorded_item
from tune_app.training.models import build_model


def exported_shufflenet(path: Path) -> Path:
    """Write an untrained network for MNIST as ``tune-app best --export`` would."""
    torch.manual_seed(0)
    model = build_model("shufflenet_v2_x0_5").eval()
    config = resnet_config(model="shufflenet_v2_x0_5")
    names = tuple("0123456789")
    info = ModelInfo(
        "shufflenet_v2_x0_5", False, config, "mnist", names, recorded_item({}, "mnist", config)
    )
    for file, content in model_files(path, model.state_dict(), info, lambda: model).items():
        file.write_bytes(content)
    return path
