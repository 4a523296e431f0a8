"""Contestant (a): the plain loop, `transformers` generate and an eager DPO step."""

import torch
import torch.nn.functional as F

from common import Pair, Stopwatch, chunks, run
from torch_contestant import TorchContestant

PAIRS_PER_MICRO_BATCH = 4


class TorchLoop(TorchContestant):
    """Policy and reference model side by side, sequences padded to the longest of 4 pairs."""

    name = "torch_loop"

    def load(self) -> None:
        self.reference_model = self.load_model(self.options.model).requires_grad_(False)
        super().load()

    def reference_pass(self, pairs: list[Pair]) -> None:
        """Nothing: the reference model runs inside every step."""

    def train_step(self, pairs: list[Pair], reference, watch: Stopwatch) -> tuple[float, float]:
        total = 0.0
        for micro_batch in chunks(pairs, PAIRS_PER_MICRO_BATCH):
            batch = self.pad(micro_batch)
            with torch.no_grad():
                reference_sums = response_sums(self.reference_model, *batch)
            watch.lap("reference")
            margin = margins(response_sums(self.policy, *batch) - reference_sums)
            loss = -F.logsigmoid(self.inputs.beta * margin).sum() / len(pairs)
            watch.lap("forward")
            loss.backward()
            total += loss.item()
            watch.lap("backward")
        norm = self.update_weights()
        watch.lap("optimizer")
        return total, norm

    def score(self, pairs: list[Pair]) -> list[float]:
        sums = []
        for micro_batch in chunks(pairs, PAIRS_PER_MICRO_BATCH):
            rows = response_sums(self.policy, *self.pad(micro_batch))
            sums += rows.view(2, -1).T.flatten().tolist()
        return sums

    def pad(self, pairs: list[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Ids, attention mask and response mask, `[2 × pairs, time]`: first all actual rows."""
        rows = [(p.prompt, p.actual) for p in pairs] + [(p.prompt, p.generated) for p in pairs]
        width = max(len(prompt) + len(response) for prompt, response in rows)
        ids = torch.full((len(rows), width), self.pad_token)
        attended = torch.zeros(len(rows), width, dtype=torch.long)
        scored = torch.zeros(len(rows), width, dtype=torch.bool)
        for row, (prompt, response) in enumerate(rows):
            length = len(prompt) + len(response)
            ids[row, :length] = torch.tensor(prompt + response)
            attended[row, :length] = 1
            scored[row, len(prompt) : length] = True
        return ids, attended, scored


def response_sums(model, ids, attended, scored) -> torch.Tensor:
    """Summed log-probability of every row's response."""
    logits = model(ids, attention_mask=attended, use_cache=False).logits[:, :-1]
    log_probs = logits.log_softmax(-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
    return (log_probs * scored[:, 1:]).sum(-1)


def margins(rewards: torch.Tensor) -> torch.Tensor:
    actual, generated = rewards.chunk(2)
    return actual - generated


if __name__ == "__main__":
    run(TorchLoop)
