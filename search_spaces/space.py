"""The declaration of a study: its configurations, and the question that they answer.

A search space is data. Its ``param_space`` is written as for Ray Tune: constants and
``tune.grid_search([...])`` axes. A grid value that is a mapping sets several parameters together
(*tied* parameters). Use it where the grid is not a full product, for example for kernels with
different hyperparameters::

    "svm": tune.grid_search([{"kernel": "poly", "degree": 3}, {"kernel": "rbf", "gamma": "scale"}])
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from search_spaces.configuration import Config, Configuration, canonical_json, make_configuration
from search_spaces.errors import UserError, choices, did_you_mean
from search_spaces.measure import Measure
from search_spaces.own_work import check_own_work, trainable_name
from search_spaces.reserved import RESERVED, RESERVED_PREFIXES
from search_spaces.values import (
    LARGEST_INTEGER,
    MOST_CONFIGURATIONS,
    is_grid,
    plain_axis,
    plain_scalar,
    quoted,
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MODES = ("max", "min")
ALL_THAT_VARY = ("*",)
"""Stands for factors that are left out."""
_LEAST_RESOURCE = 1e-4
"""The smallest amount of a resource that Ray can assign."""


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """A named grid of configurations for one trainable, and the question it answers.

    Attributes:
        name: short identifier, also the default name of the study.
        question: what the study is to find out, in one sentence; may be left out.
        trainable: what each trial runs: the name of a trainable that ships with the package, a
            function as Ray Tune takes it (``train(config)``, or ``train(config, data)``), a
            subclass of ``ray.tune.Trainable``, or what ``tune_app.classifier(...)`` returns.
        param_space: parameter -> constant or ``tune.grid_search([...])``.
        factors: the parameters whose effect is of interest; columns of the tables. By default all
            that vary.
        metric: the measure that selects the best configuration.
        mode: ``"max"`` or ``"min"``.
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
    factors: Sequence[str] = ALL_THAT_VARY
    metric: str = "val_accuracy"
    mode: str = "max"
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
        if not isinstance(self.metric, str) or not self.metric.strip():
            raise UserError(
                f"{self._where('metric')} must be a non-empty string, not {self.metric!r}"
            )
        if not isinstance(self.exclusive, bool):
            raise UserError(f"{self._where('exclusive')} must be True or False")
        if self.mode not in _MODES:
            raise UserError(f"{self._where('mode')} is {self.mode!r}; allowed: {choices(_MODES)}")
        self._check_param_space()
        self._check_factors()
        self._check_resources()
        check_own_work(self)

    @property
    def trainable_name(self) -> str:
        """The name of the trainable, as messages and ``study.json`` have it."""
        return trainable_name(self.trainable)

    def _where(self, name: str) -> str:
        return f"search space {self.name}: {name}"

    def _check_param_space(self) -> None:
        if not isinstance(self.param_space, Mapping) or not self.param_space:
            raise UserError(
                f"{self._where('param_space')} must map parameters to constants or "
                "tune.grid_search([...]) values"
            )
        plain: dict[str, Any] = {}
        for key, value in self.param_space.items():
            if not isinstance(key, str) or not key.isidentifier():
                raise UserError(f"{self._where('param_space')}: {key!r} is not a parameter name")
            where = self._where(f"param_space[{key!r}]")
            plain[str.__str__(key)] = axis = plain_axis(where, value)
            values = _grid_values(axis)
            if len({canonical_json({"value": entry}) for entry in values}) < len(values):
                raise UserError(f"{where}: tune.grid_search holds a value twice; remove one")
        object.__setattr__(self, "param_space", plain)
        self._check_names()
        if self.num_configurations() > MOST_CONFIGURATIONS:
            raise UserError(
                f"{self._where('param_space')} has {self.num_configurations():,} configurations; "
                f"allowed: at most {MOST_CONFIGURATIONS:,}; shorten its axes"
            )

    def _check_names(self) -> None:
        for name in self.parameters():
            if name in RESERVED or name.startswith(RESERVED_PREFIXES):
                raise UserError(
                    f"{self._where('param_space')}: the name {name!r} is reserved; give the "
                    f"parameter another name; reserved: {choices(sorted(RESERVED))}, and names "
                    f"that begin with {choices(RESERVED_PREFIXES)}"
                )
        if self.metric in self.parameters():
            raise UserError(
                f"{self._where('metric')} {self.metric!r} is also a parameter's name; rename one"
            )

    def _check_factors(self) -> None:
        if self.factors is ALL_THAT_VARY:
            object.__setattr__(self, "factors", self._varying())
        if isinstance(self.factors, str) or not isinstance(self.factors, Sequence):
            raise UserError(f"{self._where('factors')} must be a tuple of parameter names")
        object.__setattr__(self, "factors", tuple(plain_scalar(f) for f in self.factors))
        known = self.parameters()
        for factor in self.factors:
            if factor not in known:
                raise UserError(
                    f"{self._where('factors')}: {factor!r} is not in param_space"
                    f"{did_you_mean(str(factor), known)}; allowed: {choices(known)}"
                )

    def _check_resources(self) -> None:
        if not isinstance(self.resources, Mapping):
            raise UserError(f"{self._where('resources')} must be a mapping such as {{'cpu': 1}}")
        plain = {plain_scalar(key): plain_scalar(value) for key, value in self.resources.items()}
        object.__setattr__(self, "resources", plain)
        for key, value in plain.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not isinstance(key, str) or not number or not 0 <= value <= LARGEST_INTEGER:
                raise UserError(
                    f"{self._where('resources')}: {key!r}: {quoted(value)} must be a number >= 0"
                )
            if 0 < value < _LEAST_RESOURCE:
                raise UserError(
                    f"{self._where('resources')}: {key!r}: {value!r} is less than Ray's smallest "
                    f"share, {_LEAST_RESOURCE}"
                )
        # Without an entry for the CPU a trial requests one CPU.
        names_cpu = {"cpu", "CPU"} & self.resources.keys()
        if names_cpu and not any(self.resources.values()):
            raise UserError(
                f"{self._where('resources')} requests nothing; allowed: an amount above 0, such as "
                "{'cpu': 1}, the default"
            )

    def parameters(self) -> tuple[str, ...]:
        """Return every parameter that at least one configuration sets, in declared order."""
        names: dict[str, None] = {}
        for key, value in self.param_space.items():
            for entry in _grid_values(value):
                names.update(dict.fromkeys(entry if isinstance(entry, Mapping) else (key,)))
        return tuple(names)

    def _varying(self) -> tuple[str, ...]:
        """Return the parameters of every axis with more than one value, in declared order."""
        names: dict[str, None] = {}
        for key, value in self.param_space.items():
            entries = _grid_values(value)
            for entry in entries if len(entries) > 1 else ():
                names.update(dict.fromkeys(entry if isinstance(entry, Mapping) else (key,)))
        return tuple(names)

    def expand(self, defaults: Mapping[str, Any] | None = None) -> list[Configuration]:
        """Return every configuration; the last axis of ``param_space`` varies fastest.

        Args:
            defaults: the trainable's values of parameters that a configuration leaves out.

        Raises:
            UserError: two points of the grid are the same configuration.
        """
        axes = [[(key, v) for v in _grid_values(value)] for key, value in self.param_space.items()]
        points = itertools.product(*axes)
        configurations = [make_configuration(_merge(point), defaults or {}) for point in points]
        if len({c.config_id for c in configurations}) < len(configurations):
            raise UserError(
                f"{self._where('param_space')}: two points of the grid are the same configuration; "
                "remove one"
            )
        return configurations

    def num_configurations(self) -> int:
        """Return the size of the grid without expanding it."""
        return math.prod(len(_grid_values(value)) for value in self.param_space.values())


FIELD_NAMES = tuple(f.name for f in fields(SearchSpace))


def _grid_values(value: Any) -> Sequence[Any]:
    """Return the values of an axis in its plain form."""
    return list(value["grid_search"]) if is_grid(value) else [value]


def _merge(point: Sequence[tuple[str, Any]]) -> Config:
    config: Config = {}
    for key, value in point:
        config.update(value if isinstance(value, Mapping) else {key: value})
    return config
