"""Makes the fixtures of TextDataTests with the Hugging Face libraries.

    python make_fixtures.py        (tokenizers, transformers, jinja2; writes beside itself)

Every tokenizer is trained here on the text below, so that nothing has to be fetched.
"""

import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox
from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

HERE = pathlib.Path(__file__).parent

TRAINING = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind at all.",
    "When she was 12345 days old, it'll be said, they've counted 3.14159 apples; we're sure I'd seen 10,000.",
    "def f(x):\n    return x * 2\n\n\nprint(f(21))\t# forty-two\n",
    "Das Mädchen isst Äpfel, die Übung schließt. Ça va? ¿Qué tal? Привет, мир! Привет!",
    "the the the there then them this that those these think thing thank",
    "user assistant system question answer response instruction input output",
] * 4

STRINGS = [
    "", " ", "  ", "   a", "a   ", "Hello, world!", "hello  hello   world", "I'm can't WE'LL they'Ve 'ſ",
    "the quick brown fox", " the", "the ", "12345 and 3.14 ½ ٣٤ Ⅷ", "line\nbreak\r\nand\ttab\n\n\n  end",
    "\n", "\r\n", "\x00\x01\x7f", "e\u0301 vs \u00e9", "Å\u212b\u1e9b\u0323 \ufb01", "👩‍👩‍👧 👍🏽 🇩🇪", "Привет, мир",
    "日本語 と 中文", "नमस्ते दुनिया", "a\u00a0b\u2003c\u180ed\u200be\u0085f", "\ufeffbom", "a<s>b</s> <unk>c",
    "x <|one|> y", "x  <|left|>  y", "x  <|right|>  y", "a<|word|>b <|word|> é<|word|> <|word|>",
    "<|both|> <|both|>  <|both|>", "Norm NORM norm norms", "<|one|><|one|>x<|on", "▁under▁score ▁",
    "<0x0A> <0x41>", "tab\tand\vvt\fff", "snake_case CamelCase kebab-case", "a" * 70, "ab" * 40 + "c",
    "...!!!???---", "\"quoted\" 'single' `tick`", "https://example.org/?q=1&r=%20#x", "{\"k\": [1, 2.5e-3]}",
    "\U0001d54f\U0001f9ff\U0002070e", "ﷺ", "ẞ ß ǅ İ", "\u0e2a\u0e27\u0e31\u0e2a", "x\u0300\u0316y", "trailing space ",
]


def cases(tokenizer, name):
    """Writes the tokenizer and what it makes of every string."""
    tokenizer.save(str(HERE / f"{name}.tokenizer.json"), pretty=False)
    plain = [tokenizer.encode(s, add_special_tokens=False).ids for s in STRINGS]
    write(f"{name}.json", {
        "ids": plain,
        "ids_with_special_tokens": [tokenizer.encode(s).ids for s in STRINGS],
        "decoded": [tokenizer.decode(ids, skip_special_tokens=False) for ids in plain],
        "decoded_without_special_tokens": [tokenizer.decode(ids, skip_special_tokens=True) for ids in plain],
    })


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def sentencepiece_vocabulary(size, merge_count):
    """Special tokens, 256 byte tokens, then what a BPE trainer finds in text with marks for spaces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(TRAINING, trainers.BpeTrainer(vocab_size=size, show_progress=False))
    trained = json.loads(tokenizer.to_str())["model"]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokens += sorted(trained["vocab"], key=trained["vocab"].get)
    merges = [tuple(m) for m in trained["merges"]][:merge_count]
    return {t: i for i, t in enumerate(tokens)}, merges


def llama2_like():
    """Prepend and Replace as normalizers, byte fallback, BOS by the post-processor."""
    vocabulary, merges = sentencepiece_vocabulary(400, 400)
    t = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens([AddedToken(s, normalized=False) for s in ("<unk>", "<s>", "</s>")])
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return t


def mistral_like():
    """Metaspace on the first piece only, unknown characters without byte fallback."""
    vocabulary, merges = sentencepiece_vocabulary(300, 300)
    t = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=False))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    t.decoder = decoders.Sequence([decoders.Metaspace(prepend_scheme="first", split=False), decoders.Fuse()])
    t.add_special_tokens([AddedToken(s, normalized=False) for s in ("<unk>", "<s>", "</s>", "<|one|>")])
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    return t


def metaspace_words():
    """Metaspace that prepends always and splits, with unknown characters fused."""
    vocabulary, merges = sentencepiece_vocabulary(300, 200)
    t = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    t.decoder = decoders.Metaspace(prepend_scheme="always", split=True)
    t.add_special_tokens([AddedToken(s, normalized=False) for s in ("<unk>", "<s>", "</s>")])
    return t


def byte_level(pre_tokenizer, normalizer=None, size=420, ignore_merges=False):
    t = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    t.normalizer = normalizer or normalizers.Sequence([])
    t.pre_tokenizer = pre_tokenizer
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(TRAINING, trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


def added_tokens():
    """Added tokens of every kind over a byte-level tokenizer that lowercases."""
    t = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), normalizers.Lowercase())
    t.add_special_tokens([
        AddedToken("<|one|>", normalized=False), AddedToken("<|left|>", lstrip=True, normalized=False),
        AddedToken("<|right|>", rstrip=True, normalized=False), AddedToken("</s>", normalized=True)])
    t.add_tokens([
        AddedToken("<|both|>", lstrip=True, rstrip=True, normalized=False),
        AddedToken("<|word|>", single_word=True, normalized=False), AddedToken("norm", normalized=True)])
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    return t


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def llama3_like():
    """Llama 3's pattern, whole words before merges, BOS through a sequence of post-processors."""
    t = byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore_merges=True)
    t.add_special_tokens(["<|begin|>", "<|one|>"])
    begin = t.token_to_id("<|begin|>")
    t.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin|> $A", special_tokens=[("<|begin|>", begin)])])
    return t


def splits():
    """One tokenizer per behaviour of Split, and the other pre-tokenizers, on one small vocabulary."""
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    steps = {
        f"split_{b}": pre_tokenizers.Split(Regex(r"[\s.,]"), b)
        for b in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")}
    steps["split_inverted"] = pre_tokenizers.Split(Regex(r"\w+"), "removed", invert=True)
    steps["split_string"] = pre_tokenizers.Split("a", "merged_with_next")
    steps["digits"] = pre_tokenizers.Digits(individual_digits=False)
    steps["whitespace"] = pre_tokenizers.Whitespace()
    steps["whitespace_split"] = pre_tokenizers.WhitespaceSplit()
    steps["punctuation"] = pre_tokenizers.Punctuation("contiguous")
    t = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), size=300)
    result = {"model": json.loads(t.to_str())["model"], "variants": []}
    for name, step in steps.items():
        t.pre_tokenizer = pre_tokenizers.Sequence([step, last])
        result["variants"].append({
            "name": name, "pre_tokenizer": json.loads(t.to_str())["pre_tokenizer"],
            "ids": [t.encode(s).ids for s in STRINGS]})
    write("splits.json", result)


CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
    " + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")

CHATML_DEFAULT_SYSTEM = """\
{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nBe helpful.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or message.role == "assistant" %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.tool_calls is defined %}
        {%- for call in message.tool_calls %}
            {{- call.arguments | tojson }}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

LLAMA3_CHAT = """\
{% set loop_messages = messages %}{% for message in loop_messages %}\
{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}\
{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"""

LLAMA3_TOOLS = """\
{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined and false %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- the system message stands apart #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {{- tools | tojson(indent=4) }}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif message.content is mapping or message.content is iterable %}
        {{- message.content | tojson }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

ZEPHYR = """\
{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

ALPACA = """\
{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}\
{% elif message['role'] == 'user' %}{{ '### Instruction:\\n' ~ message['content'] ~ '\\n\\n' }}\
{% elif message['role'] == 'assistant' %}{{ '### Response:\\n' ~ message['content'] ~ '\\n\\n' }}{% endif %}{% endfor %}\
{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}"""

MISTRAL = """\
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("the roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {%- generation %}{{- " " + message["content"]|trim + eos_token }}{%- endgeneration %}
    {%- else %}
        {{- raise_exception("only user and assistant roles are supported, not " + message["role"]) }}
    {%- endif %}
{%- endfor %}
"""

LLAMA2 = """\
{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}\
{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}\
{% set system_message = false %}{% endif %}{% for message in loop_messages %}\
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}\
{% if loop.index0 == 0 and system_message != false %}\
{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}\
{% else %}{% set content = message['content'] %}{% endif %}\
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}\
{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""

TEMPLATES = {
    "chatml": CHATML, "chatml_default_system": CHATML_DEFAULT_SYSTEM, "llama3": LLAMA3_CHAT,
    "llama3_tools": LLAMA3_TOOLS, "zephyr": ZEPHYR, "alpaca": ALPACA, "mistral": MISTRAL, "llama2": LLAMA2}

CONVERSATIONS = [
    [("user", "Hi")],
    [("system", "Be terse."), ("user", " What is 1+1? \n")],
    [("user", "a"), ("assistant", "b"), ("user", "c\n\nd")],
    [("user", "x < y & \"z\""), ("assistant", "  spaced  ")],
    [("user", "e\u0301 \u00e9 👩‍👩‍👧 \u0000 \r\n end"), ("assistant", "")],
    [("assistant", "first")],
    [("user", "a"), ("user", "b")],
    [("user", "call"), ("tool", "42"), ("assistant", "done")],
]

SPECIAL_TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}

SNIPPETS = r"""
{{ 1 + 2 * 3 - 4 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 7 / 2 }}|{{ 2 * 3.5 }}|{{ -3 }}
{{ 'a' ~ 1 ~ none ~ true }}|{{ 'a' + 'b' ~ 'c' }}|{{ 'ab' * 3 }}|{{ 'a' 'b' "c" }}
{{ 1 < 2 <= 2 }}|{{ 1 < 2 > 3 }}|{{ 'a' < 'b' }}|{{ 1 == 1.0 }}|{{ true == 1 }}|{{ 'a' != "a" }}|{{ none == missing }}
{{ 'a' in 'abc' }}|{{ 'd' not in 'abc' }}|{{ 1 in [1, 2] }}|{{ 'k' in {'k': 1} }}|{{ 3 in range(5) }}|{{ 'x' in missing }}
{{ not true }}|{{ not 1 == 2 }}|{{ true and false or true }}|{{ 0 or 'x' }}|{{ '' and 'y' }}|{{ not false and not none }}
{{ 'yes' if 1 else 'no' }}|{{ 'yes' if '' else 'no' }}|{{ 'yes' if false }}|{{ 'a' if 0 else 'b' if 0 else 'c' }}
{{ missing }}|{{ none }}|{{ true }}|{{ missing is defined }}|{{ word is defined }}|{{ missing is undefined }}|{{ none is none }}
{{ word is string }}|{{ 1 is number }}|{{ 1 is integer }}|{{ 1.5 is float }}|{{ true is boolean }}|{{ true is number }}|{{ true is integer }}
{{ [] is iterable }}|{{ 'a' is iterable }}|{{ {} is mapping }}|{{ [] is mapping }}|{{ {} is sequence }}|{{ none is iterable }}|{{ 1 is sequence }}
{{ 3 is odd }}|{{ 4 is even }}|{{ 3 is not odd }}|{{ 'a' is eq 'a' }}|{{ 'a' is equalto('b') }}|{{ 'a' is in ['a'] }}|{{ true is true }}|{{ 1 is true }}|{{ false is false }}
{{ [1,2,3][0] }}|{{ [1,2,3][-1] }}|{{ [1,2,3][9] is defined }}|{{ word[0] }}|{{ word[-1] }}|{{ {'a': 5}['a'] }}|{{ {'a': 5}.a }}|{{ {'a': 5}.b is defined }}|{{ [[7]].0.0 }}
{{ word[1:3] }}|{{ word[:-1] }}|{{ word[::-1] }}|{{ word[-2:] }}|{{ word[::2] }}|{{ word[5:1] }}|{{ word[3:0:-1] }}|{{ word[100:] }}|{{ word[-100:2] }}|{{ word[:-100:-1] }}
{{ [1,2,3,4][1:] | join(',') }}|{{ [1,2,3,4][::-1] | join(',') }}|{{ [1,2,3,4][-3:-1] | join }}|{{ (1, 2) | join('-') }}|{{ (1,) | length }}|{{ () | length }}
{{ '  a b  ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 'abc' | upper }}|{{ 'ABC' | lower }}|{{ 'hELLO wORLD' | capitalize }}|{{ 'abc' | length }}|{{ 'é👍' | length }}
{{ missing | default('d') }}|{{ '' | default('d') }}|{{ '' | default('d', true) }}|{{ none | d('x') }}|{{ none | d('x', boolean=true) }}|{{ missing | length }}
{{ 'a,b,,c'.split(',') | join('|') }}|{{ ' a  b '.split() | join('|') }}|{{ 'a,b,c'.split(',', 1) | join('|') }}|{{ 'a</think>b'.split('</think>')[-1] }}
{{ '  x '.strip() }}|{{ 'xxax'.lstrip('x') }}|{{ 'xax'.rstrip('x') }}|{{ '\n a \n'.strip('\n') }}|{{ 'abc'.startswith('ab') }}|{{ 'abc'.endswith(('x', 'c')) }}
{{ 'a-b-c'.replace('-', '+') }}|{{ 'aaa' | replace('a', 'b', 2) }}|{{ 'aXb'.upper() }}|{{ 'aXb'.lower() }}|{{ 'abcabc'.find('ca') }}|{{ 'abcabc'.count('bc') }}|{{ 'prefix'.removeprefix('pre') }}|{{ 'abc'.removesuffix('bc') }}
{{ {'a': 1, 'b': [true, none, 'x"y', 1.5]} | tojson }}|{{ 'é\n<>&' | tojson }}|{{ [] | tojson }}|{{ {} | tojson }}
{{ {'a': [1, {'b': 2}], 'c': []} | tojson(indent=2) }}
{{ [1, 2, 3] | first }}|{{ [1, 2, 3] | last }}|{{ [] | first }}|{{ 'abc' | first }}|{{ [3, 1] | reverse | join }}|{{ 'abc' | reverse }}|{{ 'abc' | list | join('.') }}|{{ 5 | string + '!' }}|{{ '12' | int + 1 }}|{{ 'x' | int }}|{{ 3.9 | int }}
{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}|{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}|{{ {'a': 1}.keys() | list | join }}|{{ {'a': 1}.get('b', 'z') }}|{{ {'a': 1}.get('b') }}|{{ {'q': 1} | items | list | length }}
{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }},{% endfor %}
{% for x in [1, 2, 3] %}{{ loop.previtem is defined }}{{ loop.nextitem }};{% endfor %}
{% for x in [1, 2, 3, 4] if x % 2 == 0 %}{{ loop.index }}:{{ x }} {% else %}none{% endfor %}|{% for x in [] %}a{% else %}empty{% endfor %}|{% for x in missing %}a{% else %}empty{% endfor %}
{% for x in [1, 2, 3, 4] %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for a in [1, 2] %}{% for b in 'xy' %}{{ a }}{{ b }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}
{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}|{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }}
{% set ns = namespace(a=1, b='x') %}{% for i in [1, 2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}
{% set block %}a{{ 1 }}b{% endset %}{{ block }}|{{ block | length }}
{% if 0 %}a{% elif '' %}b{% elif 1 %}c{% else %}d{% endif %}|{% if [] %}a{% else %}b{% endif %}|{% if not missing %}m{% endif %}
{# a comment #}a{#- trimmed -#}  b {{- ' c ' -}} d {%- if true -%} e {%- endif -%} f
{% raw %}{{ not }} {% an expression %}{% endraw %}|{{ '{{' }}|{{ '%}' }}|{{ {'a': {'b': 1}}['a']['b'] }}
{{ 'a\tb\\n\'\"' }}|{{ "\u00e9\x41" }}|{{ '\d' }}
{{ messages | length }}{{ messages[0].role }}{{ messages[0]['content'] }}{{ messages[-1].content | upper }}{{ messages[0].missing is defined }}
{{ messages | map(attribute='role') | join(',') }}|{{ messages | selectattr('role', 'equalto', 'user') | list | length }}|{{ messages | rejectattr('role', '==', 'user') | map(attribute='content') | join }}|{{ messages | selectattr('tool') | list | length }}
{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, first=true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}
{{ namespace(a=1).a }}|{{ range(3) | join }}|{{ range(1, 6, 2) | join }}|{{ range(3, 0, -1) | join }}|{{ ([1] + [2]) | join }}
{{ word is string and word | length > 3 }}|{{ (messages[0].role == 'user') != (0 % 2 == 0) }}|{{ not word is string }}|{{ messages[0].role in ['user', 'system'] }}|{{ -5 | string | length }}
{% generation %}kept{% set inner = 1 %}{% endgeneration %}{{ inner is defined }}
{{ 1 if missing is defined and missing.x else 2 }}|{{ missing.x if missing else 'safe' }}|{{ tools is none }}|{{ tools is defined }}
""".strip().split("\n") + [
    "  {% if true %}\n    a\n  {% endif %}\n  b\n",
    "{% for x in [1, 2] %}\n  {{ x }}\n{% endfor %}\n\nend\n\n",
    "a {% if true %} b {% endif %} c\n   {%+ if true %}d{% endif +%}\ne",
    "x\n   {# comment #}\n  y {{- 1 }}\n\n  {{ 2 -}}  \n z",
    "\r\na\r\nb\r{% if true %}\r\nc{% endif %}\r\n",
    "{%- set a = 1 -%}\n\n {{ a }} \n{%- if a -%}\n t \n{%- endif -%}\n",
    "  {{ 1 }}  {% if true %}x{% endif %}\n\t{% set q = 2 %}\n{{ q }}",
    "{% raw %}\n  {{ x }}\n  {% endraw %}\n.",
]


def chat_environment():
    """Jinja as Transformers sets it up for chat templates, without the clock."""

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

        def _body(self, caller):
            return caller()

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    return environment


def render(template, messages, add_generation_prompt, **more):
    """The text, or None where the template refuses."""
    try:
        return chat_environment().from_string(template).render(
            messages=[{"role": r, "content": c} for r, c in messages], tools=None, documents=None,
            add_generation_prompt=add_generation_prompt, **SPECIAL_TOKENS, **more)
    except (jinja2.exceptions.TemplateError, TypeError):
        return None


def templates():
    write("chat_templates.json", {
        "special_tokens": SPECIAL_TOKENS,
        "conversations": [[{"role": r, "content": c} for r, c in m] for m in CONVERSATIONS],
        "templates": [
            {"name": name, "source": source,
             "prompts": [render(source, m, True) for m in CONVERSATIONS],
             "texts": [render(source, m, False) for m in CONVERSATIONS]}
            for name, source in TEMPLATES.items()]})
    write("jinja.json", [
        {"source": s, "text": render(s, CONVERSATIONS[2], True, word="abcdef")} for s in SNIPPETS])


def main():
    write("strings.json", STRINGS)
    cases(llama2_like(), "llama2_like")
    cases(mistral_like(), "mistral_like")
    cases(metaspace_words(), "metaspace_words")
    cases(added_tokens(), "added_tokens")
    cases(llama3_like(), "llama3_like")
    splits()
    templates()


if __name__ == "__main__":
    main()
