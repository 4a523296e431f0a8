"""Contestant (d): llama.cpp through llama-cpp-python's low-level interface.

Rollouts keep a number of sequences in flight and put the next prompt into a slot as soon as its
sequence has ended, which is what llama.cpp's own server does.
"""

import argparse
import ctypes
import importlib.metadata
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import llama_cpp
import numpy as np

from common import DECODE_PROMPT_TOKENS, Contestant, Pair, Stopwatch, run

BATCH_TOKENS = 2048
MICRO_BATCH_TOKENS = 512
ROWS_AT_ONCE = 4

CACHE_TYPES = {"f16": llama_cpp.GGML_TYPE_F16, "f32": llama_cpp.GGML_TYPE_F32}
QUIET = llama_cpp.llama_log_callback(lambda level, text, data: None)


class Batch:
    """The tokens of one call of llama_decode."""

    def __init__(self, capacity: int, sequences: int):
        self.raw = llama_cpp.llama_batch_init(capacity, 0, sequences)
        self.raw.n_tokens = 0

    def clear(self) -> None:
        self.raw.n_tokens = 0

    def __len__(self) -> int:
        return self.raw.n_tokens

    def add(self, token: int, position: int, sequences: list[int], scored: bool) -> int:
        """Appends a token that belongs to some sequences; returns its index."""
        raw, index = self.raw, self.raw.n_tokens
        raw.token[index] = token
        raw.pos[index] = position
        raw.n_seq_id[index] = len(sequences)
        for place, sequence in enumerate(sequences):
            raw.seq_id[index][place] = sequence
        raw.logits[index] = scored
        raw.n_tokens += 1
        return index

    def add_all(self, tokens: list[int], position: int, sequences: list[int]) -> int:
        """Appends tokens of which only the last one gets logits; returns its index."""
        last = len(tokens) - 1
        for offset, token in enumerate(tokens):
            index = self.add(token, position + offset, sequences, offset == last)
        return index


class Context:
    """A key-value cache and the threads that work on it; freed at the end of `with`."""

    def __init__(self, model, threads: int, tokens: int, sequences: int = 1, *,
                 flash: bool, cache_type: str, unified: bool = True):
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = tokens
        settings.n_batch = BATCH_TOKENS
        settings.n_ubatch = MICRO_BATCH_TOKENS
        settings.n_seq_max = sequences
        settings.n_threads = settings.n_threads_batch = threads
        settings.kv_unified = unified
        settings.type_k = settings.type_v = CACHE_TYPES[cache_type]
        settings.flash_attn_type = (
            llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash
            else llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED)
        self.raw = llama_cpp.llama_init_from_model(model, settings)
        if not self.raw:
            raise RuntimeError("llama.cpp made no context")
        self.memory = llama_cpp.llama_get_memory(self.raw)
        self.batch = Batch(BATCH_TOKENS, sequences)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        llama_cpp.llama_batch_free(self.batch.raw)
        llama_cpp.llama_free(self.raw)

    def decode(self) -> None:
        """Computes the batch and leaves it empty."""
        status = llama_cpp.llama_decode(self.raw, self.batch.raw)
        self.batch.clear()
        if status != 0:
            raise RuntimeError(f"llama_decode returned {status}")

    def forget(self, sequence: int) -> None:
        llama_cpp.llama_memory_seq_rm(self.memory, sequence, -1, -1)

    def clear(self) -> None:
        llama_cpp.llama_memory_clear(self.memory, False)

    def logits(self, rows: int, vocabulary: int) -> np.ndarray:
        """The logits that were asked for, `[rows, vocab]`, in llama.cpp's own memory."""
        pointer = llama_cpp.llama_get_logits(self.raw)
        return np.ctypeslib.as_array(pointer, shape=(rows, vocabulary))


@dataclass
class Sequence:
    """A response in the making."""

    request: int
    position: int
    budget: int
    logits_index: int
    tokens: list[int] = field(default_factory=list)


class LlamaContestant(Contestant):
    """llama.cpp with F32 weights, on its default threads."""

    name = "llama"

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--cache", choices=CACHE_TYPES, default="f16")
        parser.add_argument("--flash", action=argparse.BooleanOptionalAction, default=True)
        parser.add_argument(
            "--unified", action=argparse.BooleanOptionalAction, default=True,
            help="one cache for all sequences of a rollout")

    def versions(self) -> dict[str, str]:
        info = llama_cpp.llama_print_system_info().decode()
        return {
            "llama-cpp-python": importlib.metadata.version("llama-cpp-python"),
            "system": info.strip(),
        }

    def load(self) -> None:
        llama_cpp.llama_log_set(QUIET, ctypes.c_void_p())
        llama_cpp.llama_backend_init()
        self.model = self.load_model(self.options.gguf)
        vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self.end_token = llama_cpp.llama_vocab_eos(vocabulary)
        self.workers = ThreadPoolExecutor(self.threads)

    def load_model(self, file: str):
        settings = llama_cpp.llama_model_default_params()
        model = llama_cpp.llama_model_load_from_file(file.encode(), settings)
        if not model:
            raise RuntimeError(f"llama.cpp does not load {file}")
        return model

    def context(self, tokens: int, sequences: int = 1, *, unified: bool = True,
                model=None) -> Context:
        return Context(
            model or self.model, self.threads, tokens, sequences, flash=self.options.flash,
            cache_type=self.options.cache, unified=unified)

    # Rollout

    def do_rollout(self, prompts: int = 256, max_new_tokens: int = 128, batch: int = 32,
                   lengths: list[int] | None = None, seed: int = 1, temperature: float = 1.0,
                   top_p: float = 0.9) -> dict:
        texts = self.inputs.prompts[:prompts]
        budgets = [max_new_tokens] * len(texts)
        if lengths:
            budgets = [min(length, max_new_tokens) for length in lengths[: len(texts)]]
        room = max(len(text) + budget for text, budget in zip(texts, budgets, strict=True))
        sampler = make_sampler(seed, temperature, top_p)
        with self.context(room * batch, batch, unified=self.options.unified) as context:
            watch = Stopwatch()
            responses = self.respond(
                context, sampler, texts, budgets, batch, None if lengths else self.end_token)
            seconds = watch.seconds
        llama_cpp.llama_sampler_free(sampler)
        useful = sum(map(len, responses))
        return {
            "seconds": seconds, "useful_tokens": useful, "slot_tokens": useful,
            "prompt_tokens": sum(map(len, texts)),
        }

    def respond(self, context: Context, sampler, prompts: list[list[int]], budgets: list[int],
                slots: int, end_token: int | None) -> list[list[int]]:
        """Samples every response, never more than `slots` at a time."""
        waiting, free = deque(range(len(prompts))), deque(range(slots))
        live: dict[int, Sequence] = {}
        responses: list[list[int]] = [[] for _ in prompts]
        while waiting or live:
            for slot, sequence in live.items():
                sequence.logits_index = context.batch.add(
                    sequence.tokens[-1], sequence.position, [slot], True)
                sequence.position += 1
            while waiting and free and len(context.batch) + len(
                    prompts[waiting[0]]) <= BATCH_TOKENS:
                request, slot = waiting.popleft(), free.popleft()
                index = context.batch.add_all(prompts[request], 0, [slot])
                live[slot] = Sequence(request, len(prompts[request]), budgets[request], index)
            context.decode()
            for slot, sequence in list(live.items()):
                token = llama_cpp.llama_sampler_sample(
                    sampler, context.raw, sequence.logits_index)
                sequence.tokens.append(token)
                if token == end_token or len(sequence.tokens) == sequence.budget:
                    responses[sequence.request] = sequence.tokens
                    context.forget(slot)
                    free.append(slot)
                    del live[slot]
        return responses

    # Inference

    def do_score(self) -> dict:
        """A pair at a time; the prompt's tokens belong to both responses' sequences."""
        pairs = self.inputs.pairs
        room = max(pair.sequence_tokens for pair in pairs)
        with self.context(room, 2) as context:
            watch = Stopwatch()
            sums = [value for pair in pairs for value in self.score_pair(context, pair)]
            seconds = watch.seconds
        return {
            "seconds": seconds, "sum_log_prob": sums,
            "tokens": sum(pair.sequence_tokens for pair in pairs),
        }

    def score_pair(self, context: Context, pair: Pair) -> list[float]:
        """Summed log-probabilities of the actual and the generated response."""
        prompt = len(pair.prompt)
        context.clear()
        context.batch.add_all(pair.prompt, 0, [0, 1])
        for sequence, response in enumerate((pair.actual, pair.generated)):
            for offset, token in enumerate(response[:-1]):
                context.batch.add(token, prompt + offset, [sequence], True)
        context.decode()
        actual, generated = len(pair.actual), len(pair.generated)
        logits = context.logits(actual + generated - 1, self.vocabulary)
        normalisers = self.log_sum_exp(logits)
        first_of_generated = [0, *range(actual, actual + generated - 1)]
        return [
            self.sum_log_probs(logits, normalisers, rows, response)
            for rows, response in (
                (list(range(actual)), pair.actual), (first_of_generated, pair.generated))]

    def log_sum_exp(self, logits: np.ndarray) -> np.ndarray:
        """Of every row, the rows shared out among the threads."""
        parts = np.array_split(logits, self.threads)
        return np.concatenate(list(self.workers.map(log_sum_exp, parts)))

    @staticmethod
    def sum_log_probs(logits: np.ndarray, normalisers: np.ndarray, rows: list[int],
                      tokens: list[int]) -> float:
        return float((logits[rows, tokens] - normalisers[rows]).sum(dtype=np.float64))

    def do_prefill(self, tokens: int = 512, repeat: int = 4) -> dict:
        text = self.inputs.some_tokens(tokens)
        with self.context(tokens) as context:
            watch = Stopwatch()
            for _ in range(repeat):
                context.clear()
                context.batch.add_all(text, 0, [0])
                context.decode()
            return {"seconds": watch.seconds, "tokens": tokens * repeat}

    def do_decode(self, tokens: int = 128) -> dict:
        """Greedy decoding of one sequence; its prompt is not timed."""
        with self.context(DECODE_PROMPT_TOKENS + tokens) as context:
            token = self.first_token(context)
            watch = Stopwatch()
            for offset in range(tokens):
                context.batch.add(token, DECODE_PROMPT_TOKENS + offset, [0], True)
                context.decode()
                token = int(context.logits(1, self.vocabulary).argmax())
            return {"seconds": watch.seconds, "tokens": tokens}

    def do_first_token(self, file: str) -> dict:
        watch = Stopwatch()
        model = self.load_model(file)
        with self.context(DECODE_PROMPT_TOKENS, model=model) as fresh:
            token = self.first_token(fresh)
            seconds = watch.seconds
        llama_cpp.llama_model_free(model)
        return {"seconds": seconds, "token": token}

    def first_token(self, context: Context) -> int:
        context.batch.add_all(self.inputs.some_tokens(DECODE_PROMPT_TOKENS), 0, [0])
        context.decode()
        return int(context.logits(1, self.vocabulary).argmax())


def make_sampler(seed: int, temperature: float, top_p: float):
    """The same distribution as everywhere: temperature, then the nucleus."""
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for step in (
        llama_cpp.llama_sampler_init_temp(temperature),
        llama_cpp.llama_sampler_init_top_p(top_p, 1),
        llama_cpp.llama_sampler_init_dist(seed),
    ):
        llama_cpp.llama_sampler_chain_add(chain, step)
    return chain


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    """Of every row, a few rows at a time so that they stay in the cache."""
    results = np.empty(len(logits), np.float32)
    for start in range(0, len(logits), ROWS_AT_ONCE):
        here = slice(start, start + ROWS_AT_ONCE)
        largest = logits[here].max(axis=1, keepdims=True)
        shifted = logits[here] - largest
        np.exp(shifted, out=shifted)
        results[here] = np.log(shifted.sum(axis=1)) + largest[:, 0]
    return results


if __name__ == "__main__":
    run(LlamaContestant)
