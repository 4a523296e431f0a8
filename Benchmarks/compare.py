"""Runs spind beside its peers in alternation; writes a JSON file and a Markdown table.

The work folder comes from prepare.py. See README.md for what the suites measure.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import machine
import report
from suites import SUITES, Suite
from workbench import PEERS, Settings, Workbench

FULL_PROMPTS = 256
QUICK_PROMPTS = 64
FULL_ROUNDS = 3


def main() -> None:
    options = parse_arguments()
    settings = Settings(
        folder=options.folder, spind=options.spind, threads=options.threads,
        rounds=options.rounds or (1 if options.quick else FULL_ROUNDS), quick=options.quick,
        prompts=options.prompts or (QUICK_PROMPTS if options.quick else FULL_PROMPTS),
        timeout=options.timeout, peers=options.peers)
    bench = Workbench(settings)
    results = {
        "machine": machine.describe(settings.threads),
        "settings": {"rounds": settings.rounds, "prompts": settings.prompts},
        "versions": bench.versions, "suites": {},
    }
    for name in options.only:
        start = time.monotonic()
        suite = Suite(bench)
        SUITES[name](suite)
        results["suites"][name] = suite.json() | {"seconds": time.monotonic() - start}
        write(options.output, results)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="made by prepare.py")
    parser.add_argument("--spind", type=Path, default=Path(".build/release/spind-contestant"))
    parser.add_argument("--output", type=Path, default=Path("benchmark"), help="without suffix")
    parser.add_argument(
        "--only", type=names_among(SUITES), default=list(SUITES), help=", ".join(SUITES))
    parser.add_argument("--peers", type=names_among(PEERS), help="unless all: " + ", ".join(PEERS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, help=f"turns of each, {FULL_ROUNDS} unless quick")
    parser.add_argument("--prompts", type=int, help=f"of a rollout, {FULL_PROMPTS} unless quick")
    parser.add_argument("--quick", action="store_true", help="one round, fewer prompts")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for one command")
    return parser.parse_args()


def names_among(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Reads names with commas between them."""
    def read(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return read


def write(output: Path, results: dict) -> None:
    """After every suite, so that nothing is lost when a later one is stopped."""
    output.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    output.with_suffix(".md").write_text(report.markdown(results))


if __name__ == "__main__":
    main()
