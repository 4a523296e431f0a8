"""The results as a page of Markdown tables."""

UTILISATION_TARGET = 0.85
MEMORY_TARGET = 0.3
MIB = 2**20


def markdown(results: dict) -> str:
    suites = results["suites"]
    comparisons = [row for suite in suites.values() for row in suite["comparisons"]]
    sections = [
        heading(results),
        ratio_table(comparisons),
        utilisation_table(comparisons),
        phase_table(comparisons),
        agreement_table(comparisons),
        memory_table(suites.get("memory", {}).get("max_rss_bytes", {})),
        settings_table(comparisons),
        line_tables(suites),
        failure_list(suites),
        version_list(results["versions"]),
    ]
    return "\n".join(section for section in sections if section)


def heading(results: dict) -> str:
    about = results["machine"]
    settings = results["settings"]
    kernel = results["versions"].get("spind", {}).get("blas_kernel", "?")
    return (
        f"# Benchmark of {about['date']}\n\n"
        f"{about['processor']} ({about['vector_extensions']}), {about['cores']} cores, "
        f"{about['memory_gib']} GiB, {about['system']}; commit {about['commit']}, "
        f"{about['threads']} threads, spind's BLAS kernel {kernel}, "
        f"{settings['rounds']} rounds, {settings['prompts']} prompts a rollout.\n")


def ratio_table(comparisons: list[dict]) -> str:
    rows = []
    for row in comparisons:
        target, limit = row["target"], row.get("most_seconds")
        wanted = f"{target:g}x" if target else f"under {limit:g} s" if limit else ""
        rows.append([
            row["work"], row["peer"], f"{row['spind_seconds']['median']:.3g}",
            f"{row['peer_seconds']['median']:.3g}", f"**{row['ratio']['median']:.2f}x**",
            f"{row['ratio']['min']:.2f} to {row['ratio']['max']:.2f}", wanted, reached(row)])
    return table(
        "spind beside its peers",
        ["work", "peer", "spind s", "peer s", "median ratio", "spread", "target", "reached"], rows)


def reached(row: dict) -> str:
    if row["target"]:
        return yes(row["ratio"]["median"] >= row["target"])
    if limit := row.get("most_seconds"):
        return yes(row["spind_seconds"]["median"] < limit)
    return ""


def yes(truth: bool) -> str:
    return "yes" if truth else "no"


def utilisation_table(comparisons: list[dict]) -> str:
    rows = []
    for row in comparisons:
        if "needed_gflop" not in row:
            continue
        shares = [row.get(f"{name}_utilisation") for name in ("spind", "peer")]
        rows.append([
            row["work"], row["peer"], f"{row['needed_gflop']:.0f}",
            *(f"{share:.0%}" if share else "" for share in shares)])
    return table(
        f"Needed operations as a share of sgemm in the same minute (step: target "
        f"{UTILISATION_TARGET:.0%})",
        ["work", "peer", "needed GFLOP", "spind", "peer's own"], rows)


def phase_table(comparisons: list[dict]) -> str:
    rows = []
    for row in comparisons:
        for name, runs in (("spind", row["spind"]), (row["peer"], row["peer_runs"])):
            phases = runs[-1].get("phases") if runs else None
            if phases:
                text = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in phases.items())
                rows.append([row["work"], name, text])
    unique = list({tuple(row[:2]): row for row in rows}.values())
    return table("Seconds by phase, last run", ["work", "contestant", "phases"], unique)


def agreement_table(comparisons: list[dict]) -> str:
    rows = []
    for row in comparisons:
        for key, (own, other) in row.get("agreement", {}).items():
            rows.append([row["work"], row["peer"], key, f"{own:.6g}", f"{other:.6g}"])
        if "largest_difference" in row:
            rows.append([
                row["work"], row["peer"], "largest difference of a summed log-probability", "",
                f"{row['largest_difference']:.2g}"])
    return table(
        "Do they compute the same?", ["work", "peer", "what", "spind", "peer's"], rows)


def memory_table(peaks: dict[str, int]) -> str:
    own = peaks.get("spind")
    rows = [
        [name, f"{peak / MIB:.0f}", f"{own / peak:.2f}x" if own else ""]
        for name, peak in peaks.items()]
    return table(
        f"Peak memory (target {MEMORY_TARGET:g}x of trl_dpo)",
        ["contestant", "MiB", "spind's share of it"], rows)


def settings_table(comparisons: list[dict]) -> str:
    rows = []
    for row in comparisons:
        for trial in row.get("trials", []):
            rows.append([
                row["peer"], " ".join(trial["extra"]), str(trial["batch"]),
                f"{trial['tokens_per_second']:.0f}", "chosen" if trial == row["chosen"] else ""])
    return table(
        "Peers' settings tried for the rollout",
        ["peer", "options", "batch", "tokens/s", ""], rows)


def line_tables(suites: dict) -> str:
    parts = []
    for name in ("layers", "scaling"):
        lines = suites.get(name, {}).get("lines", [])
        columns = list(dict.fromkeys(key for line in lines for key in line))
        rows = [[cell(line.get(column)) for column in columns] for line in lines]
        parts.append(table(name.capitalize(), columns, rows))
    return "\n".join(part for part in parts if part)


def cell(value) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def failure_list(suites: dict) -> str:
    failures = [
        f"- {name}: {failure}" for name, suite in suites.items() for failure in suite["failures"]]
    return "## What failed\n\n" + "\n".join(failures) + "\n" if failures else ""


def version_list(versions: dict) -> str:
    lines = [
        f"- {name}: " + ", ".join(f"{key} {value}" for key, value in parts.items())
        for name, parts in versions.items()]
    return "## Versions\n\n" + "\n".join(lines) + "\n" if lines else ""


def table(title: str, columns: list[str], rows: list[list[str]]) -> str:
    """Nothing where there are no rows."""
    if not rows:
        return ""
    lines = [columns, ["---"] * len(columns), *rows]
    return f"## {title}\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"
