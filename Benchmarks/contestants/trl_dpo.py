"""Contestant (b): TRL's DPOTrainer, its own training loop around its own step."""

import argparse
import tempfile
import time
from dataclasses import asdict

import torch
import transformers
import trl
from datasets import Dataset
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer

from common import CLIP_NORM, LEARNING_RATE, PAIRS_PER_STEP, Contestant, run

PAIRS_PER_MICRO_BATCH = 4


class PairTrainer(DPOTrainer):
    """DPOTrainer for pairs that are token ids already, in their given order."""

    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset

    def _get_train_sampler(self, train_dataset=None):
        return SequentialSampler(self.train_dataset)


class StepClock(TrainerCallback):
    """Times one step, from its first micro-batch until the optimizer is done."""

    def __init__(self):
        self.seconds = 0.0
        self.logged = {}

    def on_step_begin(self, args, state, control, **kwargs):
        self.start = time.perf_counter()

    def on_step_end(self, args, state, control, **kwargs):
        self.seconds = time.perf_counter() - self.start

    def on_log(self, args, state, control, logs=None, **kwargs):
        self.logged = {**(logs or {}), **self.logged}


class TRLContestant(Contestant):
    """TRL with its reference model; nothing but precision and checkpointing is set otherwise."""

    name = "trl_dpo"

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--gradient-checkpointing", action="store_true",
            help="TRL's own default, which trades speed for memory")

    def versions(self) -> dict[str, str]:
        return {
            "trl": trl.__version__, "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    def load(self) -> None:
        torch.set_num_threads(self.threads)
        folder = self.options.model
        self.clock = StepClock()
        self.output = tempfile.TemporaryDirectory()
        self.trainer = PairTrainer(
            model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
            args=self.configuration(),
            train_dataset=self.dataset(),
            processing_class=AutoTokenizer.from_pretrained(folder),
            callbacks=[self.clock])

    def configuration(self) -> DPOConfig:
        """One optimizer step for each call of `train`."""
        return DPOConfig(
            output_dir=self.output.name, max_steps=1, save_strategy="no", report_to=[],
            logging_steps=1, disable_tqdm=True, use_cpu=True, bf16=False,
            gradient_checkpointing=self.options.gradient_checkpointing,
            per_device_train_batch_size=PAIRS_PER_MICRO_BATCH,
            gradient_accumulation_steps=PAIRS_PER_STEP // PAIRS_PER_MICRO_BATCH,
            learning_rate=LEARNING_RATE, lr_scheduler_type="constant", weight_decay=0.0,
            max_grad_norm=CLIP_NORM, beta=self.inputs.beta, max_length=None)

    def dataset(self) -> Dataset:
        names = {"prompt": "prompt_ids", "actual": "chosen_ids", "generated": "rejected_ids"}
        rows = [asdict(pair) for pair in self.inputs.pairs]
        return Dataset.from_list([{names[key]: row[key] for key in names} for row in rows])

    def do_step(self, seed: int = 1) -> dict:
        self.clock.logged = {}
        self.trainer.train()
        return {
            "seconds": self.clock.seconds, "phases": {},
            "loss": self.clock.logged["loss"], "grad_norm": self.clock.logged["grad_norm"],
            "tokens": sum(pair.sequence_tokens for pair in self.inputs.pairs),
        }

    def do_reset(self) -> dict:
        self.trainer.model.load_state_dict(self.trainer.ref_model.state_dict())
        self.trainer.optimizer = None
        return {"ok": True}


if __name__ == "__main__":
    run(TRLContestant)
