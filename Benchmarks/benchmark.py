"""Measures a muster binary against the bare programs beside this file and prints a table of ratios.

Each ratio is of two figures taken in one run on one machine, in turns; absolute figures say little on a machine that does
other things too. Called by script/benchmark, which builds everything.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# Scans that one transaction of the bare SQLite loop stores: what sixteen connections of a hundred make at most.
GROUP = 1600
BATCH = 100
CONNECTIONS = 16
# Seconds before the clock starts, in which ours gets to know its badges and people; the bare programs get as many rows.
WARM_UP = 3
WARM_UP_ROWS = 100_000


class Table:
    """Collects figures and prints them as they come."""

    def __init__(self):
        self.rows = []

    def add(self, what, ours, other=None, unit="/s", aim=None, smaller_is_better=False):
        ratio = ours / other if other else None
        line = f"{what:<58} {ours:>12,.1f} {unit:<7}"
        if ratio is not None:
            line += f" against {other:>12,.1f}   ratio {ratio:5.2f}"
        if aim is not None:
            value = ratio if ratio is not None else ours
            line += f"   aim {'≤' if smaller_is_better else '≥'} {aim}"
            line += "  ok" if (value <= aim if smaller_is_better else value >= aim) else "  MISSED"
        self.rows.append(line)
        print(line, flush=True)


def note(text):
    print(f"    {text}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Muster:
    """A running server on a store of its own."""

    def __init__(self, options, folder, url=None):
        self.options, self.folder, self.url = options, folder, url
        self.port = free_port()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_") and k != "DATABASE_URL"}
        self.environment |= {"RATE_LIMIT_MAX": "0", "PUBLIC_RATE_LIMIT_MAX": "0", "MUSTER_LOG": "warning"}
        self.environment["DATABASE_URL" if url else "MUSTER_DATA"] = url or str(folder / "data")
        self.start()
        told = self.run("key", "create", "--label", "benchmark")
        self.key = re.search(r"\S{30,}", told).group(0)

    def run(self, *arguments):
        return subprocess.run(
            [self.options.muster, *arguments], env=self.environment, cwd=self.folder, check=True, capture_output=True,
            text=True).stdout

    def start(self):
        began = time.monotonic()
        self.log = open(self.folder / "muster.log", "ab")
        self.process = subprocess.Popen(
            [self.options.muster, "serve", "--listen", f"127.0.0.1:{self.port}"], env=self.environment, cwd=self.folder,
            stdout=self.log, stderr=self.log)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as s:
                    s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    if s.recv(1024).startswith(b"HTTP/1.1 200"):
                        break
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(f"muster ended at its start: see {self.folder / 'muster.log'}")
            time.sleep(0.002)
        return time.monotonic() - began

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()

    def memory(self, what="VmRSS"):
        """MB of resident memory now (VmRSS) or at most (VmHWM)."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(what):
                return int(line.split()[1]) / 1024
        raise KeyError(what)

    def processor_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, mode, seconds, *more, connections=CONNECTIONS, key=None, port=None):
        return tool(self.options, "load", mode, port or self.port, key or self.key, connections, seconds, *more)


def tool(options, name, *arguments):
    done = subprocess.run([str(options.tools / name), *map(str, arguments)], capture_output=True, text=True)
    if not done.stdout.strip():
        sys.exit(f"{name} failed: {done.stderr}")
    if done.stderr:
        note(done.stderr.strip()[:300])
    return json.loads(done.stdout)


@contextlib.contextmanager
def scratch(options):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-benchmark.", dir=options.folder))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def serving(options, url=None):
    with scratch(options) as folder:
        server = Muster(options, folder, url)
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def postgres(options):
    """A private server, started and stopped by the shell functions that the tests use."""
    with scratch(options) as folder:
        library = HERE.parent / "script" / "lib" / "postgres.sh"
        url = subprocess.run(
            ["bash", "-c", f'source "{library}"; postgres_start "{folder}/postgres"'], check=True, capture_output=True,
            text=True).stdout.strip()
        try:
            yield url
        finally:
            subprocess.run(["bash", "-c", f'source "{library}"; postgres_stop "{folder}/postgres"'], check=True)


def bare_sqlite(options, shape, fill=0):
    with scratch(options) as folder:
        return tool(options, "bare_sqlite", shape, folder, GROUP, options.seconds, fill)["rows_per_second"]


# MARK: The parts


def sqlite(options, table):
    """Scans into SQLite, new ones and duplicates."""
    bare, ours, duplicates, flat, ordered = [], [], [], [], []
    for _ in range(options.rounds):
        bare.append(bare_sqlite(options, "split"))
        with serving(options) as server:
            known = server.load("scans", WARM_UP, BATCH)["next"]
            before = server.processor_seconds()
            result = server.load("scans", options.seconds, BATCH, known)
            ours.append(result["scans_per_second"])
            note(f"p50 {result['p50_ms']} ms, p99 {result['p99_ms']} ms, "
                 f"{(server.processor_seconds() - before) / result['saved'] * 1e6:.1f} µs of processor a scan, "
                 f"{server.memory('VmHWM'):.0f} MB at most")
            duplicates.append(server.load("duplicates", options.seconds / 2, BATCH)["scans_per_second"])
        flat.append(bare_sqlite(options, "flat"))
        ordered.append(bare_sqlite(options, "ordered"))
        bare.append(bare_sqlite(options, "split"))
    table.add("scans, SQLite, against INSERTs into the same tables", statistics.median(ours), statistics.median(bare), aim=0.8)
    table.add("scans, SQLite, against INSERTs into one table", statistics.median(ours), statistics.median(flat), aim=0.8)
    table.add("scans, SQLite, against the same with ordered references", statistics.median(ours), statistics.median(ordered))
    table.add("duplicates only, SQLite, against new scans", statistics.median(duplicates), statistics.median(ours))


def bare_postgres(options, url):
    return tool(options, "bare_postgres", url, CONNECTIONS, BATCH, options.seconds, WARM_UP_ROWS)["rows_per_second"]


def postgresql(options, table):
    """Scans into PostgreSQL, new ones and duplicates."""
    bare, ours, duplicates = [], [], []
    for _ in range(options.rounds):
        with postgres(options) as url:
            bare.append(bare_postgres(options, url))
            with serving(options, url) as server:
                known = server.load("scans", WARM_UP, BATCH)["next"]
                before = server.processor_seconds()
                result = server.load("scans", options.seconds, BATCH, known)
                ours.append(result["scans_per_second"])
                note(f"p50 {result['p50_ms']} ms, p99 {result['p99_ms']} ms, "
                     f"{(server.processor_seconds() - before) / result['saved'] * 1e6:.1f} µs of processor a scan (ours alone), "
                     f"{server.memory('VmHWM'):.0f} MB at most")
                duplicates.append(server.load("duplicates", options.seconds / 2, BATCH)["scans_per_second"])
            bare.append(bare_postgres(options, url))
    table.add(
        "scans, PostgreSQL, against unnest over 16 connections", statistics.median(ours), statistics.median(bare), aim=0.8)
    table.add("duplicates only, PostgreSQL, against new scans", statistics.median(duplicates), statistics.median(ours))


def hello(options, table):
    """`GET /` against a bare libmicrohttpd."""
    bare, ours = [], []
    with serving(options) as server:
        for _ in range(options.rounds):
            ours.append(server.load("get", options.seconds / 2, "/", connections=64, key="-")["requests_per_second"])
            port = free_port()
            process = subprocess.Popen(
                [str(options.tools / "bare_hello"), str(port), str(os.cpu_count())], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
            process.stdout.readline()
            bare.append(
                tool(options, "load", "get", port, "-", 64, options.seconds / 2, "/")["requests_per_second"])
            process.stdin.close()
            process.wait()
    table.add("GET / against a bare libmicrohttpd", statistics.median(ours), statistics.median(bare), aim=0.6)


def growth(options, table):
    """Scans into stores that hold millions; memory, start and reports there."""
    entries = options.entries
    bare = bare_sqlite(options, "split", entries)
    with serving(options) as server:
        small = server.load("scans", options.seconds, BATCH)
        first = small["next"]
        while first * 20 < entries + 20:
            first = server.load("scans", min(30, options.seconds * 3), BATCH, first)["next"]
            note(f"{first * 20:,} entries")
        result = server.load("scans", options.seconds, BATCH, first)
        note(f"p50 {result['p50_ms']} ms, p99 {result['p99_ms']} ms; {small['scans_per_second']:,.0f}/s when it was empty")
        table.add(
            f"scans at {entries / 1e6:g} million, SQLite, against the same tables", result["scans_per_second"], bare, aim=0.8)
        table.add(
            "cost of a scan there, against an empty store", small["scans_per_second"] / result["scans_per_second"],
            unit="times", aim=1.5, smaller_is_better=True)
        table.add("memory under that load", server.memory("VmHWM"), unit="MB", aim=150, smaller_is_better=True)
        reports(server, table, options, f"at {entries / 1e6:g} million")
        server.stop()
        starts = []
        for _ in range(3):
            starts.append(server.start())
            server.stop()
        server.start()
        table.add(
            f"start to first answer at {entries / 1e6:g} million", statistics.median(starts) * 1e3, unit="ms", aim=200,
            smaller_is_better=True)


def reports(server, table, options, where):
    stats = server.load("get", options.seconds / 2, "/v1/dashboard/stats", connections=8)
    table.add(f"dashboard stats {where}", stats["requests_per_second"])
    began = time.monotonic()
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/v1/dashboard/export?limit=100000", headers={"Authorization": f"Bearer {server.key}"})
    with urllib.request.urlopen(request) as answer:
        rows = answer.read().count(b'"badge_id"')
    table.add(f"dashboard export {where}, rows", rows / (time.monotonic() - began))


def rest(options, table):
    """Memory and start of an empty store."""
    with serving(options) as server:
        time.sleep(1)
        table.add("memory at rest", server.memory(), unit="MB", aim=40, smaller_is_better=True)
        server.load("scans", options.seconds, BATCH)
        table.add("memory under scan load", server.memory("VmHWM"), unit="MB", aim=150, smaller_is_better=True)
        reports(server, table, options, "on a small store")
        server.stop()
        starts = []
        for _ in range(5):
            starts.append(server.start())
            server.stop()
        server.start()
        table.add("start to first answer", statistics.median(starts) * 1e3, unit="ms", aim=200, smaller_is_better=True)


PARTS = {"rest": rest, "hello": hello, "sqlite": sqlite, "postgresql": postgresql, "growth": growth}


def main():
    parser = argparse.ArgumentParser(prog="script/benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all where left out")
    parser.add_argument("--seconds", type=float, default=10, help="how long each load lasts (10)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each comparison is made; medians count (3)")
    parser.add_argument("--entries", type=int, default=5_000_000, help="how many entries `growth` stores first (5000000)")
    parser.add_argument("--folder", type=pathlib.Path, default=None, help="where stores are put while they are measured")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--muster", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    table = Table()
    for part in options.parts or PARTS:
        print(f"{part}: {PARTS[part].__doc__}", flush=True)
        PARTS[part](options, table)
    print("\n" + "\n".join(table.rows))


if __name__ == "__main__":
    main()
