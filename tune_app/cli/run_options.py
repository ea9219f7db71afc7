"""The options of ``tune-app run``, each with its default and an example."""

from __future__ import annotations

import argparse
from typing import Any

from tune_app.cli.arguments import RESULTS


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number >= 0")
    return int(text)


OPTIONS: dict[str, dict[str, Any]] = {
    "--space": {
        "metavar": "NAME|FILE.py",
        "help": "the search space: a shipped one, a Python file with yours, e.g. ./my_space.py, or "
        "a module such as search_spaces.examples.table (required, but for --best-of and --list)",
    },
    "--list": {
        "action": "store_true",
        "help": "list the shipped search spaces and exit (default: run a study)",
    },
    "--plan": {
        "action": "store_true",
        "help": "print the trials that would run and an estimate of their time; write nothing "
        "(default: run them)",
    },
    "--json": {
        "action": "store_true",
        "help": "with --plan or --list: print one JSON object, for programs (default: text)",
    },
    "--data": {
        "metavar": "full|sample|FOLDER",
        "help": "the images: all of them, the sample that is shipped, or a folder with IDX files, "
        "e.g. ~/mnist (default: full)",
    },
    "--images": {
        "type": _count,
        "metavar": "N",
        "help": "use a stratified subset of N images per data set, e.g. 2000 (default: all)",
    },
    "--budget": {
        "metavar": "TIME",
        "help": "use the largest subset with which the study fits into this time, e.g. 10m or "
        "1h30m (default: no limit)",
    },
    "--set": {
        "action": "append",
        "default": [],
        "metavar": "NAME=VALUES",
        "help": "give a parameter of the space another value or several, e.g. --set lr=1e-2 or "
        "--set lr=1e-3,1e-4; repeat it for more parameters (default: the space as it is)",
    },
    "--add": {
        "action": "append",
        "default": [],
        "metavar": "NAME=VALUE,...",
        "help": "add one configuration to the study, e.g. --add lr=3e-4,batch_size=64; what has "
        "one value in the space need not be named; repeat it for more (default: none)",
    },
    "--where": {
        "action": "append",
        "default": [],
        "metavar": "NAME=VALUES",
        "help": "run only rows with one of these values, e.g. --where model=resnet18 or --where "
        "seed=0,1; all of several conditions hold; the other rows stay open (default: all rows)",
    },
    "--seeds": {
        "metavar": "SEEDS",
        "help": "run every configuration once per seed, e.g. 0-5 or 0,2,7 (default: those of "
        "the study; of a new one 0, and with --best-of six that are new)",
    },
    "--vary-split": {
        "action": "store_true",
        "help": "split the data anew for every seed (default: one split for all seeds)",
    },
    "--device": {
        "default": "auto",
        "choices": ("auto", "cpu", "cuda"),
        "help": "the device of configurations that say device: auto, e.g. cpu (default: auto, a "
        "GPU if the cluster has one)",
    },
    "--study": {
        "metavar": "NAME",
        "help": "the name of the study and its folder, e.g. q1a_long (default: the space's name; "
        "with --best-of the study's, and _best)",
    },
    "--results-dir": RESULTS,
    "--storage-path": {
        "metavar": "DIR|URL",
        "help": "a place that all nodes reach, instead of --results-dir: a shared folder or a URL, "
        "e.g. s3://bucket/studies (default: none)",
    },
    "--fresh": {
        "action": "store_true",
        "help": "start the study anew; an old study of that name is renamed and kept (default: "
        "continue it)",
    },
    "--accept-code-change": {
        "action": "store_true",
        "help": "go on with a study whose own code has changed; its rows say which code made them "
        "(default: refuse)",
    },
    "--no-sharing": {
        "action": "store_true",
        "help": "run every row in a trial of its own (default: rows with common work share one)",
    },
    "--check-sharing": {
        "action": "store_true",
        "help": "also train one row that shares a trial on its own, and compare the two "
        "(default: no check)",
    },
    "--max-concurrent": {
        "type": _count,
        "default": 0,
        "metavar": "N",
        "help": "run at most N trials at once, e.g. 4 (default: 0, as many as the cluster holds)",
    },
    "--trials-per-gpu": {
        "type": _count,
        "default": 1,
        "metavar": "K",
        "help": "let K trials share one GPU, e.g. 2 (default: 1)",
    },
    "--order": {
        "metavar": "ORDER",
        "help": "which trials start first: longest, shortest, random or random:SEED, e.g. random:7 "
        "(default: longest, which ends soonest; random for studies that measure time)",
    },
    "--max-failures": {
        "type": _count,
        "default": 2,
        "metavar": "N",
        "help": "retry a failed trial up to N times, e.g. 0 for never (default: 2)",
    },
    "--retry-errors": {
        "action": "store_true",
        "help": "retry a trial of your own function also after an error that it raised (default: "
        "only if its worker or its machine was lost)",
    },
    "--checkpoint-seconds": {
        "type": _count,
        "default": 30,
        "metavar": "S",
        "help": "save a trial's state at most every S seconds, e.g. 300 (default: 30)",
    },
    "--search": {
        "metavar": "NAME",
        "help": "sample configurations instead of running the whole grid, e.g. tpe; allowed: "
        "random, tpe, gp, cmaes, nsga2, qmc, grid, or FILE.py:NAME or MODULE:NAME for a sampler "
        "of yours (default: run the grid)",
    },
    "--objective": {
        "metavar": "MEASURES",
        "help": "the measure that selects, or several of them, e.g. val_accuracy,train_seconds:min "
        "(default: that of the space)",
    },
    "--num-trials": {
        "type": _count,
        "metavar": "N",
        "help": "with --search: the number of configurations, e.g. 30; a larger number continues "
        "the search (required for a new search)",
    },
    "--search-seed": {
        "type": _count,
        "metavar": "S",
        "help": "with --search: the seed of the sampler, e.g. 1 (default: 0)",
    },
    "--stopping": {
        "choices": ("asha", "median", "none"),
        "help": "with --search: stop trials early that look worse than others, e.g. asha "
        "(default: none)",
    },
    "--rungs": {
        "metavar": "EPOCHS",
        "help": "with --stopping: the epochs at which it is decided which trials go on, e.g. 1,3,9 "
        "(default: the powers of --reduction)",
    },
    "--reduction": {
        "type": _count,
        "metavar": "K",
        "help": "with --stopping asha: one trial of K goes on at each rung, e.g. 4 (default: 3)",
    },
    "--continue": {
        "dest": "further",
        "metavar": "ROW",
        "help": "take one configuration of the study further, named by its id or the beginning of "
        "it, e.g. 3fa9c1 (default: run the whole study)",
    },
    "--epochs": {
        "type": _count,
        "metavar": "N",
        "help": "with --continue: the number of epochs in all, e.g. 20; only the new ones are "
        "trained if a checkpoint is left (required with --continue)",
    },
    "--best-of": {
        "metavar": "STUDY",
        "help": "train what a study has picked again, at seeds that it has not used, e.g. "
        "q1a_search; a study of your own code needs --space too (default: run the space)",
    },
    "--count": {
        "type": _count,
        "metavar": "K",
        "help": "with --best-of: repeat the K best configurations of each data set, e.g. 3 "
        "(default: 1)",
    },
    "--time-limit": {
        "metavar": "TIME",
        "help": "end the launch in order after this time, e.g. 2h; the same command continues it "
        "(default: no limit)",
    },
    "--trial-time-limit": {
        "metavar": "TIME",
        "help": "end a trial that takes longer, e.g. 20m; its rows are timed out (default: no "
        "limit)",
    },
    "--target": {
        "metavar": "MEASURE=VALUE",
        "help": "end the launch once a row has reached this result, e.g. val_accuracy=0.99 "
        "(default: none)",
    },
    "--max-cost": {
        "metavar": "HOURS",
        "help": "end the launch in order once its trials have used so much, e.g. 40cpuh or 2.5gpuh "
        "(default: no limit)",
    },
    "--log-to": {
        "choices": ("mlflow", "wandb", "trackio"),
        "help": "also send results to an experiment tracker, e.g. mlflow (default: none)",
    },
    "--notify": {
        "action": "append",
        "metavar": "URL",
        "help": "send a message when the launch has finished, failed or stopped, to a webhook or "
        "an address of Apprise, e.g. https://hooks.example.com/abc; may be repeated; addresses in "
        "TUNE_APP_NOTIFY get it too (default: only those)",
    },
    "--address": {
        "metavar": "auto|HOST:PORT",
        "help": "run on a Ray cluster that is already running, e.g. auto (default: RAY_ADDRESS if "
        "it is set, else Ray is started on this machine)",
    },
    "--wait-for-nodes": {
        "metavar": "TIME",
        "help": "with --address: how long to wait for nodes that rows need, e.g. 15m (default: do "
        "not wait)",
    },
}
