"""What Syne Tune starts for each trial: a script with a parameter an option."""

from __future__ import annotations

from argparse import ArgumentParser

from tests.benchmarks.search.problem import DOMAINS, Training


def main() -> None:
    from syne_tune import Reporter

    whole = {"batch_size", "width"}
    parser = ArgumentParser()
    parser.add_argument("--seed", type=int)
    for name in DOMAINS:
        parser.add_argument(f"--{name}", type=int if name in whole else float)
    config, _ = parser.parse_known_args()  # it adds options of its own
    report = Reporter()
    for row in Training(vars(config)).epochs():
        report(**row)


if __name__ == "__main__":
    main()
