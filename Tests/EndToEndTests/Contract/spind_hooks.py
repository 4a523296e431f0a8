"""What Schemathesis cannot know from openapi.yaml: JSON Lines, and names that are registered."""

import json

import schemathesis
from hypothesis import strategies as st

MODEL = "tiny"
DATASET = "words"

rows = st.fixed_dictionaries(
    {"prompt": st.text(max_size=40), "response": st.text(min_size=1, max_size=40)})
lines = st.lists(rows, min_size=1, max_size=5).map(
    lambda all: "".join(json.dumps(row) + "\n" for row in all).encode())

for kind in ["jsonl", "x-ndjson", "ndjson", "jsonlines", "x-jsonlines"]:
    schemathesis.openapi.media_type(f"application/{kind}", lines)


@schemathesis.hook
def map_body(context, body):
    """Makes jobs that can run, where the body is one of a job."""
    if context.operation.definition.raw.get("operationId") == "submitJob" and isinstance(body, dict):
        for key, name in [("model", MODEL), ("dataset", DATASET)]:
            if isinstance(body.get(key), str):
                body[key] = name
    return body
