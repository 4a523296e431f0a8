#!/usr/bin/env python3
"""Uses the dashboard as a person would, in a real browser.

usage: check_dashboard.py SPIND [PICTURES]
Plays the embedded demo on a server of its own: submits by keyboard alone, watches, steps, pauses,
compares, and stops and starts the server in between. Every view is checked for accessibility, in
both themes, and for fitting a phone. PICTURES: a folder that takes a screenshot of each view.
"""

import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from chromium import Browser, BrowserError

HOSTILE_NAME = '<img src=x onerror="document.title=1">'
SUBMITTED = "by-keyboard"
# Steps of an iteration; few, so that the whole check takes seconds.
STEPS = 12


class Server:
    """`spind serve` on loopback, on the same port at each start."""

    def __init__(self, program, folder):
        self.program, self.folder, self.port = program, folder, 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data-dir", f"{self.folder}/data", "--port", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)
        self.process.stdout.close()

    def send(self, method, path, body=None, kind="application/json"):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, method=method, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer) if answer.status != 204 else None

    def prepare(self):
        demo = f"{self.folder}/demo"
        subprocess.run([self.program, "demo", demo], check=True, stdout=subprocess.DEVNULL)
        os.rename(f"{demo}/tiny-words", f"{self.folder}/data/models/tiny-words")
        self.send("POST", "/v1/models", {"name": "tiny-words", "path": "tiny-words"})
        for name in ("train.jsonl", "validation.jsonl"):
            rows = pathlib.Path(demo, name).read_bytes()
            self.send("POST", f"/v1/datasets?name={name}", rows, "application/jsonl")

    def submit(self, name, iterations=2, mode="auto"):
        configuration = {
            "name": name, "mode": mode, "model": "tiny-words", "dataset": "train.jsonl",
            "validation_dataset": "validation.jsonl",
            "spin": {"max_iterations": iterations, "ref_policy_kl_penalty": [0.5, 2.0] * (iterations // 2), "length_params": {"max_length": 14}},
            "train": {"global_batch_size": 32, "micro_batch_size": 32, "max_seq_length": 64, "limit_train_batches": STEPS},
            "optim": {"lr": 1e-4},
        }
        return self.send("POST", "/v1/jobs", configuration)["id"]

    def wait(self, job, *statuses, seconds=90):
        end = time.monotonic() + seconds
        while (state := self.send("GET", f"/v1/jobs/{job}"))["status"] not in statuses:
            assert time.monotonic() < end, state
            time.sleep(0.1)
        return state


class Check:
    def __init__(self, server, browser, pictures):
        self.server, self.browser, self.pictures = server, browser, pictures
        spec = importlib.util.find_spec("axe_playwright_python")
        folder = spec.submodule_search_locations[0] if spec else None
        self.axe = pathlib.Path(folder, "axe.min.js").read_text() if folder else None

    def show(self, path):
        self.browser.open(f"{self.server.url}/#/{path}")

    def forgive(self, text):
        """Drops complaints that a flow brings about on purpose."""
        self.browser.messages = [one for one in self.browser.messages if text not in one]

    def see(self, text, seconds=15):
        """Waits until a text is on the page."""
        self.browser.until(f"document.body.innerText.includes({json.dumps(text)})", seconds)

    def press_until(self, condition, key="Tab", most=120, modifiers=0):
        """Presses a key until something holds, as somebody without a mouse does."""
        for _ in range(most):
            if self.browser.run(f"Boolean({condition})"):
                return
            self.browser.press(key, modifiers)
        raise BrowserError(f"{most} times {key}, and still not: {condition}")

    # What a person does -------------------------------------------------------------------------

    def first_visit(self):
        self.show("jobs")
        self.see("No jobs yet")
        self.server.prepare()

    def submit_by_keyboard(self):
        browser = self.browser
        self.press_until("document.activeElement.textContent === 'Skip to the content'")
        self.press_until("document.activeElement.dataset.name === 'new'")
        browser.press("Enter")
        browser.until("document.querySelector('#field-name')")
        for field, text in {
            "name": SUBMITTED, "model": "tiny", "dataset": "train", "validation_dataset": "valid",
            "mode": "man", "spin-max_iterations": "2",
        }.items():
            self.press_until(f"document.activeElement.id === 'field-{field}'")
            if browser.run("document.activeElement.tagName") == "SELECT":
                for letter in text:
                    browser.press(letter)
            else:
                browser.type(text)
        self.set_field("train-limit_train_batches", str(STEPS))
        self.set_field("train-max_seq_length", "64")
        self.set_field("spin-length_params-max_length", "14")
        self.set_field("train-global_batch_size", "0")
        browser.until("document.querySelector('#field-train-global_batch_size[aria-invalid]')")
        self.look("new-with-error")
        self.set_field("train-global_batch_size", "32")
        self.forgive("status of 422")
        self.see("Ready")
        program = browser.run("document.querySelector('.new-job pre').textContent")
        assert f'"limit_train_batches": {STEPS}' in program and "curl" in program, program
        self.press_until("document.activeElement.textContent === 'Submit the job'")
        browser.press("Enter")
        browser.until("location.hash.startsWith('#/jobs/job_')")
        return browser.run("location.hash.split('/')[2]")

    def set_field(self, name, text):
        self.browser.run(f"""(() => {{
            const field = document.querySelector('#field-{name}');
            for (let group = field.closest('details'); group; group = group.parentElement.closest('details')) group.open = true;
            field.focus(); field.select();
        }})()""")
        self.browser.type(text)

    def step(self, job):
        self.see("not begun")
        self.press_until("document.activeElement.dataset.action === 'step'")
        self.browser.press("Enter")
        self.browser.until("document.querySelectorAll('.chart canvas').length >= 8", 60)
        self.server.wait(job, "waiting")
        self.see("Waiting")
        self.browser.until("document.querySelectorAll('tbody tr').length === 1")

    def step_some(self, job):
        """As far as somebody types."""
        browser = self.browser
        browser.run("document.querySelector('[data-action=step]').focus()")
        self.press_until(
            "document.activeElement.getAttribute('aria-label') === 'How far a step goes'", modifiers=browser.SHIFT)
        browser.run("document.activeElement.select()")
        browser.type("0")
        browser.press("Enter")
        assert not browser.run("document.activeElement.validity.valid")
        self.look("step")
        browser.run("document.querySelector('.step-distance input').focus()")
        browser.run("document.activeElement.select()")
        browser.type("2")
        browser.press("Tab")
        browser.press("s")
        browser.press("Tab")
        assert browser.run("document.activeElement.dataset.action") == "step"
        browser.press("Enter")
        self.see(f"step {STEPS + 2}", 60)
        assert self.server.wait(job, "waiting")["progress"]["step"] == STEPS + 2

    def read_a_chart(self):
        """Arrow keys read values, and the table has a row for every step."""
        self.press_until("document.activeElement.className === 'plot'", most=60)
        self.browser.press("Home")
        self.browser.press("ArrowRight")
        text = self.browser.until("document.querySelector('.chart [role=status]').textContent")
        assert text.startswith("step 1: Loss "), text
        self.browser.click(".chart-tools button")
        rows = self.browser.run("document.querySelectorAll('.chart-table tbody tr').length")
        assert rows == STEPS, rows

    def survive_a_restart(self, job):
        """The page says that the server is away, comes back by itself, and misses no step."""
        self.show(f"jobs/{job}")
        self.browser.until("document.querySelector('.chart canvas')", 60)
        self.server.wait(job, "running")
        self.server.stop(signal.SIGKILL)
        self.see("No news from the server")
        self.look("connection-lost")
        self.server.start()
        self.browser.until("document.querySelector('#banner').hidden", 20)
        # What the browser itself says of refused connections is no fault of the page.
        self.forgive("net::ERR_")
        self.server.wait(job, "succeeded")
        self.see("Succeeded")
        self.browser.click(".chart-tools button")
        total = 4 * STEPS
        self.browser.until(f"document.querySelectorAll('.chart-table tbody tr').length === {total}")

    def zoom(self, path):
        """Zooming asks for finer buckets, and draws them when they come."""
        browser = self.browser
        browser.run("""(() => {
            const ask = window.fetch;
            window.held = [];
            window.isHolding = true;
            window.fetch = async (url, options) => {
                const target = new URL(url, location);
                if (!target.searchParams.has("buckets")) return ask(url, options);
                // So few that even a short job has several steps in each.
                target.searchParams.set("buckets", "8");
                if (window.isHolding && target.searchParams.has("after_step")) await new Promise((go) => window.held.push(go));
                return ask(target, options);
            };
            window.stopMeddling = () => { window.fetch = ask; };
        })()""")
        drawn = "document.querySelector('.chart canvas').toDataURL()"

        def changes():
            """Waits until the chart is not what it was when this was last asked."""
            browser.until(f"window.picture !== {drawn}")
            browser.run(f"window.picture = {drawn}; 0")

        self.show(path)
        browser.until("document.querySelector('.chart canvas')")
        browser.run(f"window.picture = {drawn}; document.querySelector('.plot').focus()")
        browser.press("+")
        changes()
        browser.until("window.held.length")
        browser.run("window.isHolding = false; for (const go of window.held) go()")
        changes()
        browser.press("0")
        changes()
        browser.run("window.stopMeddling()")

    def delete_elsewhere(self):
        """A job that the list does not have yet is no job that is gone; a deleted one is."""
        job = self.server.submit("short-lived", mode="manual")
        self.browser.run(f"""(() => {{
            const ask = window.fetch;
            window.looks = 0;
            window.fetch = async (url, options) => {{
                const answer = await ask(url, options);
                if (!new URL(url, location).pathname.endsWith("/v1/jobs")) return answer;
                const page = await answer.json();
                page.data = page.data.filter((job) => job.id !== "{job}");
                window.looks += 1;
                return new Response(JSON.stringify(page), answer);
            }};
            window.stopLagging = () => {{ window.fetch = ask; }};
        }})()""")
        self.show(f"jobs/{job}")
        self.see("short-lived")
        looks = self.browser.run("window.looks")
        self.browser.until(f"window.looks >= {looks + 2}", 60)
        assert "This job is gone" not in self.browser.run("document.body.innerText")
        self.browser.run("window.stopLagging()")
        self.server.send("POST", f"/v1/jobs/{job}/cancel")
        self.see("Cancelled")
        self.server.send("DELETE", f"/v1/jobs/{job}")
        self.see("This job is gone", 30)
        self.forgive("status of 404")

    def pause(self, job):
        self.show("jobs")
        self.see("endless")
        self.browser.until("document.querySelector('[aria-label=\"Pause endless\"]')")
        self.server.wait(job, "running")
        self.browser.click("[aria-label='Pause endless']")
        self.server.wait(job, "paused")
        self.browser.until("document.querySelector('[aria-label=\"Resume endless\"]')")
        self.browser.click("[aria-label='Cancel endless']")
        self.browser.until("document.querySelector('dialog[open]')")
        self.look("question")
        self.browser.click("dialog [value=yes]")
        self.server.wait(job, "cancelled")
        self.see("Cancelled")

    def compare(self, *jobs):
        self.show("jobs")
        self.browser.until(f"document.querySelectorAll('.job-row').length >= {len(jobs)}")
        for box in range(len(jobs)):
            self.browser.run(f"document.querySelectorAll('.job-row input')[{box}].click()")
        self.see(f"{len(jobs)} chosen")
        self.show(f"compare?jobs={','.join(jobs)}")
        self.see("Settings that differ")
        self.see("spin.ref_policy_kl_penalty")
        self.browser.until("document.querySelectorAll('.chart canvas').length === 4")
        self.browser.until("document.querySelectorAll('[name=baseline]').length === 2")

    def talk(self):
        """A message goes out by the keyboard, and the answer comes in word by word."""
        first = pathlib.Path(self.server.folder, "demo/train.jsonl").open().readline()
        self.show("checkpoints")
        self.browser.until("document.querySelector('.tree button')")
        self.browser.click(".tree button")
        self.browser.until("document.activeElement.tagName === 'TEXTAREA'")
        self.browser.run("document.querySelector('#max-tokens').value = 14")
        self.browser.type(json.loads(first)["prompt"])
        self.browser.press("Enter")
        self.browser.until("document.querySelector('.bubble.assistant small')")
        self.look("talk")
        self.browser.press("Escape")
        self.browser.until("!document.querySelector('dialog')")

    def read_samples(self, job):
        self.show(f"jobs/{job}/samples")
        self.browser.until("document.querySelectorAll('.sample mark').length > 0")
        first = self.browser.run("document.querySelector('.sample b').textContent")
        self.browser.run("(() => { const order = document.querySelector('[aria-label=Order]'); order.value = 'least'; order.dispatchEvent(new Event('change')); })()")
        assert self.browser.run("document.querySelector('.sample b').textContent") != first

    def shade_tokens(self, job):
        """Tokens add up to what the run stored; arrow keys and a table tell what colours show."""
        browser = self.browser
        index = int(browser.run("document.querySelector('.sample').getAttribute('aria-label').split(' ')[1]"))
        samples = self.server.send("GET", f"/v1/jobs/{job}/samples?iteration=3&limit=1000")["data"]
        sample = next(one for one in samples if one["index"] == index)
        self.press_until("document.activeElement.textContent === 'Tokens'")
        browser.press("Enter")
        browser.until("document.querySelectorAll('.sample .tokens').length === 2", 30)
        shaded = "document.querySelectorAll('.tokens .token[data-shade]').length"
        assert browser.run(shaded) > 0
        self.press_until("document.activeElement.className === 'text tokens'")
        browser.press("End")
        count = len(sample["actual_ids"])
        told = browser.run("document.querySelector('.shade-status').textContent")
        assert told.startswith(f"Actual, token {count}: ") and "policy −" in told and "change" in told, told
        browser.run("[...document.querySelectorAll('.shades button')].find((one) => one.textContent === 'Show as a table').click()")
        for kind, table in zip(("actual", "generated"), (1, 2)):
            rows = browser.run(f"document.querySelectorAll('.shade-table:nth-of-type({table}) tbody tr').length")
            assert rows == len(sample[f"{kind}_ids"]), (kind, rows)
            sums = browser.run(f"document.querySelectorAll('.shades .side-text > .small')[{table - 1}].textContent")
            told = float(sums.split("reference ")[1].split()[0].replace("−", "-"))
            # Four digits are shown.
            assert abs(told - sample[f"reference_logp_{kind}"]) < 2e-3 * max(1, abs(told)), (kind, sums)
        self.look("tokens")
        browser.run("[...document.querySelectorAll('.shades .segments button')].find((one) => one.textContent === 'Reference').click()")
        browser.until("document.querySelector('.shades [aria-pressed=true]').textContent === 'Reference'")
        assert browser.run("document.querySelectorAll('.tokens .token[data-shade^=up]').length") == 0

    def show_names_as_text(self):
        self.show("jobs")
        self.see(HOSTILE_NAME)
        assert self.browser.run("document.title") != "1"
        assert not self.browser.run("document.querySelector('.job-row img')")

    # What holds everywhere ----------------------------------------------------------------------

    def look(self, name):
        """Accessible in both themes, fitting a phone; pictures where somebody wants them."""
        for theme, rules in (("light", None), ("dark", ["color-contrast"])):
            self.browser.theme(theme)
            time.sleep(0.2)
            self.check_accessibility(f"{name}, {theme}", rules)
            self.picture(f"{name}-{theme}")
        self.browser.resize(390, 844, 2, True)
        time.sleep(0.2)
        beyond = self.browser.run("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{name} is {beyond} pixels wider than a phone"
        self.check_accessibility(f"{name}, phone", ["button-name", "link-name", "label"])
        self.picture(f"{name}-phone")
        self.browser.resize(1360, 900)
        self.browser.theme("light")

    def check_accessibility(self, where, rules):
        """Asks axe-core, for all its rules or for some."""
        if not self.axe:
            return
        if not self.browser.run("Boolean(window.axe)"):
            self.browser.run(self.axe + "; 0")
        options = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": rules}
        found = self.browser.run(
            f"axe.run(document, {json.dumps(options)}).then(({{violations}}) =>"
            " violations.map(({id, nodes}) => [id, nodes.slice(0, 3).map(({html, failureSummary}) =>"
            " [html, failureSummary])]))")
        assert not found, f"{where}: {json.dumps(found, indent=1)}"

    def picture(self, name):
        if self.pictures:
            self.browser.picture(f"{self.pictures}/{name}.png")

    def look_at_all(self, job, other):
        for name, path, sign in (
            ("jobs", "jobs", ".job-row"), ("job", f"jobs/{job}", ".chart canvas"),
            ("samples", f"jobs/{job}/samples", ".sample"),
            ("job-checkpoints", f"jobs/{job}/checkpoints", ".checkpoint"),
            ("events", f"jobs/{job}/events", ".events li"),
            ("configuration", f"jobs/{job}/configuration", "table"),
            ("compare", f"compare?jobs={job},{other}", ".chart canvas"),
            ("checkpoints", "checkpoints", ".checkpoint"), ("new", f"new?clone={job}", ".figures"),
            ("system", "system", "table"), ("missing", "jobs/job_aaaaaaaaaaaaaaaa", ".problem"),
        ):
            self.show(path)
            self.browser.until(f"document.querySelector({json.dumps(sign)})")
            if name == "missing":
                self.forgive("status of 404")
            if name == "checkpoints":
                # Of the one job that has several losses to choose from.
                assert self.browser.run("document.querySelectorAll('.checkpoint .tag.good').length") == 1
            self.look(name)

    def first_paint(self):
        self.browser.open("about:blank")
        self.show("jobs")
        return self.browser.until(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime")


def main():
    program = sys.argv[1]
    pictures = sys.argv[2] if len(sys.argv) > 2 else None
    if pictures:
        os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="spind-dashboard-") as folder:
        server = Server(program, folder)
        try:
            with Browser() as browser:
                run(Check(server, browser, pictures))
        finally:
            server.stop(signal.SIGKILL)


def run(check):
    server = check.server
    check.first_visit()
    job = check.submit_by_keyboard()
    check.step(job)
    check.read_a_chart()
    check.step_some(job)
    server.submit(HOSTILE_NAME, mode="manual")
    other = server.submit("automatic", iterations=4)
    check.survive_a_restart(other)
    check.zoom(f"jobs/{other}")
    check.compare(job, other)
    check.zoom(f"compare?jobs={job},{other}")
    check.read_samples(other)
    if "chat_completions" in server.send("GET", "/v1")["links"]:
        check.shade_tokens(other)
        check.talk()
    check.show_names_as_text()
    check.delete_elsewhere()
    check.pause(server.submit("endless", iterations=500))
    check.look_at_all(other, job)
    paint = check.first_paint()
    assert not check.browser.messages, check.browser.messages
    print(f"first paint {paint:.0f} ms, accessibility {'checked' if check.axe else 'NOT checked: no axe-core'}")


if __name__ == "__main__":
    main()
