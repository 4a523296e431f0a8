"""A contestant seen from the orchestrator: a child process that is asked line by line."""

import json
import os
import subprocess
import threading
from pathlib import Path


def environment(threads: int) -> dict[str, str]:
    """Every library chooses its kernels itself: what other programs need says nothing of them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    return kept | {"OMP_NUM_THREADS": str(threads)}


class ContestantFailed(Exception):
    """A contestant that cannot be started, died, took too long or answered with an error."""


class ContestantProcess:
    """Starts a contestant; `with` ends it."""

    def __init__(self, name: str, command: list[str], log: Path, timeout: float,
                 threads: int):
        self.name = name
        self._timeout = timeout
        self._log_path = log
        self._log = log.open("a")
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
                text=True, bufsize=1,
                env=environment(threads))
        except OSError as problem:
            self._log.close()
            raise ContestantFailed(f"{name} does not start: {problem}") from problem
        try:
            self.ready = self._read()
        except ContestantFailed:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.close()

    def ask(self, do: str, **arguments) -> dict:
        """Sends a command and waits for its answer."""
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        except OSError as problem:
            raise self._death() from problem
        answer = self._read()
        if "error" in answer:
            raise ContestantFailed(f"{self.name} {do}: {answer['error']}")
        return answer

    def close(self) -> None:
        """Lets the contestant end, and kills it where it does not."""
        try:
            self._process.communicate(json.dumps({"do": "quit"}) + "\n", timeout=30)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _read(self) -> dict:
        watchdog = threading.Timer(self._timeout, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise self._death()
        try:
            return json.loads(line)
        except json.JSONDecodeError as problem:
            raise ContestantFailed(f"{self.name} answers no JSON: {line[:200]}") from problem

    def _death(self) -> ContestantFailed:
        code = self._process.wait()
        last = self._log_path.read_text(errors="replace").strip().splitlines()[-1:]
        return ContestantFailed(
            f"{self.name} ended with {code}: {' '.join(last)[:300]} (see {self._log_path.name})")
