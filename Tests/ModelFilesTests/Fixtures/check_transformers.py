#!/usr/bin/env python3
"""check_transformers.py SOURCE WRITTEN: both folders are the same model to transformers.

SOURCE may be a GGUF file too, which transformers then reads itself (needs gguf). Compares every tensor bit for bit, as
float32, and the logits of one sequence; exits with 1 and says what differs.
"""
import pathlib
import sys

import torch
import transformers


def load(path):
    path = pathlib.Path(path)
    options = dict(dtype=torch.float32, attn_implementation="eager")
    if path.suffix == ".gguf":
        return transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, **options)
    model, report = transformers.AutoModelForCausalLM.from_pretrained(path, output_loading_info=True, **options)
    # The oldest GPT-2 files carry their causal masks.
    unexpected = [key for key in report["unexpected_keys"] if not key.endswith((".attn.bias", ".attn.masked_bias"))]
    if report["missing_keys"] or unexpected or report["mismatched_keys"]:
        sys.exit(f"{path}: {report}")
    return model


def main():
    source, written = (load(path).eval() for path in sys.argv[1:3])
    expected, state = source.state_dict(), written.state_dict()
    if expected.keys() != state.keys():
        sys.exit(f"other tensors: {sorted(expected.keys() ^ state.keys())}")
    different = [name for name in expected if not torch.equal(expected[name].float(), state[name].float())]
    if different:
        sys.exit(f"other values: {different}")
    ids = torch.arange(12)[None] % source.config.vocab_size
    with torch.no_grad():
        first, second = source(ids).logits, written(ids).logits
    if not torch.equal(first, second):
        sys.exit(f"other logits, by up to {(first - second).abs().max()}")
    print(f"{len(expected)} tensors and the logits are the same")


if __name__ == "__main__":
    main()
