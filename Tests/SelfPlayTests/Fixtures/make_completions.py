#!/usr/bin/env python3
"""What transformers writes with the fixture model: greedy texts, and log-probabilities in float64.

    make_completions.py MODEL > completions.json

`greedy` has, for each prompt, generate()'s tokens with and without a repetition penalty;
`logps` the natural log-probability of every prompt token but the first, and the three likeliest
tokens in its place. Needs torch and transformers.
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM

PROMPTS = [[1], [1, 5, 9, 13], [1, 30, 4, 17, 8, 22, 11], [1] + [3 + 7 * i % 29 for i in range(30)]]
MAX_TOKENS = 24
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float64).eval()


def greedy(prompt, penalty):
    ids = torch.tensor([prompt])
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=MAX_TOKENS,
        repetition_penalty=penalty)
    return out[0, len(prompt):].tolist()


def scores(prompt):
    with torch.no_grad():
        logps = torch.log_softmax(model(torch.tensor([prompt])).logits[0], -1)
    best = logps.topk(3, dim=-1)
    return [
        {"logp": logps[row, token].item(), "likeliest": best.indices[row].tolist(),
         "logps": best.values[row].tolist()}
        for row, token in enumerate(prompt[1:])]


json.dump(
    {"max_tokens": MAX_TOKENS,
     "greedy": [{"prompt": p, "penalty": q, "tokens": greedy(p, q)} for q in (1.0, 1.3, 3.0) for p in PROMPTS],
     "logps": [{"prompt": p, "tokens": scores(p)} for p in PROMPTS[2:]]},
    sys.stdout)
print()
