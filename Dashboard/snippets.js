// What was typed into the form as a program would say it.

import { write } from "./json.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curl(configuration, hasKey) {
  const key = hasKey ? `  -H "Authorization: Bearer $SPIND_API_KEY" \\\n` : "";
  return `curl --fail-with-body ${location.origin}/v1/jobs \\\n${key}  --json ${quoted(write(configuration))}`;
}

export function python(configuration, hasKey) {
  const literal = write(configuration).replaceAll(/(?<=[:,[] )(true|false|null)\b/g, (word) => ({ true: "True", false: "False", null: "None" })[word]);
  const key = hasKey ? `\n    "Authorization": f"Bearer {os.environ['SPIND_API_KEY']}",` : "";
  return `import json${hasKey ? "\nimport os" : ""}
import urllib.request

configuration = ${literal}
request = urllib.request.Request(
    "${location.origin}/v1/jobs",
    data=json.dumps(configuration).encode(),
    headers={"Content-Type": "application/json"${key ? `,${key}\n}` : "}"},
)
job = json.load(urllib.request.urlopen(request))
print(job["id"], job["status"])`;
}
