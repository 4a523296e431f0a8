"""Makes what every contestant is given: the model in two formats, and token ids.

In the work folder: `model/` (Hugging Face, float32), `model.gguf` (F32), `pairs.json`,
`prompts.json`. A made-up shape has random weights and random ids of the same lengths.
"""

import argparse
import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    PreTrainedTokenizerFast,
    Qwen2Config,
)
from transformers.utils import logging

import float_gguf

PAIRS = 16
PROMPTS = 512
LONGEST_RESPONSE = 128
SHORTEST_PAIR_RESPONSE = 64
BETA = 0.1
SEED = 1
LOGIT_DEVIATION = 4.0
"""Of a made-up model, so that its nucleus of 0.9 has some hundred tokens as a real one's has."""


def main() -> None:
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    logging.disable_progress_bar()
    tokenizer = load_tokenizer(options.gguf)
    rows = read_rows(options.gsm8k_train, tokenizer)
    if options.shape == "smollm2":
        model = load_model(options.gguf)
        float_gguf.dequantise(options.gguf, options.folder / "model.gguf")
    else:
        model, tokenizer = make_up(options)
        rows = [random_like(row, model.config.vocab_size) for row in rows]
        float_gguf.write_made_up(model, options.folder / "model.gguf")
    model.save_pretrained(options.folder / "model")
    tokenizer.save_pretrained(options.folder / "model")
    write_inputs(options.folder, model, tokenizer, rows, made_up=options.shape != "smollm2")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gguf", type=Path, required=True, help="SmolLM2-135M-Instruct")
    parser.add_argument("--gsm8k-train", type=Path, required=True, help="JSON lines")
    parser.add_argument("--shape", choices=["smollm2", "qwen2", "gpt2"], default="smollm2")
    parser.add_argument("--layers", type=int, help="of a made-up shape")
    return parser.parse_args()


def load_model(file: Path):
    """The dequantised model; a copy, since transformers does not save what it read from GGUF."""
    read = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32)
    del read.config.quantization_config
    model = AutoModelForCausalLM.from_config(read.config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    return model.eval()


# Texts

def load_tokenizer(file: Path):
    """The tokenizer in the GGUF file; transformers loses that its digits stand alone."""
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    return tokenizer


def read_rows(file: Path, tokenizer) -> list[dict[str, list[int]]]:
    """Prompts by the chat template, and responses with their end token."""
    rows = []
    with file.open() as lines:
        for line, _ in zip(lines, range(2 * (PAIRS + PROMPTS)), strict=False):
            row = json.loads(line)
            prompt = tokenizer.apply_chat_template(
                [{"role": "user", "content": row["question"]}], add_generation_prompt=True,
                tokenize=False)
            rows.append({
                "prompt": tokenizer(prompt, add_special_tokens=False)["input_ids"],
                "actual": tokenizer(row["answer"], add_special_tokens=False)["input_ids"]
                + [tokenizer.eos_token_id],
            })
    return rows


def write_inputs(folder: Path, model, tokenizer, rows: list[dict], made_up: bool) -> None:
    """The first rows with a response of ordinary length become pairs, the others prompts.

    A made-up model has nothing to say: its generated responses are other rows' random ids.
    """
    ordinary = range(SHORTEST_PAIR_RESPONSE, LONGEST_RESPONSE + 1)
    pairs = [row for row in rows if len(row["actual"]) in ordinary][:PAIRS]
    prompts = [row for row in rows if row not in pairs][:PROMPTS]
    if made_up:
        responses = [prompts[index]["actual"][:LONGEST_RESPONSE] for index in range(len(pairs))]
    else:
        responses = sample_responses(model, tokenizer, [pair["prompt"] for pair in pairs])
    for pair, response in zip(pairs, responses, strict=True):
        pair["generated"] = response
    write_json(folder / "pairs.json", {
        "pairs": pairs, "vocabulary": model.config.vocab_size, "beta": BETA})
    write_json(folder / "prompts.json", {
        "prompts": [row["prompt"] for row in prompts],
        "lengths": [min(len(row["actual"]), LONGEST_RESPONSE) for row in prompts],
        "actual": [row["actual"] for row in prompts],
    })


@torch.inference_mode()
def sample_responses(model, tokenizer, prompts: list[list[int]]) -> list[list[int]]:
    """What the model itself answers, as in a rollout; prompts are padded on the left."""
    end = tokenizer.eos_token_id
    width = max(map(len, prompts))
    output = model.generate(
        torch.tensor([[end] * (width - len(prompt)) + prompt for prompt in prompts]),
        attention_mask=torch.tensor(
            [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]),
        do_sample=True, temperature=1.0, top_p=0.9, top_k=0, max_new_tokens=LONGEST_RESPONSE,
        eos_token_id=end, pad_token_id=end)
    rows = output[:, width:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


def write_json(file: Path, value: dict) -> None:
    file.write_text(json.dumps(value) + "\n")


# Made-up models

def make_up(options: argparse.Namespace):
    """A model with random weights and a tokenizer that only knows its special tokens."""
    config = made_up_config(options.shape, options.layers)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        last_norm = model.base_model.norm if options.shape == "qwen2" else model.base_model.ln_f
        last_norm.weight.fill_(
            LOGIT_DEVIATION / (config.initializer_range * config.hidden_size**0.5))
    vocabulary = Tokenizer(models.WordLevel({"<end>": 0, "<unknown>": 1}, "<unknown>"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=vocabulary, eos_token="<end>", pad_token="<end>", unk_token="<unknown>")
    return model, tokenizer


def made_up_config(shape: str, layers: int | None):
    """Qwen2.5-0.5B's or GPT-2's shape; dropout is off."""
    ends = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    if shape == "qwen2":
        return Qwen2Config(
            hidden_size=896, intermediate_size=4864, num_hidden_layers=layers or 24,
            num_attention_heads=14, num_key_value_heads=2, vocab_size=151936,
            max_position_embeddings=32768, rms_norm_eps=1e-6, tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": 1e6}, **ends)
    return GPT2Config(
        n_layer=layers or 12, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0, **ends)


def random_like(row: dict[str, list[int]], vocabulary: int) -> dict[str, list[int]]:
    """Random ids, the end token 0 left out but at the response's end."""
    source = random.Random(str(row))
    ids = {key: [source.randrange(2, vocabulary) for _ in row[key]] for key in row}
    ids["actual"][-1] = 0
    return ids


if __name__ == "__main__":
    main()
