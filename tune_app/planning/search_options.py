"""The options of a search as the user gives them, and the settings that they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search_spaces.errors import UserError
from tune_app.study.search_settings import MOST_TRIALS, SearchSettings

if TYPE_CHECKING:
    from tune_app.planning.request import StudyRequest
    from tune_app.study.ledger import Ledger
    from tune_app.training.registry import Trainable


@dataclass(frozen=True)
class SearchOptions:
    """What the user says about a search. None stands for the study's setting, or for the default.

    Attributes:
        sampler: the name of a sampler, or ``MODULE:NAME``.
        num_trials: how many configurations the search tries.
        seed: the seed of the sampler.
        stopping: the rule that stops trials: ``asha``, ``median`` or ``none``.
        rungs: the epochs at which it decides.
        reduction: of how many trials one goes on; gives the rungs if they are not named.
    """

    sampler: str | None = None
    num_trials: int | None = None
    seed: int | None = None
    stopping: str | None = None
    rungs: tuple[int, ...] | None = None
    reduction: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the user says nothing about a search."""
        return self == SearchOptions()


def search_settings(request: StudyRequest, recorded: object) -> SearchSettings | None:
    """Return the settings of the search, or None if the launch does not search.

    Args:
        request: what the user asks for.
        recorded: the entry ``search`` of an existing study, or None.

    Raises:
        UserError: the options name no sampler, or no number of trials, and no study has them.
    """
    known, options, space = _recorded(recorded), request.search, request.space
    if request.further is not None:
        if not options.is_empty:
            raise UserError("--continue takes one row further, without a search; leave one out")
        return None
    if options.is_empty:
        if request.add or not space.has_domains:
            return None
        if known is not None:
            return known
        raise UserError(
            f"search space {space.name} has domains, from which configurations are sampled; "
            "add --search tpe --num-trials 30, say"
        )
    if known is None and options.sampler is None:
        raise UserError(
            "--search is missing: the other options of a search need it, e.g. --search tpe"
        )
    if known is None and options.num_trials is None:
        raise UserError(
            "--num-trials is missing: the number of configurations that the search tries, e.g. "
            "--num-trials 30"
        )
    given = {name: value for name, value in vars(options).items() if value is not None}
    if "reduction" in given:
        given.setdefault("rungs", ())
    before = {} if known is None else vars(known)
    return SearchSettings(**{**before, **given})


def _recorded(entry: object) -> SearchSettings | None:
    try:
        return None if entry is None else SearchSettings.from_json(entry)
    except ValueError as problem:
        raise UserError(f"study.json: {problem}; restore it from a copy") from None


def check_one_seed(request: StudyRequest, existing: Ledger | None) -> None:
    """Check that a study with a search has one seed, also after what the user asks for.

    Raises:
        UserError: it would have several.
    """
    seeds = {*request.seeds, *(existing.study["seeds"] if existing is not None else ())}
    if len(seeds) > 1:
        raise UserError(
            f"--seeds: a search tries each configuration at one seed, not at {len(seeds)}; name "
            "one seed, and repeat the best configuration at others afterwards, with --best-of"
        )


def check_search(search: SearchSettings, request: StudyRequest, trainable: Trainable) -> None:
    """Check that a search can be run with the other options.

    Raises:
        UserError: it cannot.
    """
    if not 1 <= search.num_trials <= MOST_TRIALS:
        raise UserError(f"--num-trials {search.num_trials}: allowed: 1 to {MOST_TRIALS:,}")
    for option, is_given, instead in (
        ("--add", request.add, "leave out the options of the search to run the points alone"),
        ("--where", request.where, "use --set to give parameters fixed values"),
        ("--order", request.order, "leave the option out"),
    ):
        if is_given:
            raise UserError(f"{option}: a search decides itself which rows come next; {instead}")
    if request.budget_seconds is not None:
        raise UserError(
            "--budget: the trials of a search are not known beforehand; use --images and "
            "--time-limit instead"
        )
    if request.check_sharing:
        raise UserError("--check-sharing: each trial of a search serves one row; leave it out")
    several = request.space.objectives
    if search.stopping != "none" and several:
        raise UserError(
            f"--stopping {search.stopping}: decides by one objective, and there are "
            f"{len(several)} ({', '.join(several)}); leave it out, or name one with --objective "
            f"{next(iter(several))}"
        )
    if search.stopping != "none" and trainable.prefix_axis is None and not trainable.is_own:
        raise UserError(
            f"--stopping {search.stopping}: trainable {trainable.name} has no epochs at which a "
            "trial could be stopped; leave the option out"
        )
