"""Measures how smoothly the dashboard's charts move, in Chromium without a graphics processor.

usage: charts.py --spind SPIND
One chart of ten lines with 4096 buckets each, and twelve charts of two lines with 512 that share
their cursor. Every kind of movement is made once a frame, for 60 frames; what is told is the time
from frame to frame (16.7 ms where nothing is late) and the time of the scripts within it.
"""

import argparse
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parent.parent / "Tests/EndToEndTests/Scripts"))

from chromium import Browser  # noqa: E402

FRAMES = 60

PREPARE = """(async () => {
    const { Chart, ChartGroup } = await import(new URL("chart.js", document.querySelector("script[type=module]").src));
    const columns = (buckets, line, shift = 0) => {
        const all = (value) => Array.from({ length: buckets }, (_, place) => value(place + shift));
        const mean = (place) => Math.exp(-place / buckets) + 0.2 * Math.sin(place * (0.01 + 0.003 * line)) + 0.1 * Math.sin(place * 12.9898) ** 3;
        return { x0: all((place) => 16 * place), n: all(() => 16), mean: all(mean), last: all(mean), min: all((place) => mean(place) - 0.1), max: all((place) => mean(place) + 0.15) };
    };
    const lines = (count, buckets, shift) => Array.from({ length: count }, (_, line) => (
        { name: `line${line}`, label: `Line ${line}`, slot: line % 8, at: (step) => step, columns: columns(buckets, line, shift) }));
    const place = document.querySelector("main");
    window.make = (count, size, buckets) => {
        window.group?.close();
        window.group = new ChartGroup();
        const charts = Array.from({ length: count }, (_, index) => new Chart({ title: `Chart ${index}` }, group));
        const box = document.createElement("div");
        box.className = "charts";
        box.append(...charts.map((chart) => chart.element));
        place.replaceChildren(box);
        const begin = performance.now();
        for (const chart of charts) chart.show(lines(size, buckets));
        const first = performance.now() - begin;
        const width = charts[0].plot.clientWidth;
        const end = 16 * buckets;
        const fresh = [0, 1].map((shift) => lines(size, buckets, shift));
        window.movements = {
            "pointer": (frame) => charts[0].u.setCursor({ left: (frame * 7) % width, top: 50 }, true, true),
            "zoom": (frame) => group.zoom(end * frame / 200, end * (1 - frame / 200)),
            "smoothing": (frame) => group.smooth(0.3 + frame / 100),
            "new data": (frame) => { for (const chart of charts) chart.show(fresh[frame % 2]); },
        };
        return first;
    };
    window.move = (name, frames) => new Promise((done) => {
        const [scripts, gaps] = [[], []];
        let last = null;
        const step = (now) => {
            if (last !== null) gaps.push(now - last);
            last = now;
            if (gaps.length === frames) return done({ scripts, gaps });
            const begin = performance.now();
            movements[name](scripts.length);
            scripts.push(performance.now() - begin);
            requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
    });
})()"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spind", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spind-charts-") as folder:
        server = subprocess.Popen(
            [options.spind, "serve", "--data-dir", folder, "--port", "0"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = server.stdout.readline().removeprefix("listening on ").strip()
            with Browser() as browser:
                measure(browser, url)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def measure(browser: Browser, url: str) -> None:
    browser.open(f"{url}/#/jobs")
    browser.until("document.querySelector('main') && window.uPlot")
    browser.run(PREPARE)
    print(f"{'charts':24}{'movement':12}{'frame ms: median':>18}{'p95':>8}{'worst':>8}{'script':>8}")
    for count, lines, buckets in ((1, 10, 4096), (12, 2, 512)):
        name = f"{count} of {lines} x {buckets}"
        first = browser.run(f"make({count}, {lines}, {buckets})")
        print(f"{name:24}{'first':12}{'':34}{first:8.1f}")
        for movement in browser.run("Object.keys(movements)"):
            # The first times are not counted: the browser compiles.
            browser.run(f"move({json.dumps(movement)}, 20)")
            found = browser.run(f"move({json.dumps(movement)}, {FRAMES})")
            gaps = sorted(found["gaps"])
            print(
                f"{name:24}{movement:12}{statistics.median(gaps):18.1f}"
                f"{gaps[int(0.95 * len(gaps))]:8.1f}{gaps[-1]:8.1f}"
                f"{statistics.median(found['scripts']):8.1f}")


if __name__ == "__main__":
    main()
