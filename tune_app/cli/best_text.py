"""The best configurations of a study as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from search_spaces.errors import one_line
from tune_app.cli.places import MOST_LISTED, counted
from tune_app.planning.overview import Overview, best_configurations
from tune_app.study.ledger import Ledger
from tune_app.study.measures import Measures
from tune_app.study.selection import Results


def best_lines(
    ledger: Ledger, view: Overview | Results, *, title: str = "best so far", most: int = MOST_LISTED
) -> Iterator[str]:
    """Yield the best configuration of each data set and model, with its validation and test value.

    Args:
        ledger: the study.
        view: the states and the results of its rows.
        title: how the first line begins.
        most: how many are named.
    """
    best, measures = best_configurations(ledger, view), Measures.of_study(ledger.study)
    if not best:
        return
    more = f" (and {len(best) - most} more)" if len(best) > most else ""
    yield one_line(f"{title}, selected by {measures.words(measures.metric)}{more}:")
    names = telling_parameters(ledger)
    for entry in best[:most]:
        yield "  " + one_line(_line(entry, names, measures, list(view.results.values())))


def _line(
    entry: Mapping[str, Any],
    names: Sequence[str],
    measures: Measures,
    rows: Sequence[Mapping[str, Any]],
) -> str:
    group: Mapping[str, Any] = entry["group"]
    config: Mapping[str, Any] = entry["config"]
    pairs = ((entry["metric"], entry["score"]), (entry["test_metric"], entry["test_score"]))
    scores = ", ".join(
        f"{name} {measures.text(name, score, [row.get(name) for row in rows])}"
        for name, score in pairs
        if score is not None
    )
    seeds = f", mean of {entry['num_seeds']} seeds" if entry["num_seeds"] > 1 else ""
    label = " ".join(map(str, group.values()))
    values = [f"{name} {config[name]}" for name in names if name in config and name not in group]
    settings = f" ({', '.join(values)})" if values else ""
    fewer = entry["num_at_fewer_seeds"]
    left_out = f"; not compared: {counted(fewer, 'configuration')} at fewer seeds" if fewer else ""
    return f"{label or entry['config_id']}: {scores}{seeds}{settings}{left_out}"


def telling_parameters(ledger: Ledger) -> list[str]:
    """Return what tells configurations apart: the factors that vary, then other parameters.

    If nothing varies it is the factors.
    """
    named = ledger.study["space"].get("factors")
    factors = [f for f in named if isinstance(f, str)] if isinstance(named, list) else []
    configs = [configuration.config for configuration in ledger.configurations()]
    names = dict.fromkeys([*factors, *(name for config in configs for name in config)])
    varied = [n for n in names if len({repr(config.get(n)) for config in configs}) > 1]
    return varied or factors
