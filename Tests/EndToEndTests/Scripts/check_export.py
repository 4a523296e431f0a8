#!/usr/bin/env python3
"""Opens an exported job with TensorBoard's and MLflow's own packages, and compares with the API.

usage: check_export.py FOLDER
FOLDER holds logs/ and mlruns/, and what the server tells of the job: job.json, metrics.csv,
iterations.json, validations.json.
"""
import collections
import csv
import datetime
import json
import math
import os
import pathlib
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow
import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder = pathlib.Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
began, ended = (datetime.datetime.fromisoformat(job[key]).timestamp() for key in ("created_at", "finished_at"))


def told():
    """By name, the pairs of position and value that the server tells."""
    found = collections.defaultdict(list)
    with open(folder / "metrics.csv", newline="") as file:
        for row in csv.DictReader(file):
            for name, text in row.items():
                if name != "step" and text:
                    found[f"step/{name}"].append((int(row["step"]), float(text)))
    for group, position in [("iteration", "iteration"), ("validation", "step")]:
        for row in json.loads((folder / f"{group}s.json").read_text())["data"]:
            for name, value in row.items():
                if name not in ("iteration", position) and type(value) in (int, float):
                    found[f"{group}/{name}"].append((row[position], value))
    return found


def check_times(times):
    assert times == sorted(times), times
    # MLflow's are in whole milliseconds.
    assert began - 0.001 <= times[0] <= times[-1] <= ended, (began, times[0], times[-1], ended)


def check_tensorboard(expected):
    run = EventAccumulator(str(folder / "logs" / job["id"]), size_guidance={"scalars": 0, "tensors": 0})
    run.Reload()
    tags = run.Tags()
    assert set(tags["scalars"]) == set(expected), set(tags["scalars"]) ^ set(expected)
    for tag, pairs in expected.items():
        scalars = run.Scalars(tag)
        # TensorBoard's scalars are of single precision.
        single = [(position, float(numpy.float32(value))) for position, value in pairs]
        assert [(scalar.step, scalar.value) for scalar in scalars] == single, tag
        check_times([scalar.wall_time for scalar in scalars])
    assert "log sigmoid" in run.SummaryMetadata("step/loss").summary_description
    assert tags["tensors"] == ["configuration"] and run.SummaryMetadata("configuration").plugin_data.plugin_name == "text"
    (text,) = run.Tensors("configuration")[0].tensor_proto.string_val
    lines = text.decode().splitlines()
    assert all(line.startswith("    ") for line in lines)
    assert json.loads("".join(lines)) == job["configuration"]


def check_mlflow(expected):
    client = mlflow.MlflowClient((folder / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("spind")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id == job["id"] and run.info.run_name == job["configuration"]["name"]
    assert run.info.status == "FINISHED" and run.info.lifecycle_stage == "active"
    assert run.info.start_time == math.floor(1000 * datetime.datetime.fromisoformat(job["started_at"]).timestamp())
    assert set(run.data.metrics) == set(expected), set(run.data.metrics) ^ set(expected)
    for name, pairs in expected.items():
        history = client.get_metric_history(job["id"], name)
        assert [(metric.step, metric.value) for metric in history] == pairs, name
        check_times([metric.timestamp / 1000 for metric in history])
    configuration = job["configuration"]
    assert run.data.params["model"] == configuration["model"]
    assert run.data.params["spin.loss"] == configuration["spin"]["loss"]
    penalties = json.loads(run.data.params["spin.ref_policy_kl_penalty"])
    assert penalties == configuration["spin"]["ref_policy_kl_penalty"]
    assert run.data.tags["label.team"] == "blue" and run.data.tags["spind.status"] == "succeeded"
    assert [file.path for file in client.list_artifacts(job["id"])] == ["configuration.json"]
    saved = pathlib.Path(client.download_artifacts(job["id"], "configuration.json", str(folder)))
    assert json.loads(saved.read_text()) == configuration


expected = told()
assert {"step/loss", "validation/loss", "iteration/kl_penalty", "iteration/kl_actual"} <= set(expected), expected.keys()
assert len(expected["step/loss"]) > 4 and len(expected["validation/loss"]) > 2 and len(expected["iteration/kl_actual"]) == 2
check_tensorboard(expected)
check_mlflow(expected)
print("ok")
