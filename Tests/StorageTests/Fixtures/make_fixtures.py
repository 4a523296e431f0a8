#!/usr/bin/env python3
"""Makes the data folders that StorageTests opens: what a release has left on its users' disks.

    make_fixtures.py SPIND FOLDER       plays a tiny game with that release's spind
    make_fixtures.py --older 1 FOLDER   the same rows in an older schema, from FOLDER/schema-0002

A fixture is made once, when its release is out, and never again. The schemas 3 to 7 came and went
between two releases: nobody has such a folder.
"""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

MIGRATIONS = pathlib.Path(__file__).resolve().parents[3] / "migrations"
JOB = {
    "name": "of an older release", "model": "nano", "dataset": "rows", "seed": 7,
    "labels": {"kept": "yes"},
    "spin": {"max_iterations": 2, "rollout_micro_batch_size": 8, "length_params": {"max_length": 4}},
    "train": {"global_batch_size": 4, "micro_batch_size": 4, "max_seq_length": 32},
    "optim": {"lr": 1e-3},
}


def call(url, method="GET", body=None, kind="application/json", headers={}):
    request = urllib.request.Request(
        url, method=method, data=body, headers={"Content-Type": kind, **headers})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def play(spind, folder):
    subprocess.run(
        [spind, "new-model", f"{folder}/models/nano", "--layers", "1", "--channels", "16",
         "--heads", "2", "--feed-forward", "32", "--context", "32"], check=True)
    server = subprocess.Popen(
        [spind, "serve", "--data-dir", folder, "--port", "0"], stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().split()[-1]
    rows = "".join(json.dumps({"prompt": f"q{i}", "response": f"a{i * 7 % 5}"}) + "\n"
                   for i in range(8))
    call(url + "/v1/models", "POST", b'{"name": "nano", "path": "nano"}')
    call(url + "/v1/datasets?name=rows", "POST", rows.encode(), "application/jsonl")
    job = call(url + "/v1/jobs", "POST", json.dumps(JOB).encode(),
               headers={"Idempotency-Key": "fixture-1"})["id"]
    while call(f"{url}/v1/jobs/{job}")["status"] != "succeeded":
        time.sleep(0.05)
    call(url + "/v1/jobs", "POST", json.dumps({**JOB, "mode": "manual"}).encode())
    server.terminate()
    server.wait()


def columns(database, table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def older(version, folder):
    """The rows of schema 2, as far as an older schema has columns for them."""
    target = folder / f"schema-{version:04}"
    target.mkdir()
    database = sqlite3.connect(target / "spind.sqlite")
    for script in sorted(MIGRATIONS.glob("*.sql"))[:version]:
        database.executescript(script.read_text())
    database.execute("ATTACH ? AS newer", [str(folder / "schema-0002" / "spind.sqlite")])
    tables = [row[0] for row in database.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    for table in tables:
        names = ", ".join(columns(database, table))
        database.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM newer.{table}")
    database.execute(f"PRAGMA user_version = {version}")
    database.commit()
    database.execute("PRAGMA journal_mode = WAL")
    database.close()


def main():
    if sys.argv[1] == "--older":
        return older(int(sys.argv[2]), pathlib.Path(sys.argv[3]))
    with tempfile.TemporaryDirectory() as folder:
        play(sys.argv[1], folder)
        database = sqlite3.connect(f"{folder}/spind.sqlite")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("VACUUM")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.close()
        target = pathlib.Path(sys.argv[2]) / f"schema-{version:04}"
        target.mkdir()
        shutil.copy(f"{folder}/spind.sqlite", target)


main()
