"""Loads the HTTP service and writes load.json and load.md (README.md says what is measured)."""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import machine

POLLS_PER_SECOND = 50
STREAMS = 500
WINDOWS = 6
STEPS_PER_EPOCH = 20
TARGETS = {
    "job reads per second": ">= 20000", "metrics pages per second": ">= 5000",
    "p99 while training, ms": "< 50", "slow-down of training, %": "<= 2",
}


class Service:
    """A server with a model and the embedded data, in a folder that goes away."""

    def __init__(self, program: str, model: Path | None = None):
        self.folder = Path(tempfile.mkdtemp(prefix="spind-load-"))
        # A model of a real size takes as long for fewer rows.
        self.batch = 4 if model else 32
        self.log = (self.folder / "log").open("w")
        demo = self.folder / "demo"
        subprocess.run([program, "demo", demo], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(model or demo / "tiny-words", self.folder / "data/models/model")
        self.process = subprocess.Popen(
            [program, "serve", "--data-dir", self.folder / "data", "--port", "0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.address = ("127.0.0.1", int(self.url.rsplit(":", 1)[1]))
        self.call("POST", "/v1/models", {"name": "model", "path": "model"})
        rows = (demo / "train.jsonl").read_bytes().splitlines(keepends=True)
        rows = rows[:STEPS_PER_EPOCH * self.batch]
        self.call("POST", "/v1/datasets?name=words", b"".join(rows), "application/jsonl")

    def call(self, method: str, path: str, body=None, kind="application/json"):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": kind} if data else {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def submit(self, epochs: int) -> str:
        """A job of one kind of work only, so that all of its steps are alike."""
        return self.call("POST", "/v1/jobs", {
            "model": "model", "dataset": "words", "method": "sft",
            "spin": {"max_iterations": 1, "max_epochs": epochs},
            "train": {
                "global_batch_size": self.batch, "micro_batch_size": min(16, self.batch),
                "max_seq_length": 64, "save_interval": 1_000_000},
            "optim": {"lr": 1e-4},
        })["id"]

    def wait(self, job: str, condition) -> dict:
        while not condition(state := self.call("GET", f"/v1/jobs/{job}")):
            if state["status"] in ("failed", "cancelled"):
                raise RuntimeError(state["status_detail"])
            time.sleep(0.1)
        return state

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class KeptConnection:
    """One connection whose requests are prepared bytes: the client shares the cores."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=30)

    def get(self, path: str) -> None:
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.receive()
        head, body = received.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        missing = int(re.search(rb"content-length: (\d+)", head, re.I)[1]) - len(body)
        while missing > 0:
            missing -= len(self.receive())

    def receive(self) -> bytes:
        received = self.socket.recv(1 << 16)
        if not received:
            raise RuntimeError("the server closed the connection")
        return received


class Load:
    """Polls and open event streams, while it is entered."""

    def __init__(self, service: Service, job: str):
        self.paths = [
            f"/v1/jobs/{job}", f"/v1/jobs/{job}/metrics?limit=100", "/v1/jobs", "/readyz",
            f"/v1/jobs/{job}/iterations"]
        self.stream = f"/v1/jobs/{job}/events"
        self.service = service
        self.milliseconds: list[float] = []
        self.error = None

    def __enter__(self):
        self.stop = threading.Event()
        self.streams = [socket.create_connection(self.service.address) for _ in range(STREAMS)]
        for stream in self.streams:
            stream.sendall(
                f"GET {self.stream} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                "Accept: text/event-stream\r\n\r\n".encode())
        # Nobody reads them: the sockets' buffers hold what some seconds bring.
        self.poller = threading.Thread(target=self.poll)
        self.poller.start()
        return self

    def poll(self):
        try:
            connection = KeptConnection(self.service.address)
            due = time.monotonic()
            while not self.stop.is_set():
                begin = time.monotonic()
                connection.get(self.paths[len(self.milliseconds) % len(self.paths)])
                self.milliseconds.append((time.monotonic() - begin) * 1000)
                due = max(due + 1 / POLLS_PER_SECOND, time.monotonic() - 1)
                self.stop.wait(max(0, due - time.monotonic()))
        except (OSError, RuntimeError) as error:
            self.error = error

    def __exit__(self, *_):
        self.stop.set()
        self.poller.join()
        for stream in self.streams:
            stream.close()
        if self.error:
            raise self.error


def wrk(url: str, seconds: int) -> dict:
    output = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", url], capture_output=True, text=True,
        check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    units = {"us": 1e-3, "ms": 1.0, "s": 1e3}

    def latency(percent: str) -> float:
        number, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", output).groups()
        return float(number) * units[unit]

    return {
        "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
        "p50_ms": latency("50"), "p99_ms": latency("99"),
    }


def median_step(service: Service, job: str, seconds: int) -> float:
    """The median time of the steps of the next so many seconds."""
    first = service.call("GET", f"/v1/jobs/{job}")["progress"]["step"]
    time.sleep(seconds)
    answer = service.call(
        "GET", f"/v1/jobs/{job}/metrics?after_step={first}&names=step_time&limit=10000")
    return statistics.median(row["step_time"] for row in answer["data"])


def thread_seconds(process: int) -> dict[str, float]:
    """Processor time of each thread."""
    seconds = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            fields = Path(f"/proc/{process}/task/{thread}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # It has ended.
            continue
        seconds[thread] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def service_seconds(before: dict[str, float], after: dict[str, float]) -> float:
    """Processor time of all threads but those that train, which are as many as there are cores."""
    spent = sorted(time - before.get(thread, 0) for thread, time in after.items())
    return sum(spent[:-os.cpu_count()])


def while_training(service: Service, seconds: int) -> dict:
    job = service.submit(epochs=10_000)
    service.wait(job, lambda state: state["progress"]["step"] > 2)
    ratios, latencies, steps, shares = [], [], [], []
    for _ in range(WINDOWS):
        alone = median_step(service, job, seconds)
        with Load(service, job) as load:
            before, begin = thread_seconds(service.process.pid), time.monotonic()
            loaded = median_step(service, job, seconds)
            spent = service_seconds(before, thread_seconds(service.process.pid))
            shares.append(spent / (time.monotonic() - begin) / os.cpu_count())
        ratios.append(loaded / alone)
        steps.append(alone)
        latencies += load.milliseconds
    latencies.sort()
    return {
        "step_seconds": statistics.median(steps),
        "service_share": statistics.median(shares),
        "polls": len(latencies), "p50_ms": latencies[len(latencies) // 2],
        "p99_ms": latencies[int(len(latencies) * 0.99)], "max_ms": latencies[-1],
        "step_ratio_median": statistics.median(ratios), "step_ratios": ratios,
    }


def report(result: dict) -> str:
    training = result["training"]
    measured = {
        "job reads per second": f"{result['job']['per_second']:.0f}",
        "metrics pages per second": f"{result['metrics']['per_second']:.0f}",
        "p99 while training, ms": f"{training['p99_ms']:.1f} (median {training['p50_ms']:.1f})",
        "slow-down of training, %": f"{100 * (training['step_ratio_median'] - 1):.1f} ("
        f"{100 * (min(training['step_ratios']) - 1):.1f} to "
        f"{100 * (max(training['step_ratios']) - 1):.1f})",
        "seconds of a step alone": f"{training['step_seconds']:.3f}",
        "processor time of the service, %": f"{100 * training['service_share']:.2f}",
    }
    about = result["machine"]
    lines = [
        "# The service under load", "",
        f"{about['processor']}, {about['cores']} cores, commit {about['commit']}, {about['date']}",
        "", "| what | target | measured |", "|---|---|---|"]
    lines += [f"| {name} | {TARGETS.get(name, '')} | {value} |" for name, value in measured.items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spind", default=".build/release/spind")
    parser.add_argument("--model", type=Path, help="a Hugging Face folder, instead of the embedded")
    parser.add_argument("--output", default="load", help="without suffix")
    parser.add_argument("--seconds", type=int, default=10, help="of every window")
    arguments = parser.parse_args()
    service = Service(arguments.spind, arguments.model)
    try:
        job = service.submit(epochs=3)
        service.wait(job, lambda state: state["status"] == "succeeded")
        result = {
            "machine": machine.describe(threads=2),
            "job": wrk(f"{service.url}/v1/jobs/{job}", arguments.seconds),
            "metrics": wrk(
                f"{service.url}/v1/jobs/{job}/metrics?limit=50&format=columns", arguments.seconds),
            "training": while_training(service, arguments.seconds),
            "load_average": machine.load_average(),
        }
    finally:
        service.close()
    Path(arguments.output + ".json").write_text(json.dumps(result, indent=2) + "\n")
    Path(arguments.output + ".md").write_text(report(result))
    print(report(result))


if __name__ == "__main__":
    main()
