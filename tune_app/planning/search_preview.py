"""Trials as a search may ask for them, so that it can be estimated before it has chosen any.

They are drawn at random from the space, without those that were tried. Of a random search they are
those that it will ask for; other samplers come to prefer some values, which nobody knows before.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import cycle, islice

from tune_app.planning.estimate import of_few_kinds
from tune_app.planning.plan import PlannedTrial
from tune_app.planning.prepared_study import PreparedStudy
from tune_app.planning.remaining import num_yet_to_ask
from tune_app.planning.resources import Cluster
from tune_app.planning.search.plain_samplers import RandomSampler
from tune_app.planning.search.proposals import Proposals
from tune_app.planning.search_trials import SearchTrials

_MOST_DRAWN = 200
_MOST_KINDS = 16


def preview(study: PreparedStudy, cluster: Cluster) -> list[PlannedTrial]:
    """Return as many trials as the search of a study has yet to ask for; none without a search.

    At most 200 are drawn, and those of the first 16 kinds kept; the others are the same again.
    """
    if study.search is None:
        return []
    asked = {configuration.config_id for configuration in study.asked()}
    number = num_yet_to_ask(study.ledger, study.search.num_trials, len(asked))
    drawn = _drawn(study, cluster, asked, min(number, _MOST_DRAWN))
    return list(islice(cycle(of_few_kinds(drawn, study.trainable, _MOST_KINDS)), number))


def _drawn(
    study: PreparedStudy, cluster: Cluster, asked: Collection[str], number: int
) -> list[PlannedTrial]:
    assert study.search is not None
    space, settings = study.request.space, study.search
    sampler = RandomSampler(space, seed=settings.seed, mode=space.mode)
    proposals = Proposals(settings, space, sampler, study.trainable.defaults())
    proposals.tried.update(asked)
    trials, found = SearchTrials(study, cluster), []
    for index in range(len(asked), len(asked) + number):
        proposal = proposals.next(index)
        if proposal is None:
            break
        proposals.tried.add(proposal.configuration.config_id)
        trial = trials.of(proposal.configuration)
        if isinstance(trial, PlannedTrial):
            found.append(trial)
    return found
