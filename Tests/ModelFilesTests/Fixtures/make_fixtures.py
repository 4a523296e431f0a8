#!/usr/bin/env python3
"""Makes the model files beside it: tiny random models saved by transformers, and GGUF files written by gguf.

Needs torch, transformers, safetensors, numpy and gguf (made with 2.15, 5.23, 0.8, 2.4 and 0.19). Every folder and GGUF
file gets an entry in expected.json: for each parameter, under the name that the Swift side has for it, the SHA-256 of its
float32 values as little-endian bytes, row-major, linear weights as [out, in].
"""
import hashlib
import json
import pathlib
import shutil

import gguf
import numpy as np
import safetensors.torch
import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = {}
LLAMA_PARTS = {
    "input_layernorm": "attentionNorm", "post_attention_layernorm": "feedForwardNorm",
    "self_attn.q_proj": "query", "self_attn.k_proj": "key", "self_attn.v_proj": "value",
    "self_attn.q_norm": "queryNorm", "self_attn.k_norm": "keyNorm",
    "self_attn.o_proj": "attentionOutput",
    "mlp.gate_proj": "gate", "mlp.up_proj": "up", "mlp.down_proj": "down",
}
GPT2_PARTS = {
    "ln_1": "attentionNorm", "ln_2": "feedForwardNorm", "attn.c_proj": "attentionOutput",
    "mlp.c_fc": "up", "mlp.c_proj": "down",
}


def digest(array):
    array = np.ascontiguousarray(array, dtype="<f4")
    return hashlib.sha256(array.tobytes()).hexdigest()


def randomise(model, seed):
    """Values that differ everywhere, norms and biases too, so that no mix-up goes unseen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model


def parameters(model):
    """Our names and orientation for the float32 values of a Hugging Face model."""
    state = {name: value.float().numpy() for name, value in model.state_dict().items()}
    is_gpt2 = model.config.model_type == "gpt2"
    result = {}
    for name, value in state.items():
        name = name.removeprefix("transformer.").removeprefix("model.")
        if name in ("wte.weight", "embed_tokens.weight"):
            result["tokenEmbedding"] = value
        elif name == "wpe.weight":
            result["positionEmbedding"] = value
        elif name.startswith(("ln_f.", "norm.")):
            result["finalNorm" + name.split(".")[-1].capitalize()] = value
        elif name == "lm_head.weight":
            if not model.config.tie_word_embeddings:
                result["head"] = value
        else:
            _, layer, *middle, kind = name.split(".")
            part = ".".join(middle)
            if is_gpt2 and value.ndim == 2:
                value = value.T
            if part == "attn.c_attn":
                for piece, values in zip(("query", "key", "value"), np.split(value, 3)):
                    result[f"layer {layer} {piece}{kind.capitalize()}"] = values
            else:
                ours = (GPT2_PARTS if is_gpt2 else LLAMA_PARTS)[part]
                result[f"layer {layer} {ours}{kind.capitalize()}"] = value
    return result


def save(name, model, dtype=torch.float32, **options):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model = model.to(dtype)
    model.save_pretrained(folder, **options)
    EXPECTED[name] = {key: digest(value) for key, value in parameters(model).items()}
    return folder


def edit_configuration(folder, change):
    path = folder / "config.json"
    configuration = json.loads(path.read_text())
    change(configuration)
    path.write_text(json.dumps(configuration, indent=2) + "\n")


def folders():
    common = dict(
        vocab_size=40, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)

    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        **common, head_dim=8, attention_bias=True, mlp_bias=True, hidden_act="gelu_pytorch_tanh",
        rms_norm_eps=1e-5, tie_word_embeddings=False,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=32)))
    save("llama-sharded", randomise(model, 1), max_shard_size="12KB")

    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
        **{**common, "eos_token_id": [2, 5, 900]}, tie_word_embeddings=True))
    folder = save("llama-bfloat16", randomise(model, 2), torch.bfloat16)

    def old_keys(configuration):
        del configuration["rope_parameters"], configuration["dtype"]
        configuration.update(
            torch_dtype="bfloat16", rope_theta=20000, rope_scaling={"type": "linear", "factor": 2.0})
    edit_configuration(folder, old_keys)
    (folder / "generation_config.json").write_text('{"eos_token_id": 7, "temperature": 0.6}\n')

    model = transformers.MistralForCausalLM(transformers.MistralConfig(
        **common, head_dim=10, sliding_window=8, rope_parameters=dict(rope_type="default", rope_theta=1e6)))
    save("mistral-float16", randomise(model, 3), torch.float16)

    model = transformers.Qwen2ForCausalLM(transformers.Qwen2Config(
        **{**common, "hidden_size": 32}, use_sliding_window=True, sliding_window=16, max_window_layers=1,
        tie_word_embeddings=True))
    save("qwen2", randomise(model, 4))

    model = transformers.Qwen3ForCausalLM(transformers.Qwen3Config(
        **common, head_dim=8, tie_word_embeddings=True))
    save("qwen3", randomise(model, 5))

    gpt2 = dict(
        vocab_size=40, n_positions=16, n_embd=24, n_layer=2, n_head=3, bos_token_id=1, eos_token_id=1)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
        **gpt2, n_inner=20, activation_function="gelu", tie_word_embeddings=False,
        scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-6))
    save("gpt2", randomise(model, 6))

    # As the first GPT-2 files: no prefix, the causal masks among the tensors, few keys.
    model = randomise(transformers.GPT2LMHeadModel(transformers.GPT2Config(
        **{**gpt2, "n_layer": 1})), 7)
    folder = save("gpt2-bare", model)
    tensors = {
        name.removeprefix("transformer."): value.clone() for name, value in model.state_dict().items()
        if name != "lm_head.weight"}
    tensors["h.0.attn.bias"] = torch.tril(torch.ones(16, 16, dtype=torch.bool))[None, None]
    tensors["h.0.attn.masked_bias"] = torch.tensor(-1e4)
    safetensors.torch.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "generation_config.json").unlink()

    def few_keys(configuration):
        kept = {key: configuration[key] for key in ["model_type", "n_ctx", *gpt2] if key in configuration}
        configuration.clear()
        configuration.update(kept)
    edit_configuration(folder, few_keys)


TYPES = {
    name: gguf.GGMLQuantizationType[name]
    for name in ["F64", "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]}
# Byte offsets of the halves in each block.
HALVES = {
    "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q5_K": [0, 2],
    "Q6_K": [208]}


def blocks():
    """Random bits in every field of every block format, with ordinary and odd scales."""
    random = np.random.default_rng(8)
    odd = np.array([0, -0.0, 6e-8, -6e-8, 6.0e-5, 65504, -65504, 1, -0.1, 0.37], dtype=np.float16)
    writer = gguf.GGUFWriter(HERE / "blocks.gguf", "llama")
    for name, kind in TYPES.items():
        size, width = gguf.GGML_QUANT_SIZES[kind]
        if name in HALVES:
            data = random.integers(0, 256, (2 * 256 // size, width), dtype=np.uint8)
            for offset in HALVES[name]:
                scales = random.choice(odd, len(data)).astype("<f2")
                data[:, offset:offset + 2] = scales[:, None].view(np.uint8)
            data = data.reshape(2, -1)
        else:
            values = random.standard_normal((2, 256)).astype(np.float32)
            values[0, :10] = odd.astype(np.float32)
            plain = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
            data = values.astype(plain[name]) if name in plain else gguf.quants.quantize(values, kind)
        if name in ("F64", "F32", "F16"):
            expected = data.astype(np.float32)
            writer.add_tensor(name, data)
        else:
            expected = gguf.quants.dequantize(data, kind)
            writer.add_tensor(name, data, raw_dtype=kind)
        assert expected.shape == (2, 256) and np.isfinite(expected).all()
        writer.add_tensor("expected." + name, expected.astype(np.float32))
    close(writer)


def close(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def interleave(array, heads):
    """The order of llama.cpp's converter: the two halves of a head become neighbours."""
    shape = array.shape
    return array.reshape(heads, 2, shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(shape)


def separate(array, heads):
    shape = array.shape
    return array.reshape(heads, shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(shape)


GGUF_PARTS = {
    "attn_norm": "attentionNorm", "ffn_norm": "feedForwardNorm", "attn_q": "query", "attn_k": "key",
    "attn_v": "value", "attn_output": "attentionOutput", "ffn_gate": "gate", "ffn_up": "up", "ffn_down": "down"}


def gguf_model(architecture, tied, biases, kinds, extra):
    random = np.random.default_rng(9)
    channels, heads, shared, size, inner, vocabulary, layers = 32, 4, 2, 16, 32, 48, 2
    writer = gguf.GGUFWriter(HERE / f"{architecture}.gguf", architecture)
    writer.add_context_length(64)
    writer.add_embedding_length(channels)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(shared)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_rope_dimension_count(size)
    writer.add_rope_freq_base(500000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    extra(writer)
    expected = {}

    def add(name, ours, shape, permuted_heads=None):
        values = (random.standard_normal(shape) * 0.3).astype(np.float32)
        kind = TYPES["F32"] if len(shape) == 1 else TYPES[kinds[len(expected) % len(kinds)]]
        if permuted_heads:
            values = interleave(values, permuted_heads)
        data = gguf.quants.quantize(values, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
        values = gguf.quants.dequantize(data, kind)
        expected[ours] = digest(separate(values, permuted_heads) if permuted_heads else values)

    add("token_embd.weight", "tokenEmbedding", (vocabulary, channels))
    for layer in range(layers):
        for theirs, ours in GGUF_PARTS.items():
            rows = {"attn_q": heads * size, "attn_k": shared * size, "attn_v": shared * size,
                    "ffn_gate": inner, "ffn_up": inner}.get(theirs, channels)
            columns = {"attn_output": heads * size, "ffn_down": inner}.get(theirs, channels)
            permuted = {"attn_q": heads, "attn_k": shared}.get(theirs) if architecture == "llama" else None
            shape = (rows,) if "norm" in theirs else (rows, columns)
            add(f"blk.{layer}.{theirs}.weight", f"layer {layer} {ours}Weight", shape, permuted)
            if theirs in biases:
                add(f"blk.{layer}.{theirs}.bias", f"layer {layer} {ours}Bias", (rows,), permuted)
    add("output_norm.weight", "finalNormWeight", (channels,))
    if not tied:
        add("output.weight", "head", (vocabulary, channels))
    close(writer)
    EXPECTED[f"{architecture}.gguf"] = expected


def gguf_models():
    def llama_extra(writer):
        # What llama.cpp's converter computes for Llama 3.1's rope_scaling, at this head size.
        frequencies = 1.0 / (500000.0 ** (np.arange(0, 16, 2) / 16))
        factors = []
        for frequency in frequencies:
            wave = 2 * np.pi / frequency
            smooth = (8192 / wave - 1) / (4 - 1)
            factors.append(
                1 if wave < 8192 / 4 else 8 if wave > 8192 else 1 / ((1 - smooth) / 8 + smooth))
        writer.add_tensor("rope_freqs.weight", np.array(factors, dtype=np.float32))
        writer.add_tokenizer_model("llama")
        writer.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(40)), "▁a", "b"])
        writer.add_token_scores([float(-i) for i in range(45)])
        writer.add_token_types([2, 3, 3, *[6] * 40, 1, 1])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(False)
    gguf_model(
        "llama", False, ["attn_q", "attn_k", "attn_v", "attn_output"], ["Q8_0", "Q4_1", "Q5_0"], llama_extra)

    def qwen2_extra(writer):
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(4.0)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list(["a", "b", "ab", "<|im_end|>"])
        writer.add_token_types([1, 1, 1, 3])
        writer.add_token_merges(["a b"])
        writer.add_eos_token_id(3)
        writer.add_eot_token_id(3)
        writer.add_pad_token_id(999)
        writer.add_chat_template("{{ messages }}")
    gguf_model("qwen2", True, ["attn_q", "attn_k", "attn_v"], ["F16", "BF16", "Q4_0", "Q5_1"], qwen2_extra)


if __name__ == "__main__":
    folders()
    blocks()
    gguf_models()
    (HERE / "expected.json").write_text(json.dumps(EXPECTED, indent=1, sort_keys=True) + "\n")
