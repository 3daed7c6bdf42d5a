"""What the parts of the benchmark share: the table, a running server, a private PostgreSQL."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = 16


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
