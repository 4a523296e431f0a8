#!/usr/bin/env python3
"""Expected numbers of whole SPIN runs, from plain PyTorch: every sequence alone, autograd, no tricks.

    make_spin_reference.py make FOLDER              writes FOLDER/model, FOLDER/pairs.jsonl, FOLDER/*.json
    make_spin_reference.py run MODEL PAIRS SETTINGS writes the expected numbers of one run to standard output

Settings are the keys of a job configuration that matter here: iterations, epochs, kl_penalty, loss (sigmoid | hinge),
mask_mode (exact | nemo), sft_loss_weight, max_length, min_length, optimizer (adamw | rmsprop) with lr and its own keys,
clip. The global batch is the whole data set, rollouts are greedy, the learning rate is constant: nothing is random.
Needs torch and transformers.
"""
import json
import os
import sys

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

SETTINGS = {
    "adamw_sigmoid_exact": dict(
        iterations=2, epochs=3, kl_penalty=0.5, loss="sigmoid", mask_mode="exact", sft_loss_weight=0.0,
        max_length=10, min_length=1, clip=1.0,
        optimizer=dict(name="adamw", lr=5e-4, betas=[0.9, 0.98], eps=1e-6, weight_decay=0.01)),
    "rmsprop_hinge_nemo_sft": dict(
        iterations=2, epochs=3, kl_penalty=1.0, loss="hinge", mask_mode="nemo", sft_loss_weight=0.5,
        max_length=8, min_length=2, clip=5.0,
        optimizer=dict(name="rmsprop", lr=1e-4, alpha=0.99, eps=1e-6, weight_decay=0.0)),
    "adamw_sigmoid_sft_unclipped": dict(
        iterations=2, epochs=2, kl_penalty=5.0, loss="sigmoid", mask_mode="exact", sft_loss_weight=1.0,
        max_length=10, min_length=0, clip=None,
        optimizer=dict(name="adamw", lr=3e-4, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.0)),
}


def logits_of(model, ids):
    return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def token_logps(model, prompt, response):
    """Of every token after the first, and where the response begins among them."""
    ids = prompt + response
    logps = F.log_softmax(logits_of(model, ids)[:-1], -1)
    return logps.gather(-1, torch.tensor(ids[1:])[:, None])[:, 0], len(prompt) - 1


def window_sum(model, prompt, response, mask_mode):
    logps, start = token_logps(model, prompt, response)
    if mask_mode == "nemo":  # last prompt token (if anything predicts it) … second-to-last response token
        return logps[max(start - 1, 0):-1].sum()
    return logps[start:].sum()


def response_logps(model, prompt, response):
    logps, start = token_logps(model, prompt, response)
    return logps[start:]


@torch.no_grad()
def greedy(model, prompt, settings, stop_tokens):
    generated, smallest_gap = [], float("inf")
    while len(generated) < settings["max_length"]:
        logits = logits_of(model, prompt + generated)[-1].clone()
        if len(generated) < settings["min_length"]:
            logits[list(stop_tokens)] = -torch.inf
        best = torch.topk(logits, 2)
        smallest_gap = min(smallest_gap, float(best.values[0] - best.values[1]))
        generated.append(int(best.indices[0]))
        if generated[-1] in stop_tokens:
            return generated, "stop_token", smallest_gap
    return generated, "length", smallest_gap


def make_optimizer(model, options):
    options = dict(options)
    kind = {"adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}[options.pop("name")]
    if "betas" in options:
        options["betas"] = tuple(options["betas"])
    return kind(model.parameters(), **options)


def pair_loss(margin, settings):
    scaled = settings["kl_penalty"] * margin
    return F.relu(1 - scaled) if settings["loss"] == "hinge" else F.softplus(-scaled)


def step(model, optimizer, pairs, settings):
    mode = settings["mask_mode"]
    actual = torch.stack([window_sum(model, p["prompt"], p["actual"], mode) for p in pairs])
    generated = torch.stack([window_sum(model, p["prompt"], p["generated"], mode) for p in pairs])
    reward_actual = actual - torch.tensor([p["reference_actual"] for p in pairs])
    reward_generated = generated - torch.tensor([p["reference_generated"] for p in pairs])
    margin = reward_actual - reward_generated
    loss = pair_loss(margin, settings).mean()
    tokens = torch.cat([response_logps(model, p["prompt"], p["actual"]) for p in pairs])
    sft_loss = -tokens.mean()
    optimizer.zero_grad()
    (loss + settings["sft_loss_weight"] * sft_loss).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"] or torch.inf)
    optimizer.step()
    metrics = dict(
        loss=loss, sft_loss=sft_loss, grad_norm=norm, rewards_actual_mean=reward_actual.mean(),
        rewards_generated_mean=reward_generated.mean(), rewards_margin_mean=margin.mean(),
        rewards_all_std=torch.cat([reward_actual, reward_generated]).std(),
        logps_actual_mean=actual.mean(), logps_generated_mean=generated.mean(),
        avg_generated_lengths=torch.tensor([float(len(p["generated"])) for p in pairs]).mean())
    return {name: float(value.detach()) for name, value in metrics.items()}


def run(model_folder, rows, settings):
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    stop_tokens = {model.generation_config.eos_token_id}
    optimizer = make_optimizer(model, settings["optimizer"])
    iterations, smallest_gap = [], float("inf")
    for _ in range(settings["iterations"]):
        pairs = []
        for row in rows:
            generated, stop, gap = greedy(model, row["prompt_ids"], settings, stop_tokens)
            smallest_gap = min(smallest_gap, gap)
            pair = dict(prompt=row["prompt_ids"], actual=row["response_ids"], generated=generated, stop_reason=stop)
            with torch.no_grad():
                for side in ("actual", "generated"):
                    pair["reference_" + side] = float(
                        window_sum(model, pair["prompt"], pair[side], settings["mask_mode"]))
            pairs.append(pair)
        steps = [step(model, optimizer, pairs, settings) for _ in range(settings["epochs"])]
        with torch.no_grad():
            tokens = torch.cat([response_logps(model, p["prompt"], p["actual"]) for p in pairs])
        iterations.append(dict(pairs=pairs, steps=steps, validation_loss=float(-tokens.mean())))
    return dict(settings=settings, smallest_gap=smallest_gap, iterations=iterations)


def make_model(folder, seed):
    config = LlamaConfig(
        vocab_size=32, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=True,
        bos_token_id=1, eos_token_id=2, pad_token_id=2)
    model = LlamaForCausalLM(config).float().eval()
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data.copy_(noise * (0.6 if "embed" in name else 0.2) if parameter.dim() > 1 else 1 + 0.1 * noise)
    model.save_pretrained(folder)


def make_rows():
    """Different lengths, one prompt of a single token, one response without stop token, one that is only the stop token."""
    generator = torch.Generator().manual_seed(5)
    shapes = [(7, 6, True), (12, 4, True), (1, 3, True), (5, 1, True), (9, 5, False), (3, 8, True)]
    rows = []
    for prompt, response, stops in shapes:
        ids = torch.randint(3, 32, (prompt + response,), generator=generator).tolist()
        rows.append(dict(prompt_ids=[1] + ids[1:prompt], response_ids=ids[prompt:-1] + [2] if stops else ids[prompt:]))
    return rows


def make(folder):
    rows = make_rows()
    model_folder = os.path.join(folder, "model")
    for seed in range(1000):
        make_model(model_folder, seed)
        runs = {name: run(model_folder, rows, settings) for name, settings in SETTINGS.items()}
        stops = {p["stop_reason"] for r in runs.values() for i in r["iterations"] for p in i["pairs"]}
        # Greedy choices must not hang on rounding, and both ends of a response should occur.
        if len(stops) == 2 and min(r["smallest_gap"] for r in runs.values()) > 5e-3:
            break
    else:
        sys.exit("no seed is good enough")
    with open(os.path.join(folder, "pairs.jsonl"), "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    for name, expected in runs.items():
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump(expected, file, separators=(",", ":"))
    print("seed", seed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2])
    elif sys.argv[1:2] == ["run"]:
        with open(sys.argv[3]) as pairs, open(sys.argv[4]) as settings:
            print(json.dumps(run(sys.argv[2], [json.loads(line) for line in pairs], json.load(settings)), indent=1))
    else:
        sys.exit(__doc__)
