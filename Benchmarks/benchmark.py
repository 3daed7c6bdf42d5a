"""Measures a muster binary against the bare programs beside this file and prints a table of ratios.

Each ratio is of two figures taken in one run on one machine, in turns; absolute figures say little on a machine that does
other things too. Called by script/benchmark, which builds everything.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import time
import urllib.request

from classes import classes, reference_classes
from harness import CONNECTIONS, Table, free_port, note, postgres, scratch, serving, tool
from punches import punches, reference

# Scans that one transaction of the bare SQLite loop stores: what sixteen connections of a hundred make at most.
GROUP = 1600
BATCH = 100
# Seconds before the clock starts, in which ours gets to know its badges and people; the bare programs get as many rows.
WARM_UP = 3
WARM_UP_ROWS = 100_000


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


PARTS = {
    "rest": rest, "hello": hello, "sqlite": sqlite, "postgresql": postgresql, "growth": growth, "punches": punches,
    "classes": classes,
}
# What is measured only when it is named.
ON_DEMAND = {"reference": reference, "reference-classes": reference_classes}


def main():
    parser = argparse.ArgumentParser(prog="script/benchmark", description=__doc__.splitlines()[0])
    parser.add_argument(
        "parts", nargs="*", metavar="PART",
        help=f"{', '.join(PARTS)}; all where left out; reference (Django alone), reference-classes (FastAPI alone)")
    parser.add_argument("--seconds", type=float, default=10, help="how long each load lasts (10)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each comparison is made; medians count (3)")
    parser.add_argument("--entries", type=int, default=5_000_000, help="how many entries `growth` stores first (5000000)")
    parser.add_argument("--people", type=int, default=200, help="how many employees `punches` has (200)")
    parser.add_argument(
        "--gunicorn", default="", help="more options for the gunicorn that serves Django, such as '--threads 4'")
    parser.add_argument("--folder", type=pathlib.Path, default=None, help="where stores are put while they are measured")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--muster", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS | ON_DEMAND]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    table = Table()
    for part in options.parts or PARTS:
        print(f"{part}: {(PARTS | ON_DEMAND)[part].__doc__}", flush=True)
        (PARTS | ON_DEMAND)[part](options, table)
    print("\n" + "\n".join(table.rows))


if __name__ == "__main__":
    main()
