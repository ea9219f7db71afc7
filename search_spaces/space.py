"""The declaration of a study: its configurations, and the question that they answer.

A search space is data. Its ``param_space`` is written as for Ray Tune: constants,
``tune.grid_search([...])`` axes, and domains (:mod:`search_spaces.domains`), from which a search
draws values. A grid value that is a mapping sets several parameters together (*tied* parameters).
Use it where the grid is not a full product, for example for kernels with different
hyperparameters::

    "svm": tune.grid_search([{"kernel": "poly", "degree": 3}, {"kernel": "rbf", "gamma": "scale"}])
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from search_spaces.configuration import Config, Configuration, canonical_json, make_configuration
from search_spaces.domain_forms import plain_entry, sampled_axes
from search_spaces.errors import UserError
from search_spaces.measure import Measure, default_mode
from search_spaces.own_work import check_own_work, trainable_name
from search_spaces.points import (
    all_points,
    choices_of,
    corners,
    is_constant,
    name_set_twice,
    names_of,
    num_points,
    point_at,
)
from search_spaces.space_checks import (
    check_modes,
    check_names,
    check_objectives,
    checked_factors,
    checked_points,
    checked_resources,
)
from search_spaces.values import MOST_CONFIGURATIONS, is_grid

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ALL_THAT_VARY = ("*",)
"""Stands for factors that are left out."""


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """A named set of configurations for one trainable, and the question it answers.

    Attributes:
        name: short identifier, also the default name of the study.
        question: what the study is to find out, in one sentence; may be left out.
        trainable: what each trial runs: the name of a trainable that ships with the package, a
            function as Ray Tune takes it (``train(config)``, or ``train(config, data)``), a
            subclass of ``ray.tune.Trainable``, or what ``tune_app.classifier(...)`` returns.
        param_space: parameter -> constant, ``tune.grid_search([...])``, or a domain such as
            ``tune.uniform(0, 1)``.
        start_with: points that a search tries before its own: parameter -> value, for every
            parameter that is not constant.
        factors: the parameters whose effect is of interest; columns of the tables. By default all
            that vary.
        metric: the measure that selects the best configuration.
        mode: ``"max"`` or ``"min"``. By default it is that of the metric's declared measure; else
            ``"min"`` for a loss and ``"max"`` for other names. An error such as ``val_rmse`` needs
            one.
        objectives: for several objectives: measure -> ``"max"`` or ``"min"``, two or three of them.
            The first stands for ``metric`` and ``mode``, and picks where one has to be picked.
        measures: name of a reported quantity -> its unit, its direction and its split, where the
            name alone does not tell.
        datasets: name -> function that loads the data set
            (:class:`tune_app.data.array_data.ArrayData`). A configuration chooses with its
            parameter ``dataset``; a single data set needs no such parameter.
        prefix_axis: for a function or a class: the parameter that gives the length of the training.
            It says that a short training is the beginning of a longer one, so that both can share a
            trial. None if trainings are never the beginning of another.
        result: for a function or a class: which reported row is the result of a trial: the
            ``"last"`` one, or the ``"best"`` by the metric.
        keep_checkpoints: which checkpoints stay after a trial has ended: ``"last"``, ``"best"`` by
            the metric, the newest N, or ``"none"``. None leaves it to the trainable: ``"last"`` for
            a function or a class, ``"none"`` for the others.
        resources: what one trial requests from Ray, e.g. ``{"cpu": 1}``. A trial on CUDA also
            requests a GPU.
        exclusive: whether the study measures time. Each trial then runs alone, on every CPU of its
            node or on a whole GPU, and the trials run in random order.

    Raises:
        UserError: a field has a value that is not allowed. The message names the field and what is
            allowed.
    """

    name: str
    question: str = ""
    trainable: Any
    param_space: Mapping[str, Any] = field(hash=False)
    start_with: Sequence[Mapping[str, Any]] = field(default=(), hash=False)
    factors: Sequence[str] = ALL_THAT_VARY
    metric: str = "val_accuracy"
    mode: str = ""
    objectives: Mapping[str, str] = field(default_factory=dict, hash=False)
    measures: Mapping[str, Measure] = field(default_factory=dict, hash=False)
    datasets: Mapping[str, Callable[[], Any]] = field(default_factory=dict, hash=False)
    prefix_axis: str | None = None
    result: str = "last"
    keep_checkpoints: str | int | None = None
    resources: Mapping[str, float] = field(default_factory=lambda: {"cpu": 1.0}, hash=False)
    exclusive: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise UserError(
                f"search space name {self.name!r}: use lower-case letters, digits and _, "
                "beginning with a letter, at most 40 characters"
            )
        if not isinstance(self.question, str):
            raise UserError(f"{self._where('question')} must be a string, not {self.question!r}")
        if self.objectives:
            metric, mode = check_objectives(self)
            object.__setattr__(self, "metric", metric)
            object.__setattr__(self, "mode", mode)
        if not isinstance(self.metric, str) or not self.metric.strip():
            raise UserError(
                f"{self._where('metric')} must be a non-empty string, not {self.metric!r}"
            )
        if not isinstance(self.exclusive, bool):
            raise UserError(f"{self._where('exclusive')} must be True or False")
        self._check_param_space()
        if self.factors is ALL_THAT_VARY:
            object.__setattr__(self, "factors", self._varying())
        object.__setattr__(self, "factors", checked_factors(self))
        object.__setattr__(self, "resources", checked_resources(self))
        object.__setattr__(self, "start_with", checked_points(self))
        check_own_work(self)
        if self.mode == "":
            object.__setattr__(self, "mode", default_mode(self.metric, self.measures))
        check_modes(self)

    @property
    def trainable_name(self) -> str:
        """The name of the trainable, as messages and ``study.json`` have it."""
        return trainable_name(self.trainable)

    @cached_property
    def axes(self) -> dict[str, Any]:
        """Name -> constant, tied constants or domain; a grid is a choice of its values."""
        return sampled_axes(self.param_space)

    @property
    def has_domains(self) -> bool:
        """Whether only a search can choose the configurations."""
        return not all(is_grid(v) or is_constant(self.axes[k]) for k, v in self.param_space.items())

    def _where(self, name: str) -> str:
        return f"search space {self.name}: {name}"

    def _check_param_space(self) -> None:
        if not isinstance(self.param_space, Mapping) or not self.param_space:
            raise UserError(
                f"{self._where('param_space')} must map parameters, at least one, to constants or "
                "tune.grid_search([...]) values"
            )
        plain: dict[str, Any] = {}
        for key, value in self.param_space.items():
            if not isinstance(key, str) or not key.isidentifier():
                raise UserError(f"{self._where('param_space')}: {key!r} is not a parameter name")
            where = self._where(f"param_space[{key!r}]")
            plain[str.__str__(key)] = axis = plain_entry(where, value)
            values = axis["grid_search"] if is_grid(axis) else ()
            if len({canonical_json(entry) for entry in values}) < len(values):
                raise UserError(f"{where}: tune.grid_search holds a value twice; remove one")
        object.__setattr__(self, "param_space", plain)
        check_names(self)
        if twice := name_set_twice(self.axes):
            raise UserError(f"{self._where('param_space')}: {twice!r} is set twice; rename one")
        if not self.has_domains and (self.num_configurations() or 0) > MOST_CONFIGURATIONS:
            raise UserError(
                f"{self._where('param_space')} has {self.num_configurations():,} configurations; "
                f"allowed: at most {MOST_CONFIGURATIONS:,}; shorten its axes"
            )

    def parameters(self) -> tuple[str, ...]:
        """Return every parameter that at least one configuration sets, in declared order."""
        return tuple(names_of("", self.axes))

    def _varying(self) -> tuple[str, ...]:
        """Return the parameters of every axis with more than one value, in declared order."""
        varying = {key: value for key, value in self.axes.items() if not is_constant(value)}
        return tuple(names_of("", varying))

    def expand(self, defaults: Mapping[str, Any] | None = None) -> list[Configuration]:
        """Return every configuration of a grid; the last axis of ``param_space`` varies fastest.

        A space with domains has no grid. What it declares are the points of ``start_with``.

        Args:
            defaults: the trainable's values of parameters that a configuration leaves out.

        Raises:
            UserError: two points of the grid are the same configuration.
        """
        points = map(dict, self.start_with) if self.has_domains else all_points(self.axes)
        configurations = [make_configuration(entry, defaults or {}) for entry in points]
        if len({c.config_id for c in configurations}) < len(configurations):
            raise UserError(
                f"{self._where('param_space')}: two points of the grid are the same configuration; "
                "remove one"
            )
        return configurations

    def corners(self) -> list[Configuration]:
        """Return configurations that hold every value of the space's bounds, options and grids.

        What is allowed for them is allowed for the whole space. For a grid they are all of it.
        """
        if not self.has_domains:
            return self.expand()
        return [make_configuration(config) for config in corners(self.axes)]

    def point_of(self, config: Config, defaults: Config) -> Config | None:
        """Return a configuration with each parameter of the space; None if it is no point of it.

        Args:
            config: the configuration.
            defaults: the trainable's values of parameters that a configuration leaves out.
        """
        found = choices_of(self.axes, config, defaults)
        return None if found is None else point_at(self.axes, found)

    def num_configurations(self) -> int | None:
        """Return how many configurations the space has, or None if there is no end of them."""
        return num_points(self.axes)


FIELD_NAMES = tuple(f.name for f in fields(SearchSpace))
