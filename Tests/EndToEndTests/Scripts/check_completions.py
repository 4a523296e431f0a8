#!/usr/bin/env python3
"""Compares greedy completions with what transformers writes.

usage: check_completions.py MODEL ANSWERS.json
ANSWERS.json: answers of /v1/completions with echo, logprobs, return_token_ids and 12 tokens at most.
Prints the largest difference of a token's log-probability; fails when a token or a text differs.
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, answers = sys.argv[1:3]
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
worst = 0.0
for answer in json.load(open(answers, encoding="utf-8")):
    choice = answer["choices"][0]
    prompt = choice["prompt_token_ids"]
    ids = torch.tensor([prompt])
    with torch.no_grad():
        whole = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12)[0]
        logps = torch.log_softmax(model(whole[None]).logits[0].double(), -1)
    assert choice["token_ids"] == whole[len(prompt):].tolist(), (choice, whole)
    text = tokenizer.decode(whole, skip_special_tokens=True)
    assert choice["text"] == text, (choice["text"], text)
    found = choice["logprobs"]["token_logprobs"]
    assert found[0] is None and len(found) == len(whole)
    for row, (token, logp) in enumerate(zip(whole[1:], found[1:])):
        worst = max(worst, abs(logps[row, token].item() - logp))
print(worst)
