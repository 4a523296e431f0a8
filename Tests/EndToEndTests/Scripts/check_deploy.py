#!/usr/bin/env python3
"""Runs what deploy/ has for Prometheus and Grafana against a server and a real Prometheus.

Both look at it with a key of the scope read, which has to be enough.

usage: check_deploy.py PROGRAM DEPLOY_FOLDER
Fails when an expression of a dashboard or a rule is wrong or finds nothing, or when a panel names
what the API does not have.
"""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

try:
    import yaml
except ImportError:  # It comes with transformers and Schemathesis (scripts/setup-python).
    yaml = None

KEY = "0123456789abcdef" * 4
# Nothing has failed, so that there is nothing to see; spind.rules.test.yml makes these speak.
MAY_BE_EMPTY = re.compile(r'state="failed"|code=~"5|changes\(|up\{job="spind"\} == 0|spin_disk_free_bytes <')


def get(url, key=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(what, look, seconds=90):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)
    return found


class Server:
    def __init__(self, program, folder):
        demo = folder / "demo"
        subprocess.run([program, "demo", demo], check=True, stdout=subprocess.DEVNULL)
        shutil.copytree(demo / "tiny-words", folder / "data/models/tiny-words")
        (folder / "key").write_text(KEY)
        self.process = subprocess.Popen(
            [program, "serve", "--data-dir", folder / "data", "--port", "0"],
            env={"SPIND_ADMIN_KEY_FILE": str(folder / "key")}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.read_key = self.post("/v1/keys", {"name": "dashboards", "scope": "read"})["key"]
        (folder / "read-key").write_text(self.read_key)
        self.post("/v1/models", {"name": "tiny-words", "path": "tiny-words"})
        rows = (demo / "train.jsonl").read_bytes()
        self.post("/v1/datasets?name=words", rows, "application/jsonl")

    def post(self, path, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": kind, "Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def play(self):
        job = self.post("/v1/jobs", {
            "model": "tiny-words", "dataset": "words", "validation_dataset": "words",
            "spin": {"max_iterations": 2, "length_params": {"max_length": 14}},
            "train": {"global_batch_size": 32, "max_seq_length": 64, "limit_train_batches": 4, "limit_val_batches": 32},
            "optim": {"lr": 1e-4},
        })["id"]
        until("the job's end", lambda: get(f"{self.url}/v1/jobs/{job}", KEY)["status"] == "succeeded")
        return job


class Prometheus:
    def __init__(self, deploy, folder, server):
        text = (deploy / "prometheus/prometheus.yml").read_text()
        replaced = text.replace("/run/secrets/spind_read_key", str(folder / "read-key")).replace(
            "spind:8080", server.url.removeprefix("http://")).replace("scrape_interval: 5s", "scrape_interval: 1s").replace(
            "evaluation_interval: 15s", "evaluation_interval: 1s")
        (folder / "prometheus.yml").write_text(replaced)
        shutil.copy(deploy / "prometheus/spind.rules.yml", folder)
        shutil.copy(deploy / "prometheus/spind.rules.test.yml", folder)
        for check in [["check", "config", "prometheus.yml"], ["test", "rules", "spind.rules.test.yml"]]:
            result = subprocess.run(["promtool", *check], cwd=folder, capture_output=True, text=True)
            assert result.returncode == 0, result.stdout + result.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("Prometheus", self.is_ready, 30)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def ask(self, expression):
        query = urllib.parse.urlencode({"query": expression})
        try:
            return get(f"{self.url}/api/v1/query?{query}")["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error


def check_expressions(deploy, prometheus):
    dashboard = json.loads((deploy / "grafana/dashboards/spind.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = (deploy / "prometheus/spind.rules.yml").read_text()
    expressions += re.findall(r"expr: (.*)", rules)
    assert len(expressions) > 20, expressions
    for expression in expressions:
        expression = expression.replace("$job", ".*")
        # Rates need two scrapes.
        if MAY_BE_EMPTY.search(expression):
            prometheus.ask(expression)
        else:
            until(expression, lambda: prometheus.ask(expression), 30)
    groups = get(f"{prometheus.url}/api/v1/rules")["data"]["groups"]
    for rule in [rule for group in groups for rule in group["rules"]]:
        assert rule["health"] == "ok" and rule.get("state", "inactive") == "inactive", rule


def check_panels(deploy, server, job):
    dashboard = json.loads((deploy / "grafana/dashboards/spind-job.json").read_text())
    variable = dashboard["templating"]["list"][0]["query"]["infinityQuery"]
    for target in [variable] + [target for panel in dashboard["panels"] for target in panel["targets"]]:
        rows = get(server.url + target["url"].replace("${job}", job), server.read_key)[target["root_selector"]]
        assert rows, target["url"]
        for column in target["columns"]:
            kind = str if column["type"] == "string" else (int, float)
            assert isinstance(rows[-1][column["selector"]], kind), (target["url"], column)


def check_syntax(deploy):
    for file in [*deploy.rglob("*.yaml"), *deploy.rglob("*.yml"), deploy.parent / "compose.yaml"]:
        assert list(yaml.safe_load_all(file.read_text())), file


def check_names(deploy):
    """A panel's data source is one that is provisioned, and the files are named where they are."""
    sources = (deploy / "grafana/provisioning/datasources/spind.yaml").read_text()
    for file in (deploy / "grafana/dashboards").iterdir():
        for uid in set(re.findall(r'"uid": "(spind-(?:prometheus|api))"', file.read_text())):
            assert f"uid: {uid}" in sources, (file, uid)
    compose = (deploy.parent / "compose.yaml").read_text()
    for path in re.findall(r"\./(deploy/[^:]+):", compose):
        assert (deploy.parent / path).exists(), path


def main():
    program, deploy = sys.argv[1], pathlib.Path(sys.argv[2])
    if yaml:
        check_syntax(deploy)
    check_names(deploy)
    running = []
    with tempfile.TemporaryDirectory(prefix="spind-deploy-") as name:
        folder = pathlib.Path(name)
        try:
            server = Server(program, folder)
            running.append(server.process)
            prometheus = Prometheus(deploy, folder, server)
            running.append(prometheus.process)
            job = server.play()
            check_panels(deploy, server, job)
            until("a scrape of the job", lambda: prometheus.ask(f'spin_job_kl{{spin_job="{job}"}}'))
            check_expressions(deploy, prometheus)
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait(30)
    print("ok")


if __name__ == "__main__":
    main()
