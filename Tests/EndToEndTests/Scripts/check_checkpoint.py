#!/usr/bin/env python3
"""Compares a checkpoint with what spind says of it, through transformers alone.

usage: check_checkpoint.py CHECKPOINT SAMPLES.json
SAMPLES.json: {"data": [samples whose reference policy is the checkpoint]}. Prints the largest
difference of a response's log-probability; fails when a prompt's tokens differ.
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, samples = sys.argv[1:3]
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)


def log_probability(prompt, response):
    with torch.no_grad():
        logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
    tokens = torch.tensor(response)[:, None]
    return torch.log_softmax(logits, -1).gather(-1, tokens).double().sum().item()


worst = 0.0
for sample in json.load(open(samples, encoding="utf-8"))["data"]:
    prompt = sample["prompt_ids"]
    text = tokenizer.decode(prompt, skip_special_tokens=True)
    assert tokenizer(text)["input_ids"] == prompt, (text, prompt)
    for kind in ("actual", "generated"):
        difference = log_probability(prompt, sample[f"{kind}_ids"]) - sample[f"reference_logp_{kind}"]
        worst = max(worst, abs(difference))
print(worst)
