"""Trials as a search may ask for them, so that it can be estimated before it has chosen any.

They are drawn at random from the space, without those that were tried. Of a random search they are
those that it will ask for; other samplers come to prefer some values, which nobody knows before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle, islice

from search_spaces.configuration import Configuration
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
    """Return trials like those that the search of a study has yet to ask for; none without one.

    At most 200 are drawn, and those of the first 16 kinds kept; the others are the same again.
    There are as many as can run on the cluster: a proposal that cannot counts too.
    """
    if study.search is None:
        return []
    num_asked = len(study.asked())
    number = num_yet_to_ask(study.ledger, study.search.num_trials, num_asked)
    drawn = list(islice(_proposals(study, num_asked), min(number, _MOST_DRAWN)))
    if len(drawn) < _MOST_DRAWN:  # the space may have no more
        number = len(drawn)
    trials = SearchTrials(study, cluster)
    found = [t for d in drawn if isinstance(t := trials.of(d), PlannedTrial)]
    number = round(number * len(found) / max(1, len(drawn)))
    return list(islice(cycle(of_few_kinds(found, study.trainable, _MOST_KINDS)), number))


def _proposals(study: PreparedStudy, num_asked: int) -> Iterator[Configuration]:
    """Yield random configurations that were not tried, each once."""
    assert study.search is not None
    space, settings = study.request.space, study.search
    sampler = RandomSampler(space, seed=settings.seed, mode=space.mode)
    proposals = Proposals(settings, space, sampler, study.trainable.defaults())
    ended = study.recorded.ended(study.ledger.study)
    asked = [configuration.config_id for configuration in study.asked()]
    proposals.tried.update(asked, (config_id for config_id, _ in ended))
    for number in count(num_asked):
        proposal = proposals.next(number)
        if proposal is None:
            return
        proposals.tried.add(proposal.configuration.config_id)
        yield proposal.configuration
