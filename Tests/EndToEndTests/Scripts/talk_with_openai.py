#!/usr/bin/env python3
"""Talks to a server through OpenAI's own client.

usage: talk_with_openai.py BASE_URL MODEL
Fails when an answer is not what the client's types promise, or a stream differs from a whole answer.
"""
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
model = sys.argv[2]

common = dict(model=model, prompt="The", max_tokens=12, seed=3, logprobs=2, n=2, user="test")
whole = client.completions.create(**common)
assert whole.object == "text_completion" and len(whole.choices) == 2, whole
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
texts = {0: "", 1: ""}
for chunk in client.completions.create(stream=True, **common):
    for choice in chunk.choices:
        texts[choice.index] += choice.text
assert texts == {choice.index: choice.text for choice in whole.choices}, (texts, whole)
assert len(whole.choices[0].logprobs.tokens) == len(whole.choices[0].logprobs.token_logprobs)

messages = [{"role": "user", "content": "The"}]
common = dict(model=model, messages=messages, max_completion_tokens=12, seed=3, temperature=0.8)
whole = client.chat.completions.create(logprobs=True, top_logprobs=3, **common)
message = whole.choices[0].message
assert message.role == "assistant" and whole.choices[0].finish_reason in ("stop", "length")
assert all(len(token.top_logprobs) == 3 for token in whole.choices[0].logprobs.content)
text, usage = "", None
for chunk in client.chat.completions.create(
        stream=True, stream_options={"include_usage": True}, **common):
    usage = chunk.usage or usage
    text += "".join(choice.delta.content or "" for choice in chunk.choices)
assert text == message.content, (text, message)
assert usage.completion_tokens == whole.usage.completion_tokens, (usage, whole.usage)

for change, error in [
        ({"model": "nobody"}, openai.NotFoundError),
        ({"max_completion_tokens": 100_000}, openai.UnprocessableEntityError),
        ({"presence_penalty": 1}, openai.UnprocessableEntityError)]:
    try:
        client.chat.completions.create(**{**common, **change})
        raise SystemExit(f"{change} was accepted")
    except error as refused:
        assert refused.code in ("not_found", "invalid") and refused.message, refused
        assert refused.type == "invalid_request_error", refused
print("ok")
