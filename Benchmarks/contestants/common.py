"""What every Python contestant shares: the line protocol, the inputs and the clock.

A contestant is a long-lived process: one JSON command a line on standard input, one JSON answer a
line on standard output. A command `{"do": "step", ...}` is answered by the method `do_step`.
"""

import argparse
import json
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LEARNING_RATE = 1e-6
CLIP_NORM = 1.0
PAIRS_PER_STEP = 16
DECODE_PROMPT_TOKENS = 16
SGEMM_SIZE = 4096


@dataclass(frozen=True)
class Pair:
    """Token ids of a prompt and its two responses, the end token included."""

    prompt: list[int]
    actual: list[int]
    generated: list[int]

    @property
    def sequence_tokens(self) -> int:
        """Tokens of the two sequences, the prompt counted twice."""
        return 2 * len(self.prompt) + len(self.actual) + len(self.generated)


class Inputs:
    """What prepare.py made: the pairs of a step and the prompts of a rollout."""

    def __init__(self, pairs_file: str, prompts_file: str):
        pairs = json.loads(Path(pairs_file).read_text())
        prompts = json.loads(Path(prompts_file).read_text())
        self.pairs = [Pair(**pair) for pair in pairs["pairs"]]
        self.beta = pairs["beta"]
        self.prompts = prompts["prompts"]
        self.actual = prompts["actual"]

    def some_tokens(self, count: int) -> list[int]:
        """The first `count` tokens of the prompts, one prompt after the other."""
        tokens = [token for prompt in self.prompts for token in prompt]
        return tokens[:count]


class Stopwatch:
    """Seconds by phase, and of all together."""

    def __init__(self):
        self.phases: dict[str, float] = {}
        self._start = self._last = time.perf_counter()

    def lap(self, phase: str) -> None:
        """Books the time since the last lap on a phase."""
        now = time.perf_counter()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self._last
        self._last = now

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start


class Contestant:
    """A peer: subclasses load a model in `load` and answer commands in `do_...` methods."""

    name = "?"

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.threads = options.threads
        self.inputs = Inputs(options.pairs, options.prompts)

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Arguments of this contestant alone."""

    def load(self) -> None:
        raise NotImplementedError

    def versions(self) -> dict[str, str]:
        raise NotImplementedError

    def answer(self, command: dict) -> dict:
        method = getattr(self, "do_" + command.pop("do", ""), None)
        if method is None:
            return {"error": "unsupported"}
        try:
            return method(**command) | {"max_rss_bytes": max_rss_bytes()}
        except Exception as problem:  # the orchestrator writes it down and goes on
            return {"error": f"{type(problem).__name__}: {problem}"}


def max_rss_bytes() -> int:
    """The largest resident set so far; Linux counts it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def chunks(items: list, size: int) -> list[list]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def folder_bytes(folder: str) -> int:
    return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


def sync_folder(folder: str) -> None:
    """Waits until the files are on the disk, as every contestant's checkpoint has to."""
    for file in Path(folder).rglob("*"):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def run(contestant_class: type[Contestant]) -> None:
    """Loads the contestant and answers commands until `quit` or the end of the input."""
    answers = _claim_standard_output()
    options = _parse(contestant_class)
    watch = Stopwatch()
    contestant = contestant_class(options)
    contestant.load()
    _say(answers, {
        "ready": True, "name": contestant.name, "versions": contestant.versions(),
        "load_seconds": watch.seconds, "max_rss_bytes": max_rss_bytes(),
    })
    for line in sys.stdin:
        command = json.loads(line)
        if command.get("do") == "quit":
            break
        _say(answers, contestant.answer(command))


def _claim_standard_output():
    """Keeps the protocol's stream for answers; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _parse(contestant_class: type[Contestant]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=contestant_class.__doc__)
    parser.add_argument("--model", required=True, help="Hugging Face folder, float32")
    parser.add_argument("--gguf", help="the same model as an F32 GGUF file")
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--prompts", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    contestant_class.add_arguments(parser)
    return parser.parse_args()


def _say(stream, answer: dict) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()
