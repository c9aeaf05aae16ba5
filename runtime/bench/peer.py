#!/usr/bin/env python3
"""Times graft's workloads beside PyTorch and OpenBLAS on this machine, and writes the comparison as Markdown.

    pip install torch numpy
    python runtime/bench/peer.py                     all rows; some take minutes
    python runtime/bench/peer.py mlp-512 gcn --rounds 5
    python runtime/bench/peer.py --sections gemm,dfa,workers,batch

graft does not need this script, and only this script needs Python. It runs `graft bench` and worker.py in turn, each in a process of
its own, round after round, and takes the median of each side's median step.

Both sides do the same work from the same numbers: worker.py starts from the parameters and inputs that `graft bench --start`
writes. Where nothing is random in a step, the first losses must agree. PyTorch is timed eager and compiled, each with the
better of two ways of keeping memory, and of two OpenBLAS core types where PyTorch was built with OpenBLAS; what was chosen is in the table.

The roofline is max(F/P, Q/W), with F and Q from graft's cost model, P the better of OpenBLAS and our own product at 1024 x 1024 x 1024,
and W the memory bandwidth that `graft bench` measures; `go doc graft/zoo/bench` says what they count. Machines that do other
work at the same time give no result: PyTorch suffers more from it than graft.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# The speed-up over the better PyTorch that each row is to reach.
BARS = {"mlp-512": 2, "gcn": 12, "gat": 6, "nerf-128": 2, "nerf-256": 2, "deepfm": 3, "dcn": 3, "transformer": 1.3}
DFA_ROWS = ["mlp-256", "mlp-deep", "nerf-128", "deepfm", "dcn", "transformer"]
SECTIONS = ["gemm", "steps", "dfa", "workers", "batch"]

KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "1000000000"}
MALLOC = {"default": {}, "kept": KEPT}
CORES = {"unset": {}, "SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX"}}


def environment(args, *settings):
    """This process's environment without what would slow OpenBLAS down, and with the settings."""
    out = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    out["OMP_NUM_THREADS"] = out["OPENBLAS_NUM_THREADS"] = str(args.threads)
    for s in settings:
        out.update(s)
    return out


class Graft:
    """The graft command."""

    def __init__(self, args, directory):
        self.args = args
        self.data = ["--data", args.data] if args.data else []
        self.path = args.graft or os.path.join(directory, "graft")
        if not args.graft:
            subprocess.run(["go", "build", "-o", self.path, "./cmd/graft"], cwd=ROOT, check=True)

    def bench(self, *flags):
        """The rows of one `graft bench`, as {(workload, batch, workers, mode, granularity): {metric: row}}."""
        command = [self.path, "bench", *flags, "--json", *self.data]
        out = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=environment(self.args)).stdout
        results = {}
        for line in out.splitlines():
            row = json.loads(line)
            key = (row["workload"], row["batch"], row["workers"], row["mode"], row["granularity"] or row["variant"])
            results.setdefault(key, {})[row["metric"]] = row
        return results

    def one(self, workload, mode, *flags):
        """The metrics of one mode ("dfa-micro" is dfa at that granularity)."""
        mode, _, level = mode.partition("-")
        level = ["--granularity", level] if level else []
        (metrics,) = self.bench(workload, "--mode", mode, *level, "--workers", str(self.args.threads), *flags).values()
        return metrics

    def start(self, workload, path):
        subprocess.run([self.path, "bench", workload, "--mode", "bp", "--start", path, *self.data], check=True)


def worker(args, env, *argv):
    """The JSON that worker.py prints, or None when it fails, with the reason on standard error."""
    command = [sys.executable, "-B", os.path.join(HERE, "worker.py"), *map(str, argv), str(args.seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    if done.returncode != 0:
        print("PyTorch failed:", " ".join(command), done.stderr[-2000:], sep="\n", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def middle(args, times):
    """What stands for the times of a run's steps."""
    return min(times) if args.fastest else statistics.median(times)


def over_runs(args, times):
    """What stands for several runs."""
    return min(times) if args.fastest else statistics.median(times)


def median(xs):
    return statistics.median(xs)


def note(*words):
    print(*words, file=sys.stderr, flush=True)


class Contender:
    """PyTorch on one workload in one way, with the settings that suited it best."""

    def __init__(self, args, model, start, how):
        self.args, self.model, self.start, self.how = args, model, start, how
        self.runs, self.result, self.env, self.setting = [], None, None, "-"

    def choose(self):
        """Tries all settings once."""
        best = None
        cores = ["unset"]
        for malloc in MALLOC:
            for core in cores:
                env = environment(self.args, MALLOC[malloc], CORES[core])
                r = worker(self.args, env, self.model, self.start, self.how)
                if r is None:
                    return
                if r["blas"] == "open" and core == "unset":
                    cores = list(CORES)
                ms = middle(self.args, r["step_ms"])
                note(f"  PyTorch {self.how}, malloc {malloc}, core type {core}: {ms:.2f} ms")
                if best is None or ms < best:
                    best, self.env, self.result = ms, env, r
                    if self.args.fastest:
                        self.runs.append(ms)
                    self.setting = f"malloc {malloc}" + (f", core {core}" if r["blas"] == "open" else "")

    def round(self):
        if self.env is not None:
            r = worker(self.args, self.env, self.model, self.start, self.how)
            self.runs.append(middle(self.args, r["step_ms"]))
            self.result["peak_bytes"] = max(self.result["peak_bytes"], r["peak_bytes"])

    @property
    def ms(self):
        return over_runs(self.args, self.runs) if self.runs else None


def openblas(args, shape):
    """The rates of numpy's OpenBLAS for the four transposes, and its core type, the better core type of two."""
    best, chosen, peak = {}, {}, 0.0
    for core, setting in CORES.items():
        r = worker(args, environment(args, setting), "blas", "-", ",".join(map(str, shape)))
        for form, rates in r["gflops"].items():
            peak = max(peak, *rates)
            if median(rates) > best.get(form, 0):
                best[form], chosen[form] = median(rates), r["core"]
    return best, chosen, r["version"], peak


class Comparison:
    def __init__(self, args, directory):
        self.args, self.directory = args, directory
        self.graft = Graft(args, directory)
        listed = subprocess.run([self.graft.path, "bench", "--json"], stdout=subprocess.PIPE, check=True, text=True).stdout
        self.workloads = {w["workload"]: w for w in map(json.loads, listed.splitlines())}
        self.out, self.peak, self.torch = [], 0.0, "not installed"

    def write(self, line=""):
        print(line, flush=True)
        self.out.append(line)

    def run(self):
        sections = self.args.sections.split(",")
        self.measure_peak()
        for name in SECTIONS:
            if name in sections:
                note(f"section {name}")
                getattr(self, name)()

    def measure_peak(self):
        """P of the roofline as far as OpenBLAS goes, in GFLOPS; graft's own product is measured in every run of `graft bench`."""
        load = os.getloadavg()[0]
        for _ in range(3):
            self.openblas((1024, 1024, 1024))
        self.write(f"{self.blas}: at best {self.peak:.1f} GFLOPS at 1024^3. {self.args.threads} threads. "
                   f"{'Fastest' if self.args.fastest else 'Median'} step of {self.args.rounds} alternating runs.")
        self.write()
        if load > 0.5:
            self.write(f"**The machine was busy (load {load:.1f} on {os.cpu_count()} processors before the first run): the figures are provisional.** "
                       "PyTorch's threads wait for one another actively and lose more by that than graft's.")
            self.write()

    def products(self):
        """Our rates: {shape: {form: GFLOPS}}."""
        out = {}
        for key, metrics in self.graft.bench("gemm", "--workers", str(self.args.threads)).items():
            out.setdefault(key[0], {})[key[4]] = metrics["gflops"]["median"]
        return out

    def openblas(self, shape):
        """The rates of numpy's OpenBLAS: {form: GFLOPS}."""
        rates, cores, version, peak = openblas(self.args, shape)
        self.peak = max(self.peak, peak)
        self.blas = f"OpenBLAS of numpy {version}, core type {'/'.join(sorted(set(cores.values())))}"
        return rates

    def gemm(self):
        self.write("| MxNxK | form | graft GFLOPS | OpenBLAS | share |")
        self.write("|---|---|---:|---:|---:|")
        rounds = []
        for _ in range(self.args.rounds):
            ours = self.products()
            rounds.append({s: (ours[s], self.openblas(s.split("x"))) for s in ours})
        for shape in rounds[0]:
            for form in ("NN", "TN", "NT", "TT"):
                ours, theirs = (median(r[shape][side][form] for r in rounds) for side in (0, 1))
                self.write(f"| {shape} | {form} | {ours:.1f} | {theirs:.1f} | {100 * ours / theirs:.0f} % |")
        self.write()
        self.write(self.blas + ".")
        self.write()

    def ms(self, metrics):
        """graft's step time in a run."""
        return metrics["step_ms"]["min" if self.args.fastest else "median"]

    def rows(self, default):
        return [w for w in (self.args.rows or default) if w in self.workloads]

    def roofline_ms(self, metrics):
        """With the better product's rate for P."""
        self.peak = max(self.peak, metrics["machine_gflops"]["median"])
        by_rate = metrics["flops"]["median"] / (1e9 * self.peak)
        by_memory = metrics["roofline_bytes"]["median"] / (1e9 * metrics["machine_gbs"]["median"])
        return 1e3 * max(by_rate, by_memory)

    def steps(self):
        self.write("| row | graft ms | PyTorch eager ms | compiled ms | ratio | bar | roofline ms | share | peak MB | PyTorch's | loss, theirs | settings |")
        self.write("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---|")
        done = []
        for name in self.rows(self.workloads):
            note(f" {name}")
            start = os.path.join(self.directory, "start.safetensors")
            self.graft.start(name, start)
            model = self.workloads[name]["model"]
            sides = [Contender(self.args, model, start, how) for how in ("eager", "compile")]
            for c in sides:
                c.choose()
            ours = []
            for _ in range(self.args.rounds):
                ours.append(self.graft.one(name, "bp"))
                for c in sides:
                    c.round()
            os.remove(start)
            self.step_row(name, ours, sides)
            done.append(name)
        self.write()
        self.write(f"PyTorch {self.torch}. Ratio: the quicker PyTorch over graft. Peak: the process's, PyTorch's without the interpreter and "
                   "libraries. Work of each row:")
        self.write()
        for name in done:
            self.write(f"- {name}: {self.workloads[name]['work']}")
        self.write()

    def step_row(self, name, ours, sides):
        ms = over_runs(self.args, list(map(self.ms, ours)))
        last = ours[-1]
        roof = median(self.roofline_ms(m) for m in ours)
        peak = max(m.get("resident_bytes", m["peak_bytes"])["median"] for m in ours)
        timed = [c for c in sides if c.ms]
        ratio = loss = their_peak = settings = "-"
        if timed:
            self.torch = f"{timed[0].result['version']} ({timed[0].result['blas']})"
            best = min(timed, key=lambda c: c.ms)
            ratio = f"{best.ms / ms:.2f}"
            loss = f"{last['loss']['median']:.5f}, {sides[0].result['loss']:.5f}"
            their_peak = f"{best.result['peak_bytes'] / 1e6:.0f}"
            settings = "; ".join(f"{c.how}: {c.setting}" for c in timed)
        theirs = " | ".join(f"{c.ms:.2f}" if c.ms else "-" for c in sides)
        self.write(f"| {name} | {ms:.2f} | {theirs} | {ratio} | {BARS.get(name, '-')} | {roof:.2f} | {100 * roof / ms:.0f} % "
                   f"| {peak / 1e6:.0f} | {their_peak} | {loss} | {settings} |")

    def dfa(self):
        self.write("| row | bp ms | dfa macro ms | over bp | allowed | dfa micro ms | over bp | allowed | PyTorch dfa ms | ratio |")
        self.write("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
        modes = ("bp", "dfa-macro", "dfa-micro")
        for name in self.rows(DFA_ROWS):
            note(f" {name}")
            start = os.path.join(self.directory, "start.safetensors")
            self.graft.start(name, start)
            hooks = Contender(self.args, self.workloads[name]["model"], start, "dfa-macro")
            hooks.choose()
            rounds = []
            for _ in range(self.args.rounds):
                rounds.append([self.graft.one(name, mode) for mode in modes])
                hooks.round()
            os.remove(start)
            ms = [over_runs(self.args, [self.ms(r[i]) for r in rounds]) for i in range(3)]
            roof = [median(self.roofline_ms(r[i]) for r in rounds) for i in range(3)]
            cells = [f"{ms[0]:.2f}"]
            for i in (1, 2):
                cells += [f"{ms[i]:.2f}", f"{ms[0] / ms[i]:.2f}", f"{roof[0] / roof[i]:.2f}"]
            cells += [f"{hooks.ms:.2f}", f"{hooks.ms / ms[1]:.2f}"] if hooks.ms else ["-", "-"]
            self.write(f"| {name} | " + " | ".join(cells) + " |")
        self.write()

    def workers(self):
        self.write("| row | mode | 1 worker ms | 2 workers ms | speed-up | allocations a step |")
        self.write("|---|---|---:|---:|---:|---:|")
        for name in self.rows(["mlp-512", "mlp-deep", "gcn", "gat", "nerf-128", "deepfm", "dcn"]):
            for mode in ("bp", "dfa"):
                rounds = [self.graft.bench(name, "--mode", mode, "--workers", "1,2") for _ in range(self.args.rounds)]
                ms, allocations = {}, 0.0
                for n in (1, 2):
                    found = [v for r in rounds for k, v in r.items() if k[2] == n]
                    ms[n] = over_runs(self.args, list(map(self.ms, found)))
                    allocations = max(allocations, *(m["allocs_per_step"]["median"] for m in found))
                self.write(f"| {name} | {mode} | {ms[1]:.2f} | {ms[2]:.2f} | {ms[1] / ms[2]:.2f} | {allocations:.1f} |")
        self.write()

    def batch(self):
        factors = "1,2,4,8,16,32"
        self.write("| row | mode | " + " | ".join(f"x{f} ms" for f in factors.split(",")) + " |")
        self.write("|---|---|" + "---:|" * 6)
        for name in self.rows(["mlp-512"]):
            for mode in ("bp", "dfa"):
                rounds = [self.graft.bench(name, "--mode", mode, "--workers", str(self.args.threads), "--times", factors)
                          for _ in range(self.args.rounds)]
                batches = sorted({k[1] for k in rounds[0]})
                cells = [over_runs(self.args, [self.ms(v) for r in rounds for k, v in r.items() if k[1] == b]) for b in batches]
                self.write(f"| {name} | {mode} | " + " | ".join(f"{c:.2f}" for c in cells) + " |")
        self.write()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("rows", nargs="*", help="workloads; those that `graft bench` lists by default")
    p.add_argument("--sections", default="gemm,steps,dfa,workers,batch", help="which tables (default all)")
    p.add_argument("--rounds", type=int, default=3, help="alternating runs of each side")
    p.add_argument("--seconds", type=float, default=2, help="time for the steps of one PyTorch run")
    p.add_argument("--threads", type=int, default=2, help="threads of either side")
    p.add_argument("--fastest", action="store_true",
                   help="compare the fastest steps of all runs, not the medians: for a machine that does other work as well")
    p.add_argument("--data", help="where graft looks for data sets (default: as graft does)")
    p.add_argument("--graft", help="the graft command (default: built from this tree)")
    p.add_argument("--out", help="Markdown file to write besides standard output")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        c = Comparison(args, directory)
        c.write(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}.")
        try:
            c.run()
        finally:
            if args.out:
                with open(args.out, "w") as f:
                    f.write("\n".join(c.out) + "\n")


if __name__ == "__main__":
    main()
