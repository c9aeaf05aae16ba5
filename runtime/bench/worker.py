"""Times one workload in PyTorch, in a process of its own; peer.py calls it. It prints one JSON object.

    worker.py MODEL START.safetensors eager|compile|dfa-macro|dfa-micro SECONDS
    worker.py blas - M,N,K SECONDS
"""

import json
import mmap
import os
import re
import sys
import time
import warnings

import numpy as np


def read(path):
    """The tensors and the metadata of a safetensors file."""
    import torch

    kinds = {"F32": np.float32, "I32": np.int32}
    with open(path, "rb") as f:
        memory = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    n = int.from_bytes(memory[:8], "little")
    header = json.loads(memory[8:8 + n])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        flat = np.frombuffer(memory[8 + n + first:8 + n + last], kinds[entry["dtype"]])
        tensors[name] = torch.from_numpy(flat.copy()).view(entry["shape"])
    return tensors, metadata


def resident(what):
    """VmRSS or VmHWM in bytes, 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith(what + ":"))
    except (OSError, StopIteration):
        return 0


def forget_high_water():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def timed(step, seconds):
    """Milliseconds of single steps: a warm-up, then as many as fit into the seconds, five at least, as `graft bench` does."""
    began = time.perf_counter()
    for i in range(3):
        started = time.perf_counter()
        step()
        last = time.perf_counter() - started
        if time.perf_counter() - began > seconds:
            break
    runs = min(1000, max(5, int(seconds / last)))
    out = []
    for _ in range(runs):
        started = time.perf_counter()
        step()
        out.append(1e3 * (time.perf_counter() - started))
    return out


def train(model_name, path, how, seconds):
    import torch

    from dfa import DFA
    from models import MODELS

    warnings.simplefilter("ignore")  # PyTorch calls its sparse tensors experimental
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    torch.manual_seed(0)
    before = resident("VmRSS")  # Python and PyTorch themselves
    start, metadata = read(path)
    feedback = DFA(how.split("-")[1]) if how.startswith("dfa") else None
    model = MODELS[model_name](start, metadata, feedback)
    del start
    optimizer = model.optimizer()
    loss = torch.compile(model.loss) if how == "compile" else model.loss
    forget_high_water()

    def step():
        optimizer.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        if model.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), model.clip, foreach=True)
        optimizer.step()
        return value

    first = step().item()
    times = timed(step, seconds)
    if not np.isfinite(step().item()):
        raise SystemExit("the loss is no longer finite")
    return {"step_ms": times, "loss": first, "peak_bytes": max(0, resident("VmHWM") - before),
            "version": torch.__version__, "blas": blas_of_torch(torch)}


def blas_of_torch(torch):
    found = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return found.group(1) if found else "unknown"


def core_of_openblas():
    """The core type that numpy's OpenBLAS chose."""
    import ctypes
    import glob

    pattern = os.path.join(os.path.dirname(np.__file__), "..", "numpy.libs", "*openblas*")
    for lib in glob.glob(pattern):
        handle = ctypes.CDLL(lib)
        for symbol in ("scipy_openblas_get_corename64_", "openblas_get_corename64_", "openblas_get_corename"):
            if hasattr(handle, symbol):
                f = getattr(handle, symbol)
                f.restype = ctypes.c_char_p
                return f().decode()
    return "unknown"


def blas(shape, seconds):
    """GFLOPS of numpy's matmul for the four combinations of transposed factors."""
    m, n, k = map(int, shape.split(","))
    rng = np.random.default_rng(0)
    out = {}
    for name in ("NN", "TN", "NT", "TT"):
        a = rng.standard_normal((k, m) if name[0] == "T" else (m, k), np.float32)
        b = rng.standard_normal((n, k) if name[1] == "T" else (k, n), np.float32)
        a, b = a.T if name[0] == "T" else a, b.T if name[1] == "T" else b
        c = np.empty((m, n), np.float32)
        times = timed(lambda: np.matmul(a, b, out=c), seconds / 4)
        out[name] = [2e-6 * m * n * k / t for t in times]
    return {"gflops": out, "core": core_of_openblas(), "version": np.__version__}


if __name__ == "__main__":
    name, path, how, seconds = sys.argv[1:]
    result = blas(how, float(seconds)) if name == "blas" else train(name, path, how, float(seconds))
    json.dump(result, sys.stdout)
