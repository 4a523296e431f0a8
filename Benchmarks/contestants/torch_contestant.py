"""What the PyTorch contestants share: the model, generation, inference and the iteration."""

import argparse
import time

import torch
import transformers
from transformers import AutoModelForCausalLM, GenerationConfig, StoppingCriteria

from common import (
    CLIP_NORM,
    DECODE_PROMPT_TOKENS,
    LEARNING_RATE,
    PAIRS_PER_STEP,
    SGEMM_SIZE,
    Contestant,
    Pair,
    Stopwatch,
    chunks,
    folder_bytes,
    sync_folder,
)


class EndAtLengths(StoppingCriteria):
    """Ends every sequence of a batch after its own number of new tokens."""

    def __init__(self, prompt_width: int, lengths: list[int]):
        self.ends = torch.tensor(lengths) + prompt_width

    def __call__(self, input_ids, scores, **kwargs):
        return self.ends <= input_ids.shape[1]


class TorchContestant(Contestant):
    """A model in float32 on the CPU; subclasses add `reference_pass` and `train_step`."""

    fused_optimizer = False

    def __init__(self, options: argparse.Namespace):
        super().__init__(options)
        torch.set_num_threads(self.threads)
        transformers.utils.logging.disable_progress_bar()

    def versions(self) -> dict[str, str]:
        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def load(self) -> None:
        self.policy = self.load_model(self.options.model)
        self.start_over()

    def load_model(self, folder: str):
        """The model in float32; evaluation mode only turns dropout off."""
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def start_over(self) -> None:
        """A new optimizer, and pairs whose reference log-probabilities are not known."""
        self.optimizer = torch.optim.AdamW(
            self.policy.parameters(), lr=LEARNING_RATE, weight_decay=0.0,
            fused=self.fused_optimizer or None)
        self.reference = None

    # Training

    def reference_pass(self, pairs: list[Pair]):
        """What `train_step` needs to know about the reference policy, outside of the step."""
        raise NotImplementedError

    def train_step(self, pairs: list[Pair], reference, watch: Stopwatch) -> tuple[float, float]:
        """One optimizer step; returns the loss and the gradients' norm before clipping."""
        raise NotImplementedError

    def do_step(self, seed: int = 1) -> dict:
        if self.reference is None:
            self.reference = self.reference_pass(self.inputs.pairs)
        watch = Stopwatch()
        loss, norm = self.train_step(self.inputs.pairs, self.reference, watch)
        return {
            "seconds": watch.seconds, "phases": watch.phases, "loss": loss, "grad_norm": norm,
            "tokens": sum(pair.sequence_tokens for pair in self.inputs.pairs),
        }

    def do_reset(self) -> dict:
        self.policy.load_state_dict(self.load_model(self.options.model).state_dict())
        self.start_over()
        return {"ok": True}

    def update_weights(self) -> float:
        """Clips, steps and forgets the gradients; returns their norm before clipping."""
        norm = torch.nn.utils.clip_grad_norm_(self.policy.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm.item()

    def do_iteration(self, prompts: int = 256, max_new_tokens: int = 128, batch: int = 16,
                     lengths: list[int] | None = None, seed: int = 1, temperature: float = 1.0,
                     top_p: float = 0.9) -> dict:
        """Rollout, reference pass and one epoch of steps."""
        self.start_over()
        watch = Stopwatch()
        responses = self.generate(
            prompts, max_new_tokens, batch, lengths, seed, temperature, top_p)
        watch.lap("rollout")
        pairs = [
            Pair(*texts)
            for texts in zip(self.inputs.prompts, self.inputs.actual, responses, strict=False)]
        reference = self.reference_pass(pairs)
        watch.lap("reference")
        steps = len(pairs) // PAIRS_PER_STEP
        for step in range(steps):
            here = slice(step * PAIRS_PER_STEP, (step + 1) * PAIRS_PER_STEP)
            self.train_step(pairs[here], reference and reference[here], Stopwatch())
        watch.lap("train")
        return {
            "seconds": watch.seconds, "phases": watch.phases, "steps": steps,
            "useful_tokens": sum(len(response) for response in responses),
        }

    # Generation

    def do_rollout(self, prompts: int = 256, max_new_tokens: int = 128, batch: int = 16,
                   lengths: list[int] | None = None, seed: int = 1, temperature: float = 1.0,
                   top_p: float = 0.9) -> dict:
        watch = Stopwatch()
        responses = self.generate(
            prompts, max_new_tokens, batch, lengths, seed, temperature, top_p)
        seconds = watch.seconds
        longest = [max(map(len, part)) * len(part) for part in chunks(responses, batch)]
        return {
            "seconds": seconds,
            "useful_tokens": sum(len(response) for response in responses),
            "slot_tokens": sum(longest),
            "prompt_tokens": sum(len(prompt) for prompt in self.inputs.prompts[:prompts]),
        }

    def generate(self, count: int, max_new_tokens: int, batch: int, lengths: list[int] | None,
                 seed: int, temperature: float, top_p: float) -> list[list[int]]:
        """Sampled responses, up to and with the end token, or of the given lengths."""
        torch.manual_seed(seed)
        settings = GenerationConfig(
            do_sample=True, temperature=temperature, top_p=top_p, top_k=0,
            max_new_tokens=max_new_tokens, pad_token_id=self.pad_token,
            eos_token_id=None if lengths else self.end_token)
        responses = []
        for start in range(0, count, batch):
            here = slice(start, min(start + batch, count))
            responses += self.generate_batch(
                self.inputs.prompts[here], settings, lengths and lengths[here])
        return responses

    @torch.inference_mode()
    def generate_batch(self, prompts: list[list[int]], settings: GenerationConfig,
                       lengths: list[int] | None) -> list[list[int]]:
        """One batch of `transformers` generate, padded on the left."""
        width = max(map(len, prompts))
        ids = torch.tensor([[self.pad_token] * (width - len(p)) + p for p in prompts])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        self.policy.generation_config = settings
        output = self.policy.generate(
            ids, attention_mask=mask,
            stopping_criteria=[EndAtLengths(width, lengths)] if lengths else [])
        rows = output[:, width:].tolist()
        if lengths:
            return [row[:length] for row, length in zip(rows, lengths, strict=True)]
        return [self.up_to_end(row) for row in rows]

    def up_to_end(self, row: list[int]) -> list[int]:
        end = self.end_token
        return row[: row.index(end) + 1] if end in row else row

    @property
    def end_token(self) -> int:
        end = self.policy.config.eos_token_id
        return end[0] if isinstance(end, list) else end

    @property
    def pad_token(self) -> int:
        pad = self.policy.config.pad_token_id
        return self.end_token if pad is None else pad

    # Inference

    @torch.inference_mode()
    def do_score(self) -> dict:
        """Log-probabilities of all responses, one shared-prompt row a pair where known."""
        watch = Stopwatch()
        sums = self.score(self.inputs.pairs)
        return {
            "seconds": watch.seconds, "sum_log_prob": sums,
            "tokens": sum(pair.sequence_tokens for pair in self.inputs.pairs),
        }

    def score(self, pairs: list[Pair]) -> list[float]:
        """Summed log-probabilities: per pair actual, generated."""
        raise NotImplementedError

    @torch.inference_mode()
    def do_prefill(self, tokens: int = 512, repeat: int = 4) -> dict:
        ids = torch.tensor([self.inputs.some_tokens(tokens)])
        watch = Stopwatch()
        for _ in range(repeat):
            self.policy(ids, use_cache=True, logits_to_keep=1)
        return {"seconds": watch.seconds, "tokens": tokens * repeat}

    @torch.inference_mode()
    def do_decode(self, tokens: int = 128) -> dict:
        """Greedy decoding of one sequence; its prompt is not timed."""
        ids = torch.tensor([self.inputs.some_tokens(DECODE_PROMPT_TOKENS)])
        output = self.policy(ids, use_cache=True, logits_to_keep=1)
        watch = Stopwatch()
        for _ in range(tokens):
            output = self.policy(
                output.logits[:, -1:].argmax(-1), past_key_values=output.past_key_values,
                use_cache=True)
        return {"seconds": watch.seconds, "tokens": tokens}

    def do_checkpoint(self, folder: str) -> dict:
        watch = Stopwatch()
        self.policy.save_pretrained(folder)
        sync_folder(folder)
        return {"seconds": watch.seconds, "bytes": folder_bytes(folder)}

    @torch.inference_mode()
    def do_first_token(self, file: str) -> dict:
        watch = Stopwatch()
        model = self.load_model(file)
        ids = torch.tensor([self.inputs.some_tokens(DECODE_PROMPT_TOKENS)])
        token = model(ids, logits_to_keep=1).logits[0, -1].argmax().item()
        return {"seconds": watch.seconds, "token": token}

    def do_sgemm(self) -> dict:
        return {"gflops": sgemm_gflops()}


def sgemm_gflops(repeats: int = 3) -> float:
    """The median speed of 4096³ products in float32."""
    left, right = (torch.rand(SGEMM_SIZE, SGEMM_SIZE) for _ in range(2))
    out = left @ right
    speeds = []
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(left, right, out=out)
        speeds.append(2 * SGEMM_SIZE**3 / (time.perf_counter() - start) / 1e9)
    return sorted(speeds)[repeats // 2]
