#!/usr/bin/env python3
"""Compares an iteration's measured KL with that of its two checkpoints, through transformers alone.

usage: check_kl.py POLICY REFERENCE SAMPLES.json ITERATION.json
SAMPLES.json: {"data": [all samples of the iteration]}. Prints the largest difference of a mean or
of its standard error.
"""
import json
import statistics
import sys

import torch
from transformers import AutoModelForCausalLM

policy, reference = (
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval() for folder in sys.argv[1:3])
samples = json.load(open(sys.argv[3], encoding="utf-8"))["data"]
record = json.load(open(sys.argv[4], encoding="utf-8"))


def log_probabilities(model, prompt, response):
    with torch.no_grad():
        logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(logits.double(), -1)


own = [one for one in samples if one["source_iteration"] == one["iteration"]]
assert len(own) == record["kl_pairs"], (len(own), record["kl_pairs"])
worst = 0.0
for kind in ("actual", "generated"):
    values = []
    for sample in own:
        p, q = (log_probabilities(model, sample["prompt_ids"], sample[f"{kind}_ids"]) for model in (policy, reference))
        values.append((p.exp() * (p - q)).sum().item())
    error = statistics.stdev(values) / len(values) ** 0.5
    assert statistics.mean(values) > 1e-3, "nothing to see"
    worst = max(
        worst, abs(statistics.mean(values) - record[f"kl_{kind}"]), abs(error - record[f"kl_{kind}_se"]))
print(worst)
