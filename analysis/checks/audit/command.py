"""The command line of the audit: targets, options, and the output as text or JSON.

Exit status: 0 if nothing serious was found, 1 if a finding is an error or serious, 2 after a user's
mistake.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from analysis.checks.audit import audit_tables, published
from analysis.checks.audit.against import against
from analysis.checks.audit.columns import Options
from analysis.checks.audit.finding import Audit, Finding
from analysis.checks.audit.headings import KNOWN, NOTE
from analysis.checks.audit.read import read_csv
from analysis.checks.audit.study import audit_study, study_table
from analysis.checks.audit.table import Table
from analysis.command_line import Parser, images_argument, path_argument
from analysis.frames.cells import counted
from analysis.frames.load import load_study
from analysis.labs.reference import TABLES
from analysis.render.markdown import escape
from search_spaces.errors import UserError, choices, did_you_mean
from tune_app.storage.open_store import is_path
from tune_app.storage.output import answering_mistakes, print_json, print_text

_REPORTS = ("report_a", "report_b", "all")


@answering_mistakes
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 if something is wrong, or 2 after a user's mistake."""
    arguments = _parser().parsed(argv)
    audits = _audits(arguments)
    if arguments.json:
        print_json([audit.as_json() for audit in audits], indent=1)
    else:
        print_text("\n\n".join(as_text(audit) for audit in audits))
    return int(any(audit.failed for audit in audits))


def as_text(audit: Audit) -> str:
    """Return an audit as Markdown: findings, worst first, then the clean and the skipped rules."""
    lines = [f"## {escape(audit.table)} ({counted(audit.num_rows, 'row')})", ""]
    lines += [f"*{escape(remark)}*" for remark in audit.remarks]
    lines += [""] if audit.remarks else []
    for finding in audit.findings:
        lines.append(f"- **{finding.severity}** ({finding.rule}): {escape(finding.says)}.")
        lines.append(f"  Evidence: {escape(finding.evidence)}.")
        lines.append(f"  To settle it: {escape(finding.settle)}.")
    lines += [] if audit.findings else ["Nothing found."]
    lines += ["", f"Applied without a finding: {choices(audit.clean) or 'none'}."]
    if audit.skipped:
        rules: dict[str, list[str]] = {}
        for rule, why in audit.skipped.items():
            rules.setdefault(why, []).append(rule)
        lines.append("Not applied:")
        lines += [f"- {', '.join(names)}: {escape(why)}" for why, names in rules.items()]
    return "\n".join(lines)


def _audits(arguments: argparse.Namespace) -> list[Audit]:
    options = _options(arguments)
    tables: list[Table] = []
    audits = []
    for target in arguments.targets:
        path = Path(target)
        usable = bool(target.strip()) and "\0" not in target
        if target in (*TABLES, *_REPORTS):
            tables += [t for t in published(target) if t.name not in {x.name for x in tables}]
        elif not is_path(target):
            audits.append(audit_study(target, data=arguments.data))
        elif usable and _is(path, "is_dir"):
            audits.append(audit_study(path, data=arguments.data))
        elif usable and _is(path, "exists"):
            tables.append(read_csv(path, options))
        else:
            raise UserError(
                f"{target[:200]!r}: no such file or directory, and no published table"
                f"{did_you_mean(target[:200], (*TABLES, *_REPORTS))}; "
                f"published: {choices((*TABLES, *_REPORTS))}"
            )
    more = {} if arguments.against is None else _against(tables, arguments.against, options)
    return [*audit_tables(tables, more), *audits]


def _against(tables: list[Table], path: Path, options: Options) -> dict[str, list[Finding]]:
    """Compare every table with a CSV file, or with the rows of a study directory."""
    if not tables:
        raise UserError("--against: give the table that it is compared with first")
    is_study = not is_path(str(path)) or _is(path, "is_dir")
    stated = replace(options, names={}, factors=(), notes=(), compared=())
    other = study_table(load_study(str(path))) if is_study else read_csv(path, stated)
    return {table.name: against(table, other) for table in tables}


def _is(path: Path, question: str) -> bool:
    try:
        return bool(getattr(path, question)())
    except (OSError, ValueError):  # a name that is too long, or a folder without permission
        return False


def _options(arguments: argparse.Namespace) -> Options:
    names, notes = {}, []
    for pair in arguments.map:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs:
            raise UserError(f"--map {pair}: write --map OURS=THEIRS, such as test_accuracy=acc")
        if ours == NOTE:
            notes.append(theirs.strip())
            continue
        if ours not in KNOWN and ours not in arguments.factor:
            raise UserError(
                f"--map {pair}: no column {ours!r}{did_you_mean(ours, KNOWN)}; "
                f"allowed: {choices((*KNOWN, NOTE))}"
            )
        names[ours] = theirs
    return Options(
        names=names,
        factors=arguments.factor,
        notes=notes,
        percent=True if arguments.percent else False if arguments.fraction else None,
        num_test=arguments.num_test,
        num_images=arguments.num_images,
        runs=arguments.runs,
        averaging=arguments.averaging,
        ceiling=arguments.ceiling,
        selected_on=arguments.selected_on,
        compared=arguments.compare,
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 999999999")
    return int(text)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a fraction between 0 and 1")
    return value


def _parser() -> Parser:
    parser = Parser(
        "analysis.audit",
        "Check a table of results for what cannot be right or does not follow. The answer begins "
        "with what each column was taken for; --map, --factor, --percent and --fraction correct "
        "it. Exit status: 0 nothing serious, 1 errors or serious findings, 2 a mistake in the "
        "command or the file.",
        epilog="examples: %(prog)s my_table.csv --num-test 10000; %(prog)s table.md --map lr=step; "
        "%(prog)s my_table.csv --against log.csv; %(prog)s results/q1a --data images",
    )
    parser.add_argument(
        "targets",
        nargs="+",
        metavar="TABLE",
        help="a file with a table (CSV, Markdown, LaTeX, aligned text, JSON), a study directory, "
        "a published study such as published:q1b, or a published table: "
        + ", ".join((*TABLES, *_REPORTS)),
    )
    _add_reading(parser.add_argument_group("how the table is read"))
    _add_facts(parser.add_argument_group("what is known of the results, for more rules"))
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    return parser


def _add_reading(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="OURS=THEIRS",
        help="what a column is, e.g. test_accuracy=acc, or note=depth for one that is not to be "
        "used; may be repeated",
    )
    group.add_argument(
        "--factor",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column that is a further setting, e.g. depth; may be repeated",
    )
    unit = group.add_mutually_exclusive_group()
    unit.add_argument(
        "--percent",
        action="store_true",
        help="accuracies are percentages (default: as their size suggests)",
    )
    unit.add_argument("--fraction", action="store_true", help="accuracies are fractions")


def _add_facts(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--num-test", type=_count, metavar="N", help="test images of every row, e.g. 10000"
    )
    group.add_argument(
        "--num-images",
        type=_count,
        metavar="N",
        help="all images, before they were split into training and test images, e.g. 70000",
    )
    group.add_argument(
        "--runs",
        type=_count,
        metavar="N",
        help="each row is the mean of N runs (default: 1, unless a spread is beside the accuracy)",
    )
    group.add_argument(
        "--averaging",
        choices=("macro", "weighted", "micro"),
        help="how precision, recall and F1 are averaged over classes (default: any may be)",
    )
    group.add_argument(
        "--ceiling",
        type=_fraction,
        metavar="X",
        help="the highest plausible accuracy as a fraction, e.g. 0.995",
    )
    group.add_argument(
        "--selected-on", choices=("val", "test"), help="what rows called the best were picked on"
    )
    group.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="SETTING",
        help="a setting whose values are compared, e.g. device: rows without a counterpart are "
        "named; may be repeated",
    )
    group.add_argument(
        "--data",
        type=images_argument,
        metavar="sample|FOLDER",
        help="the sample that is shipped, or a folder with the images of a study, to find test "
        "images among the training images, e.g. ~/mnist",
    )
    group.add_argument(
        "--against",
        type=path_argument,
        metavar="OTHER",
        help="a second copy of the table, its log, or a study directory, to compare it with",
    )
