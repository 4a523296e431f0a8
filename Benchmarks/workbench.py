"""Starts contestants on the prepared inputs and runs them in alternation."""

import json
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

import machine
from contestant_process import ContestantFailed, ContestantProcess
from flops import ModelCost

CONTESTANTS = Path(__file__).parent / "contestants"
SPIND = "spind"
PEERS = {
    "torch_loop": ["torch_loop.py"],
    "trl_dpo": ["trl_dpo.py"],
    "trl_dpo_checkpointing": ["trl_dpo.py", "--gradient-checkpointing"],
    "torch_best": ["torch_best.py"],
    "llama": ["llama.py"],
}


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    folder: Path
    spind: Path
    threads: int
    rounds: int
    quick: bool
    prompts: int
    timeout: float
    peers: list[str] | None
    """None: all of them."""

    def wants(self, peer: str) -> bool:
        return self.peers is None or peer in self.peers


@dataclass
class Comparison:
    """spind and a peer, measured in turns at the same work."""

    work: str
    peer: str
    spind_answers: list[dict] = field(default_factory=list)
    peer_answers: list[dict] = field(default_factory=list)
    target: float | None = None
    """How many times faster spind should be."""
    notes: dict = field(default_factory=dict)

    def ratios(self) -> list[float]:
        """The peer's seconds over spind's, round by round."""
        turns = zip(self.spind_answers, self.peer_answers, strict=True)
        return [other["seconds"] / own["seconds"] for own, other in turns]

    def summary(self) -> dict:
        return {
            "work": self.work, "peer": self.peer, "target": self.target,
            "ratio": spread(self.ratios()),
            "spind_seconds": spread([answer["seconds"] for answer in self.spind_answers]),
            "peer_seconds": spread([answer["seconds"] for answer in self.peer_answers]),
            "spind": self.spind_answers, "peer_runs": self.peer_answers, **self.notes,
        }


class Workbench:
    """The inputs, and how to start a contestant on them."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.model = settings.folder / "model"
        self.gguf = settings.folder / "model.gguf"
        self.cost = ModelCost.of(self.model)
        self.pairs = json.loads((settings.folder / "pairs.json").read_text())["pairs"]
        self.prompts = json.loads((settings.folder / "prompts.json").read_text())
        self.versions: dict[str, dict] = {}

    def start(self, name: str, *, threads: int | None = None,
              extra: tuple[str, ...] = ()) -> ContestantProcess:
        """Starts a contestant; `extra` are arguments of its own."""
        if name == SPIND:
            command = [str(self.settings.spind)]
        else:
            script, *own = PEERS[name]
            command = [sys.executable, str(CONTESTANTS / script), *own]
        threads = threads or self.settings.threads
        contestant = ContestantProcess(
            name,
            [*command, "--model", str(self.model), "--gguf", str(self.gguf),
             "--pairs", str(self.settings.folder / "pairs.json"),
             "--prompts", str(self.settings.folder / "prompts.json"),
             "--threads", str(threads), *extra],
            self.settings.folder / f"{name}.log", self.settings.timeout, threads)
        self.versions[name] = contestant.ready.get("versions", {})
        return contestant

    def lengths(self, longest: int | None = None) -> list[int]:
        """Response lengths that stand for the model's own, so that all do the same work."""
        return [min(length, longest or length) for length in self.prompts["lengths"]]

    def compare(self, work: str, peer: str, command: dict, *, target: float | None = None,
                peer_command: dict | None = None, extra: tuple[str, ...] = (),
                rounds: int | None = None, warm_up: bool = True) -> Comparison:
        """Runs a command on spind and a peer in turns; the first turns do not count."""
        comparison = Comparison(work, peer, target=target)
        peer_command = peer_command or command
        with self.start(SPIND) as own, self.start(peer, extra=extra) as other:
            if warm_up:
                comparison.notes["first"] = {
                    SPIND: own.ask(**command), peer: other.ask(**peer_command)}
            for _ in range(rounds or self.settings.rounds):
                comparison.spind_answers.append(measured(own, command))
                comparison.peer_answers.append(measured(other, peer_command))
        say(comparison)
        return comparison


def measured(contestant: ContestantProcess, command: dict) -> dict:
    """A command's answer beside the speed of a large product just before it."""
    try:
        speed = contestant.ask("sgemm")["gflops"]
    except ContestantFailed:
        speed = None
    answer = contestant.ask(**command)
    return answer | {"sgemm_gflops": speed, "load_average": machine.load_average()}


def spread(values: list[float]) -> dict:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def say(comparison: Comparison) -> None:
    ratio = spread(comparison.ratios())
    print(
        f"{comparison.work:12} spind against {comparison.peer:22} "
        f"{ratio['median']:.2f}x ({ratio['min']:.2f} to {ratio['max']:.2f})", flush=True)
