"""The floating-point operations that are really needed, from a model's shape (see README.md)."""

import json
from dataclasses import dataclass
from pathlib import Path

TRAINING_FACTOR = 3
"""A forward pass, and a backward pass that makes two products of every one."""


@dataclass(frozen=True)
class ModelCost:
    """Forward operations of a decoder's parts; norms, activations and lookups are left out."""

    body: float
    """Linear layers of all blocks, for each row."""
    head: float
    """The product with the vocabulary, for each row."""
    attention: float
    """Scores and sums of all blocks, for each pair of a row and a row it attends to."""
    unread: float
    """Of `body`, what the last block need not do for a row without logits: all but keys and values."""
    layers: int

    @classmethod
    def of(cls, folder: Path) -> "ModelCost":
        """From the config.json of a Hugging Face folder."""
        shape = json.loads((folder / "config.json").read_text())
        if shape["model_type"] == "gpt2":
            return cls._gpt2(shape)
        channels, layers = shape["hidden_size"], shape["num_hidden_layers"]
        heads = shape["num_attention_heads"]
        head_size = shape.get("head_dim") or channels // heads
        key_value = shape.get("num_key_value_heads", heads) * head_size
        unread = channels * (2 * heads * head_size + 3 * shape["intermediate_size"])
        return cls(
            body=2 * layers * (unread + 2 * channels * key_value),
            head=2 * channels * shape["vocab_size"],
            attention=4 * layers * heads * head_size, unread=2 * unread, layers=layers)

    @classmethod
    def _gpt2(cls, shape: dict) -> "ModelCost":
        channels, layers = shape["n_embd"], shape["n_layer"]
        inner = shape.get("n_inner") or 4 * channels
        return cls(
            body=2 * layers * (4 * channels**2 + 2 * channels * inner),
            head=2 * channels * shape["vocab_size"], attention=4 * layers * channels,
            unread=2 * (2 * channels**2 + 2 * channels * inner), layers=layers)

    def pair(self, prompt: int, actual: int, generated: int) -> float:
        """Scores both responses to a prompt that is computed once and whole.

        A response's last token is predicted but never read, and the prompt's last row predicts
        the first token of both responses.
        """
        actual_rows, generated_rows = actual - 1, generated - 1
        attended = (
            triangle(prompt) + triangle(actual_rows) + triangle(generated_rows)
            + prompt * (actual_rows + generated_rows))
        return (
            self.body * (prompt + actual_rows + generated_rows)
            + self.head * (1 + actual_rows + generated_rows) + self.attention * attended
            - self._unread(prompt - 1))

    def response(self, prompt: int, tokens: int) -> float:
        """Generates a response: the head runs once for each token."""
        rows = prompt + tokens - 1
        return (
            self.body * rows + self.head * tokens + self.attention * triangle(rows)
            - self._unread(prompt - 1))

    def prefill(self, tokens: int) -> float:
        return (
            self.body * tokens + self.head + self.attention * triangle(tokens)
            - self._unread(tokens - 1))

    def _unread(self, rows: int) -> float:
        """What a sequence's first rows, whose logits nobody reads, save in the last block."""
        return self.unread * rows + self.attention / self.layers * triangle(rows)

    def step(self, pairs: list[dict]) -> float:
        """An optimizer step over pairs of token ids, the reference policy known."""
        return TRAINING_FACTOR * self.score(pairs)

    def score(self, pairs: list[dict]) -> float:
        """What all prompts begin with is computed once."""
        whole = sum(
            self.pair(len(pair["prompt"]), len(pair["actual"]), len(pair["generated"]))
            for pair in pairs)
        shared = common_beginning([pair["prompt"] for pair in pairs])
        return whole - (len(pairs) - 1) * self.beginning(shared)

    def beginning(self, tokens: int) -> float:
        """The first tokens of a prompt, whose logits nobody reads."""
        return self.body * tokens + self.attention * triangle(tokens) - self._unread(tokens)


def common_beginning(prompts: list[list[int]]) -> int:
    """How many tokens all prompts begin with, without the last one of any, whose logits are read."""
    shared = min(len(prompt) for prompt in prompts) - 1
    return next(
        (place for place in range(shared) if len({prompt[place] for prompt in prompts}) > 1), shared)


def triangle(rows: int) -> int:
    return rows * (rows + 1) // 2
