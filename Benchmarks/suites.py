"""What is measured. Every suite runs alone and returns what the report shows."""

import json
import shutil
import statistics
import subprocess
from collections.abc import Callable
from itertools import product

from contestant_process import ContestantFailed
from workbench import SPIND, Comparison, Workbench, measured, say

MAX_NEW_TOKENS = 128
ROLLOUT = {
    "do": "rollout", "max_new_tokens": MAX_NEW_TOKENS, "seed": 1, "temperature": 1.0,
    "top_p": 0.9,
}
TRIAL_PROMPTS = 64
TRIAL_TOKENS = 48
GENERATE_BATCHES = (16, 32, 64)
LLAMA_SLOTS = (16, 32, 64)
LLAMA_VARIANTS = tuple(product(("--flash", "--no-flash"), ("--unified", "--no-unified")))
MEMORY_PROMPTS = 32
PAIRS_PER_STEP = 16


class Suite:
    """Collects comparisons; a contestant that fails becomes an entry, not an end."""

    def __init__(self, bench: Workbench):
        self.bench = bench
        self.comparisons: list[Comparison] = []
        self.failures: list[str] = []
        self.more: dict = {}

    def compare(self, work: str, peer: str, *arguments, **named) -> Comparison | None:
        """None where the peer is not wanted, or fails."""
        if not self.bench.settings.wants(peer):
            return None
        comparison = self.attempt(lambda: self.bench.compare(work, peer, *arguments, **named))
        if comparison:
            self.comparisons.append(comparison)
        return comparison

    def attempt(self, action: Callable):
        try:
            return action()
        except ContestantFailed as failure:
            self.failures.append(str(failure))
            print(f"failed: {failure}", flush=True)
            return None

    def json(self) -> dict:
        return {
            "comparisons": [comparison.summary() for comparison in self.comparisons],
            "failures": self.failures, **self.more,
        }


def step(suite: Suite) -> None:
    """One optimizer step over 16 pairs."""
    needed = suite.bench.cost.step(suite.bench.pairs)
    targets = {
        "torch_loop": 4.0, "trl_dpo": 6.0, "trl_dpo_checkpointing": None, "torch_best": 1.4}
    for peer, target in targets.items():
        comparison = suite.compare("step", peer, {"do": "step", "seed": 1}, target=target)
        if comparison:
            note_utilisation(comparison, needed)
            note_agreement(comparison, ("loss", "grad_norm"))


def score(suite: Suite) -> None:
    """Log-probabilities of given responses."""
    needed = suite.bench.cost.score(suite.bench.pairs)
    for peer, target in {"llama": 1.6, "torch_best": None}.items():
        comparison = suite.compare("score", peer, {"do": "score"}, target=target)
        if comparison:
            note_utilisation(comparison, needed)
            pairs = zip(
                comparison.spind_answers[0]["sum_log_prob"],
                comparison.peer_answers[0]["sum_log_prob"], strict=True)
            comparison.notes["largest_difference"] = max(abs(a - b) for a, b in pairs)


def prefill(suite: Suite) -> None:
    """A long prompt, up to the logits of its last token."""
    command = {"do": "prefill", "tokens": 512, "repeat": 4}
    needed = command["repeat"] * suite.bench.cost.prefill(command["tokens"])
    for peer, target in {"llama": 1.6, "torch_loop": None}.items():
        comparison = suite.compare("prefill", peer, command, target=target)
        if comparison:
            note_utilisation(comparison, needed)


def decode(suite: Suite) -> None:
    """One sequence, token after token."""
    for peer, target in {"llama": 1.0, "torch_loop": None}.items():
        suite.compare("decode", peer, {"do": "decode", "tokens": 128}, target=target)


def rollout(suite: Suite) -> None:
    """Responses to many prompts, each peer at the best of its settings."""
    bench = suite.bench
    count = bench.settings.prompts
    command = ROLLOUT | {"prompts": count, "lengths": bench.lengths()[:count]}
    choices = {
        "torch_loop": (6.0, [()], GENERATE_BATCHES),
        "llama": (3.0, LLAMA_VARIANTS, LLAMA_SLOTS),
    }
    for peer, (target, variants, batches) in choices.items():
        if not bench.settings.wants(peer):
            continue
        trials = suite.attempt(lambda choice=(peer, variants, batches): tune(bench, *choice))
        if not trials:
            continue
        best = fastest(trials)
        comparison = suite.compare(
            "rollout", peer, command, target=target, extra=tuple(best["extra"]),
            peer_command=command | {"batch": best["batch"]}, warm_up=False)
        if comparison:
            comparison.notes |= {"chosen": best, "trials": trials}
            note_utilisation(comparison, rollout_need(bench, count))


def tune(bench: Workbench, peer: str, variants: list, batches: tuple[int, ...]) -> list[dict]:
    """Short rollouts: every variant at the middle batch size, then the best one at the others."""
    middle = batches[len(batches) // 2]
    trials = [try_settings(bench, peer, variant, [middle]) for variant in variants]
    trials = [trial for group in trials for trial in group]
    others = [batch for batch in batches if batch != middle]
    return trials + try_settings(bench, peer, tuple(fastest(trials)["extra"]), others)


def fastest(trials: list[dict]) -> dict:
    return max(trials, key=lambda trial: trial["tokens_per_second"])


def try_settings(bench: Workbench, peer: str, extra: tuple[str, ...],
                 batches: list[int]) -> list[dict]:
    trials = []
    with bench.start(peer, extra=extra) as contestant:
        for batch in batches:
            answer = contestant.ask(**ROLLOUT | {
                "prompts": TRIAL_PROMPTS, "max_new_tokens": TRIAL_TOKENS, "batch": batch,
                "lengths": bench.lengths(TRIAL_TOKENS)[:TRIAL_PROMPTS]})
            speed = answer["useful_tokens"] / answer["seconds"]
            trials.append({"extra": list(extra), "batch": batch, "tokens_per_second": speed})
            print(f"  {peer} {' '.join(extra)} batch {batch}: {speed:.0f} tokens/s", flush=True)
    return trials


def rollout_need(bench: Workbench, count: int) -> float:
    lengths = bench.lengths(MAX_NEW_TOKENS)[:count]
    prompts = bench.prompts["prompts"][:count]
    return sum(
        bench.cost.response(len(prompt), length)
        for prompt, length in zip(prompts, lengths, strict=True))


def iteration(suite: Suite) -> None:
    """A rollout, the reference pass and one epoch of steps."""
    bench = suite.bench
    count = bench.settings.prompts
    command = ROLLOUT | {
        "do": "iteration", "prompts": count, "lengths": bench.lengths()[:count]}
    rounds = max(1, bench.settings.rounds // 3)
    for peer, target in {"torch_loop": 5.0, "torch_best": 2.0}.items():
        comparison = suite.compare(
            "iteration", peer, command, target=target, warm_up=False, rounds=rounds,
            peer_command=command | {"batch": GENERATE_BATCHES[-1]})
        if comparison:
            note_utilisation(comparison, iteration_need(bench, count))


def iteration_need(bench: Workbench, count: int) -> float:
    """Generating a response is scoring it; an epoch's steps follow, as many as are whole."""
    pairs = [
        {"prompt": prompt, "actual": actual, "generated": range(length)}
        for prompt, actual, length in zip(
            bench.prompts["prompts"][:count], bench.prompts["actual"][:count],
            bench.lengths(MAX_NEW_TOKENS)[:count], strict=True)]
    steps = [
        pairs[first:first + PAIRS_PER_STEP]
        for first in range(0, count - PAIRS_PER_STEP + 1, PAIRS_PER_STEP)]
    return bench.cost.score(pairs) + sum(bench.cost.step(step) for step in steps)


def checkpoint(suite: Suite) -> None:
    """The model written to the disk, synced."""
    folder = suite.bench.settings.folder / "checkpoint"
    suite.compare("checkpoint", "torch_loop", {"do": "checkpoint", "folder": str(folder)})
    shutil.rmtree(folder, ignore_errors=True)


def first_token(suite: Suite) -> None:
    """From a file in the page cache to the first token."""
    bench = suite.bench
    files = {"llama": ("gguf", bench.gguf, 1.0), "torch_loop": ("safetensors", bench.model, 0.5)}
    for peer, (kind, file, limit) in files.items():
        comparison = suite.compare(
            f"first token, {kind}", peer, {"do": "first_token", "file": str(file)})
        if comparison:
            comparison.notes["most_seconds"] = limit


def memory(suite: Suite) -> None:
    """Peak memory: all phases of a job in one process, against TRL's training alone."""
    bench = suite.bench
    folder = bench.settings.folder / "checkpoint"
    job = [
        ROLLOUT | {"do": "iteration", "prompts": MEMORY_PROMPTS,
                   "lengths": bench.lengths()[:MEMORY_PROMPTS]},
        {"do": "step", "seed": 1}, {"do": "checkpoint", "folder": str(folder)},
    ]
    training = [{"do": "step", "seed": 1}] * 2
    peaks = {}
    for name, commands in {
            SPIND: job, "trl_dpo": training, "trl_dpo_checkpointing": training}.items():
        peak = suite.attempt(lambda name=name, all=commands: peak_bytes(bench, name, all))
        if peak:
            peaks[name] = peak
    shutil.rmtree(folder, ignore_errors=True)
    suite.more["max_rss_bytes"] = peaks


def peak_bytes(bench: Workbench, name: str, commands: list[dict]) -> int:
    with bench.start(name) as contestant:
        return max(contestant.ask(**command)["max_rss_bytes"] for command in commands)


def threads(suite: Suite) -> None:
    """spind with all threads against itself with one."""
    bench = suite.bench
    count = TRIAL_PROMPTS
    commands = {
        "step": {"do": "step", "seed": 1}, "score": {"do": "score"},
        "prefill": {"do": "prefill", "tokens": 512, "repeat": 4},
        "rollout": ROLLOUT | {"prompts": count, "lengths": bench.lengths()[:count]},
    }
    for work, command in commands.items():
        comparison = suite.attempt(lambda w=work, c=command: against_one_thread(bench, w, c))
        if comparison:
            suite.comparisons.append(comparison)


def against_one_thread(bench: Workbench, work: str, command: dict) -> Comparison:
    comparison = Comparison(f"threads: {work}", "spind, one thread", target=1.9)
    with bench.start(SPIND) as many, bench.start(SPIND, threads=1) as one:
        for contestant in (many, one):
            contestant.ask(**command)
        for _ in range(bench.settings.rounds):
            comparison.spind_answers.append(measured(many, command))
            comparison.peer_answers.append(measured(one, command))
    say(comparison)
    return comparison


def layers(suite: Suite) -> None:
    """Each of spind's layers alone."""
    suite.more["lines"] = lines_of(suite, "layers")


def scaling(suite: Suite) -> None:
    """spind's cost and memory against threads, pairs, lengths and model size."""
    suite.more["lines"] = lines_of(suite, "scaling")


def lines_of(suite: Suite, subcommand: str) -> list[dict]:
    """What a mode of spind's contestant prints, one JSON object a line."""
    settings = suite.bench.settings
    done = subprocess.run(
        [settings.spind, subcommand, "--threads", str(settings.threads)],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        suite.failures.append(f"{SPIND} {subcommand}: {done.stderr.strip()[-300:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def note_utilisation(comparison: Comparison, needed: float) -> None:
    """Needed operations over the time taken, as a share of the product's speed before it."""
    comparison.notes["needed_gflop"] = needed / 1e9
    for name, answers in (
            (SPIND, comparison.spind_answers), ("peer", comparison.peer_answers)):
        shares = [
            needed / answer["seconds"] / 1e9 / answer["sgemm_gflops"]
            for answer in answers if answer["sgemm_gflops"]]
        if shares:
            comparison.notes[f"{name}_utilisation"] = statistics.median(shares)


def note_agreement(comparison: Comparison, keys: tuple[str, ...]) -> None:
    """What both computed at their very first run."""
    first = comparison.notes["first"]
    comparison.notes["agreement"] = {
        key: [first[name][key] for name in (SPIND, comparison.peer)] for key in keys}


SUITES: dict[str, Callable[[Suite], None]] = {
    suite.__name__: suite
    for suite in (
        step, score, prefill, decode, rollout, iteration, checkpoint, first_token, memory,
        threads, layers, scaling)
}
