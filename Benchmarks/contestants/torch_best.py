"""Contestant (c): the best that a PyTorch user can write without leaving PyTorch.

Every pair is one sequence [prompt, actual, generated]: the prompt is computed once, and a mask
keeps the generated response from seeing the actual one. Nothing is padded, the head runs on the
rows that predict response tokens only, and the reference log-probabilities are computed once.
"""

import argparse
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from common import Pair, Stopwatch, chunks, run
from torch_contestant import TorchContestant


@dataclass(frozen=True)
class PackedPairs:
    """Some pairs side by side in one row of tokens."""

    ids: torch.Tensor
    """`[1, time]`"""
    positions: torch.Tensor
    """`[1, time]`: both responses begin where the prompt ends."""
    masks: list[torch.Tensor]
    """One a pair, `[1, 1, time, time]`: 0 where a row attends, minus infinity elsewhere."""
    scored_rows: torch.Tensor
    """Rows that predict response tokens."""
    targets: torch.Tensor
    """The token that each scored row predicts."""
    response_lengths: list[int]
    """Actual and generated of every pair."""


class ResponseLogProbs(torch.autograd.Function):
    """Log-probabilities of target tokens, with one vocabulary-wide buffer kept for backward."""

    @staticmethod
    def forward(context, hidden, weight, targets):
        log_probs = F.linear(hidden, weight).log_softmax(-1)
        context.save_for_backward(hidden, weight, targets, log_probs)
        return log_probs.gather(-1, targets[:, None]).squeeze(-1)

    @staticmethod
    def backward(context, gradient):
        hidden, weight, targets, log_probs = context.saved_tensors
        d_logits = log_probs.exp_().mul_(-gradient[:, None])
        d_logits.scatter_add_(-1, targets[:, None], gradient[:, None])
        return d_logits @ weight, d_logits.T @ hidden, None


def attend_by_pair(module, query, key, value, attention_mask, pair_masks=None, **kwargs):
    """Attention of each pair alone, so that pairs side by side cost no masked products.

    Shapes are `[1, heads, time, headSize]`; without masks of pairs it is the usual attention.
    """
    if pair_masks is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    grouped = key.shape[1] != query.shape[1]
    outputs, start = [], 0
    for mask in pair_masks:
        here = slice(start, start + mask.shape[-1])
        outputs.append(F.scaled_dot_product_attention(
            query[:, :, here], key[:, :, here], value[:, :, here], attn_mask=mask,
            scale=kwargs.get("scaling"), enable_gqa=grouped))
        start = here.stop
    return torch.cat(outputs, dim=2).transpose(1, 2), None


AttentionInterface.register("by_pair", attend_by_pair)
AttentionMaskInterface.register("by_pair", sdpa_mask)


class TorchBest(TorchContestant):
    """Shared prompt, no padding, head on response rows, reference known beforehand."""

    name = "torch_best"
    fused_optimizer = True

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--micro-batch", type=int, default=1, help="pairs side by side in one pass")

    def load_model(self, folder: str):
        model = super().load_model(folder)
        model.set_attn_implementation("by_pair")
        return model

    @torch.no_grad()
    def reference_pass(self, pairs: list[Pair]) -> list[list[float]]:
        """Actual and generated sums of every pair under the policy as it is now."""
        sums = self.score(pairs)
        return chunks(sums, 2)

    def train_step(self, pairs: list[Pair], reference, watch: Stopwatch) -> tuple[float, float]:
        total = 0.0
        size = self.options.micro_batch
        for micro_batch, known in zip(chunks(pairs, size), chunks(reference, size), strict=True):
            rewards = self.response_sums(micro_batch) - torch.tensor(known)
            margins = rewards[:, 0] - rewards[:, 1]
            loss = -F.logsigmoid(self.inputs.beta * margins).sum() / len(pairs)
            watch.lap("forward")
            loss.backward()
            total += loss.item()
            watch.lap("backward")
        norm = self.update_weights()
        watch.lap("optimizer")
        return total, norm

    def score(self, pairs: list[Pair]) -> list[float]:
        parts = chunks(pairs, self.options.micro_batch)
        return torch.cat([self.response_sums(part) for part in parts]).flatten().tolist()

    def response_sums(self, pairs: list[Pair]) -> torch.Tensor:
        """`[pairs, 2]`: summed log-probability of the actual and the generated response."""
        packed = pack(pairs)
        hidden = self.hidden_rows(packed)
        weight = self.policy.get_output_embeddings().weight
        log_probs = ResponseLogProbs.apply(hidden, weight, packed.targets)
        return torch.stack(
            [part.sum() for part in log_probs.split(packed.response_lengths)]).view(-1, 2)

    def hidden_rows(self, packed: PackedPairs) -> torch.Tensor:
        """The body's output in the scored rows, `[rows, channels]`."""
        output = self.policy.base_model(
            packed.ids, position_ids=packed.positions, use_cache=False,
            attention_mask=packed.masks[0], pair_masks=packed.masks)
        return output.last_hidden_state[0, packed.scored_rows]


def pack(pairs: list[Pair]) -> PackedPairs:
    """Puts pairs side by side; a response's last token is predicted but never read."""
    ids, positions, rows, targets = [], [], [], []
    for pair in pairs:
        prompt, start = len(pair.prompt), len(ids)
        ids += pair.prompt
        positions += range(prompt)
        for response in (pair.actual, pair.generated):
            rows += [start + prompt - 1, *range(len(ids), len(ids) + len(response) - 1)]
            ids += response[:-1]
            positions += range(prompt, prompt + len(response) - 1)
            targets += response
    return PackedPairs(
        ids=torch.tensor([ids]), positions=torch.tensor([positions]),
        masks=[block_mask(pair) for pair in pairs], scored_rows=torch.tensor(rows),
        targets=torch.tensor(targets),
        response_lengths=[len(r) for pair in pairs for r in (pair.actual, pair.generated)])


def block_mask(pair: Pair) -> torch.Tensor:
    """Causal, but for the generated response, which does not see the actual one."""
    prompt, actual = len(pair.prompt), len(pair.actual) - 1
    time = prompt + actual + len(pair.generated) - 1
    mask = torch.full((time, time), float("-inf")).triu(1)
    mask[prompt + actual :, prompt : prompt + actual] = float("-inf")
    return mask[None, None]


if __name__ == "__main__":
    run(TorchBest)
