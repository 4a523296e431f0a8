"""GGUF files whose tensors are all float32: from a quantised file, or from a made-up model."""

from pathlib import Path

import gguf
import numpy as np

F32_FILE_TYPE = 0
ARCHITECTURES = {"qwen2": gguf.MODEL_ARCH.QWEN2, "gpt2": gguf.MODEL_ARCH.GPT2}


def dequantise(source: Path, target: Path) -> None:
    """Copies a GGUF file, its tensors dequantised to float32."""
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, architecture)
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            value = F32_FILE_TYPE if key == "general.file_type" else field.contents()
            sub_type = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(key, value, field.types[0], sub_type)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type))
    finish(writer)


def write_made_up(model, target: Path) -> None:
    """Writes a `transformers` model of the kind qwen2 or gpt2, without a tokenizer."""
    config = model.config
    architecture = ARCHITECTURES[config.model_type]
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[architecture])
    add_shape(writer, config)
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        writer.add_tensor(
            names.get_name(name, try_suffixes=(".weight", ".bias")),
            in_file_order(name, tensor.numpy(), config.model_type))
    finish(writer)


def add_shape(writer: gguf.GGUFWriter, config) -> None:
    """The keys that llama.cpp needs to know the model's shape."""
    writer.add_file_type(F32_FILE_TYPE)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(config.vocab_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    if config.model_type == "qwen2":
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    else:
        writer.add_feed_forward_length(config.n_inner or 4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)


def in_file_order(name: str, values: np.ndarray, model_type: str) -> np.ndarray:
    """GPT-2 keeps its projections as [in, out]; GGUF wants [out, in]."""
    transposed = model_type == "gpt2" and name.endswith(
        ("c_attn.weight", "c_proj.weight", "c_fc.weight"))
    return np.ascontiguousarray(values.T if transposed else values)


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
