"""What stands beside every figure: the machine, the commit and the day."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def describe(threads: int) -> dict:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "processor": first_match("/proc/cpuinfo", r"model name\s*:\s*(.+)"),
        "cores": os.cpu_count(),
        "vector_extensions": vector_extensions(),
        "memory_gib": round(int(first_match("/proc/meminfo", r"MemTotal:\s*(\d+)")) / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "threads": threads,
    }


def commit() -> str:
    """The checked-out commit, marked where files differ from it."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"], capture_output=True,
            text=True, check=True, cwd=Path(__file__).parent)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def vector_extensions() -> str:
    flags = first_match("/proc/cpuinfo", r"flags\s*:\s*(.+)").split()
    known = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
    return " ".join(flag for flag in known if flag in flags)


def load_average() -> float:
    """Of the last minute: more than the benchmark's own threads means a busy machine."""
    return os.getloadavg()[0]


def first_match(file: str, pattern: str) -> str:
    found = re.search(pattern, Path(file).read_text())
    return found.group(1).strip() if found else "0"
