"""Say what a heading means: ``Test Acc (%)`` is the test accuracy, in percent."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

from analysis.checks.audit.cells import MULTIPLES, SECONDS
from analysis.checks.audit.table import MEASURED, SETTINGS

NOTE = "note"
BOOKKEEPING = (
    *("id", "trial_id", "shared_with", "same_as", "status", "reason", "launch", "milestone"),
)
KNOWN = tuple(dict.fromkeys((*SETTINGS, *MEASURED, "converged", "num_test")))
_SIMILAR = 0.8
_ACCURACY = {"acc", "accu", "accuracy", "accuracies", "top1", "prec1", "correct"}
_ACCURACY |= {"genauigkeit", "exactitude", "exactitud", "accuratezza"}
_ERROR = {"err", "error", "err1", "misclassification"}
_ERROR |= {"fehler", "fehlerrate", "fehlerquote", "erreur", "errore"}
_VALIDATION = {"val", "valid", "validation", "dev"}
_TRAINING = {"train", "training", "tr", "fit", "fitting"}
_DEVIATIONS = {"std", "sd", "stddev", "stdev", "sem", "stderr", "ci", "ci95", "variance"}
_SPREADS = _DEVIATIONS | {"dev", "var"}
_SPREADS |= {"min", "max", "low", "high", "lower", "upper", "gap", "diff", "delta", "rank", "drop"}
_CHANGES = {"gain", "improvement", "increase", "decrease", "change", "reduction", "loss", "vs"}
_CHANGES |= {"relative", "rel", "baseline", "normalized", "retention", "ratio"}
"""What is said of a result beside another one."""
_LENGTHS = {"mm", "cm", "m", "km", "px", "pixel", "pixels", "voxel", "voxels", "deg", "degrees"}
_LENGTHS |= {"rad", "ev", "mev", "kcal", "db", "hz", "kg", "ms"}
"""Units of errors that are no shares."""
_MEANS = {"mean", "avg", "average", "averaged"}
_NO_SHARES = {"mae", "mse", "rmse", "mape", "r2", "auc", "auroc", "roc", "map", "iou", "miou"}
_NO_SHARES |= {"bleu", "rouge", "ppl", "perplexity", "psnr", "ssim", "fid", "kappa", "mcc", "nll"}
"""Measures that are no accuracies, though many lie between 0 and 1."""
_OF_A_SEARCH = re.compile(
    r"^(?:params?_(?:\w*?__)?|config[/._]|args?[/._]|hp[_/.]|hparams?[_/.])(?=\w)", re.IGNORECASE
)
"""What exports of scikit-learn, Optuna, Ray Tune and trackers put before a parameter's name."""
_TIMES = {"time", "times", "seconds", "secs", "sec", "duration", "runtime", "wallclock", "hours"}
_TIMES |= {"minutes", "traintime", "ms", "elapsed"}
_TIMES |= {"zeit", "trainingszeit", "laufzeit", "dauer", "temps", "tiempo"}
_OTHER_TIMES = {"infer", "inference", "latency", "predict", "prediction", "per", "image", "step"}
_OTHER_TIMES |= {"forward", "backward", "load", "loading", "stamp", "ago", "date", "batch", "it"}
_OTHER_TIMES |= {"epoch", "test", "eval", "val", "valid", "warmup", "steady", "data", "score"}
_OTHER_TIMES |= {"factor", "ratio"}
_EXACT: dict[str, tuple[str, ...]] = {
    "lr": ("lr", "learning rate", "learningrate", "learn rate", "step size", "initial lr"),
    "batch_size": ("batch size", "batch", "bs", "batchsize", "batch sz", "minibatch", "mini batch"),
    "epochs": (
        *("epochs", "epoch", "num epochs", "n epochs", "nepochs", "number epochs", "ep"),
        "training iteration",
    ),
    "optimizer": ("optimizer", "optimiser", "opt", "optim", "optimizers"),
    "pin_memory": ("pin memory", "pin mem", "pinmem", "pinmemory", "pinned memory", "pinned"),
    "model": (
        *("model", "models", "architecture", "arch", "network", "net", "backbone", "method"),
        *("classifier", "algorithm", "model name", "methods", "approach", "estimator"),
    ),
    "dataset": ("dataset", "data set", "datasets", "data", "ds"),
    "device": ("device", "compute", "hardware", "accelerator", "processor", "machine"),
    "kernel": ("kernel", "svm kernel", "kernel type"),
    "C": ("c", "svm c", "penalty c"),
    "max_iter": ("max iter", "max iterations", "max iters", "maxiter", "iteration limit"),
    "seed": ("seed", "random seed", "random state", "rng seed", "seeds"),
    "num_test": (
        *("num test", "n test", "test images", "test samples", "test size", "num test images"),
        *("ntest", "number test images", "test set size", "n test images"),
    ),
    "num_train_images": (
        *("num train", "n train", "train images", "training images", "train samples"),
        *("training samples", "train size", "training size", "ntrain", "num train images"),
    ),
    "weight_decay": ("weight decay", "wd", "l2"),
    "image_size": ("image size", "resolution", "input size", "img size", "crop size", "input res"),
    "num_workers": ("num workers", "workers", "n workers"),
    "mixed_precision": ("mixed precision", "amp", "fp16"),
    "status": ("state", "status"),
    "id": ("id", "", "no", "nr", "idx", "index", "row", "run id", "exp", "experiment", "exp id"),
    "note": (
        *("params", "parameters", "num params", "param", "size", "note", "notes", "comment"),
        *("bemerkung", "bemerkungen", "anmerkung", "kommentar", "remarque", "remarques"),
        *("comments", "source", "paper", "link", "url", "date", "weights", "checkpoint", "config"),
        *("reference", "year", "number params", "model size", "memory", "file", "log", "remarks"),
        *("pid", "hostname", "node ip", "timestamp", "created", "user", "tags", "sweep", "group"),
    ),
}
_NAMES = {text: name for name, texts in _EXACT.items() for text in texts}
_NAMES |= {name.replace("_", " ").lower(): name for name in (*KNOWN, *BOOKKEEPING)}


def is_summary(heading: str) -> bool:
    """Return whether a column sums up others: their mean, their spread or their rank."""
    return bool(set(words_of(heading)) & (_MEANS | _SPREADS))


def is_only_a_summary(heading: str) -> bool:
    """Return whether a heading names nothing but a mean or a spread: ``Acc std``."""
    words = set(words_of(heading))
    return bool(words) and words <= _MEANS | _DEVIATIONS | _ACCURACY


def is_mean_of_others(heading: str) -> bool:
    """Return whether a column is headed as a mean, and not as a spread or a time."""
    words = set(words_of(heading))
    return bool(words & _MEANS) and not words & (_SPREADS | _TIMES | {"loss"})


class Meaning(NamedTuple):
    """What a column holds.

    Attributes:
        name: our name of the column; ``note`` if it is known not to matter, empty if unknown.
        scale: what a number without a unit must be multiplied with; None if the heading has no
            unit.
        is_error: whether the column holds error rates in place of accuracies.
        is_mean: whether the heading says that rows are means of several runs.
        averaging: average of precision, recall or F1 that the heading names, or None.
        arm: what the heading says besides, such as ``R18`` in ``Acc R18 (%)``.
        is_guess: whether the name was guessed from a similar one.
    """

    name: str
    scale: float | None = None
    is_error: bool = False
    is_mean: bool = False
    averaging: str | None = None
    arm: str = ""
    is_guess: bool = False


def words_of(heading: str) -> list[str]:
    """Return a heading's words in lower case: ``ValAccuracy (%)`` -> ``val accuracy %``."""
    text = re.sub(r"top[-_ @]?\s?(\d)", r"top\1", heading, flags=re.I)
    text = re.sub(
        r"(acc|accuracy|prec|precision|err)[@ ](\d)\b", r"\1 top\2", text, flags=re.IGNORECASE
    )
    text = re.sub(r"\b(?:#|no\.?|number|num\.?)\s*(?:of)\b|#(?=\s*\w)", "num ", text, flags=re.I)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    text = re.sub(r"F[-_ ]?1(?=\b|_|score)", "f1 ", text, flags=re.I)
    text = re.sub("[Δ∆]", " delta ", text)
    words = re.findall(r"[a-z0-9µ]+(?:\.\d+)?|%", text.lower())
    return [w for w in words if w not in ("of", "the", "in", "on", "pct", "percent", "set")]


@functools.lru_cache(maxsize=1000)
def meaning_of(heading: str) -> Meaning:
    """Return what a heading means."""
    if _OF_A_SEARCH.match(heading):
        parameter = meaning_of(_OF_A_SEARCH.sub("", heading))
        return Meaning(parameter.name if parameter.name in SETTINGS else heading)
    heading, has_spread, _ = heading.partition("±")
    words = words_of(heading)
    inner = words_of(" ".join(re.findall(r"[(\[]([^)\]]*)[)\]]", heading)))
    outer = [w for w in words_of(re.sub(r"[(\[][^)\]]*[)\]]", " ", heading)) if w != "%"]
    name = _NAMES.get(" ".join(outer)) or _NAMES.get(" ".join(w for w in words if w != "%"))
    if name and name not in MEASURED:
        return Meaning(name)
    is_length = {*inner} & _LENGTHS and {*words} & (_ACCURACY | _ERROR)
    if is_length or _NO_SHARES & set(words):
        return Meaning(NOTE)
    is_percent = "%" in words or bool(re.search(r"pct|percent|%", heading.lower()))
    found = _share(outer, set(words), 0.01 if is_percent else None) or _cost(heading, outer, inner)
    if found:
        return found._replace(is_mean=found.is_mean or bool(has_spread))
    close = difflib.get_close_matches(" ".join(outer), list(_NAMES), n=1, cutoff=_SIMILAR)
    if close and len(" ".join(outer)) > 4 and len(close[0]) > 4:
        guess = meaning_of(close[0]) if _NAMES[close[0]] in MEASURED else Meaning(_NAMES[close[0]])
        return guess._replace(is_guess=True, scale=guess.scale or (0.01 if is_percent else None))
    return Meaning("")


def _share(outer: list[str], words: set[str], scale: float | None) -> Meaning | None:
    """Read the heading of an accuracy, an error rate, or precision, recall and F1."""
    if "top1" in words and words & {"prec", "precision"}:
        outer, words = ["acc"], words - {"prec", "precision"}
    quality = {"prec": "precision", "rec": "recall", "precision": "precision", "recall": "recall"}
    quality["f1"] = "f1"
    kinds = [quality[w] for w in outer if w in quality]
    splits = {"test"} | _VALIDATION | _TRAINING
    is_score = "score" in words and bool(words & splits) and not kinds
    accurate = words & _ACCURACY or "top1" in words or is_score
    wrong = bool(words & _ERROR) or "error" in outer
    if not (kinds or accurate or wrong) or words & {"top5", "loss"}:
        return Meaning(NOTE) if words & {"top5", "loss"} else None
    others = (_SPREADS - _VALIDATION - set(SECONDS)) | _CHANGES
    if words & (others | {"balanced", "time", "epoch", "to"}):
        return Meaning(NOTE, is_mean=bool(words & {"std", "sd", "stddev", "sem", "stderr"}))
    split = "val" if words & _VALIDATION else "train" if words & _TRAINING else "test"
    averaging = next((a for a in ("macro", "weighted", "micro") if a in words), None)
    if kinds and not (accurate or wrong):
        is_area = kinds == ["precision"] and words & _MEANS  # average precision, under a curve
        if split != "test" or len(kinds) > 1 or is_area:
            return Meaning(NOTE)
        return Meaning(f"test_{kinds[0]}", scale, averaging=averaging, arm=_arm(outer))
    is_mean, is_error = bool(words & _MEANS), wrong and not words & (_ACCURACY - {"top1"})
    is_guess = not words & (_ACCURACY - {"correct"}) and (is_score or "correct" in words)
    arm = _arm(outer)
    return Meaning(f"{split}_accuracy", scale, is_error, is_mean, arm=arm, is_guess=is_guess)


def _cost(heading: str, outer: list[str], inner: list[str]) -> Meaning | None:
    """Read the heading of a time or of FLOPs."""
    text = heading.lower()
    if counted := re.search(r"([kmgt]?)\s?(?:flops?|macs|madds|mult.?adds)\b", text):
        unit = counted[1] or next((w[0] for w in inner if w[0] in MULTIPLES and len(w) <= 7), "")
        return Meaning("flops", MULTIPLES.get(unit), arm=_arm(outer))
    is_guess = not set(outer) & _TIMES and "runtime" not in text
    guessed = next((w for w in inner if w in SECONDS and (w == "s" or len(w) > 1)), None)
    if is_guess and guessed is None:
        return None
    others = _OTHER_TIMES | (_SPREADS - set(SECONDS))
    if others & {*outer, *inner} or "/" in text.replace("w/", ""):
        return Meaning(NOTE)
    if guessed is not None and is_guess:
        return Meaning("train_seconds", SECONDS[guessed], is_guess=True)
    unit = next((w for w in (*inner, *reversed(outer)) if w in SECONDS and w != "d"), "")
    return Meaning("train_seconds", SECONDS.get(unit), arm=_arm(outer))


def _arm(words: Iterable[str]) -> str:
    known = _ACCURACY | _ERROR | _VALIDATION | _TRAINING | _MEANS | _TIMES | set(SECONDS)
    known |= {"test", "testing", "precision", "prec", "recall", "rec", "f1", "score"}
    known |= {"macro", "weighted", "micro"}
    known |= {"flops", "flop", "macs", "gflops", "mflops", "gmacs", "rate", "total", "num"}
    known |= {"final", "best", "overall", "eval", "wall", "clock", "testacc", "m", "g", "b", "top"}
    return " ".join(word for word in words if word not in known)
