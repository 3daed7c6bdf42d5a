"""What the parts of the benchmark share: the table, a running server, a private PostgreSQL, programs of PyPI's."""
import contextlib
import csv
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
import urllib.error

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
    """A running server on a store of its own; `settings` are more of its environment."""

    def __init__(self, options, folder, url=None, settings=None):
        self.options, self.folder, self.url = options, folder, url
        self.port = free_port()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_") and k != "DATABASE_URL"}
        self.environment |= {"RATE_LIMIT_MAX": "0", "PUBLIC_RATE_LIMIT_MAX": "0", "MUSTER_LOG": "warning"}
        self.environment["DATABASE_URL" if url else "MUSTER_DATA"] = url or str(folder / "data")
        self.environment |= settings or {}
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
def serving(options, url=None, settings=None):
    with scratch(options) as folder:
        server = Muster(options, folder, url, settings)
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


def copy_rows(url, folder, tables, texts=()):
    """Fills tables with `COPY` from lists of rows. What is empty becomes nothing, but in the columns of `texts` an empty text."""
    for table, rows in tables.items():
        name = folder / f"{table}.csv"
        with open(name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        own = [text for text in texts if text in rows[0]]
        force = f"FORCE_NOT_NULL ({', '.join(own)}), " if own else ""
        copy = f"\\copy {table} ({', '.join(rows[0])}) FROM '{name}' WITH ({force}FORMAT csv, HEADER)"
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", copy], check=True)
    settle(url)


def settle(url):
    """As autovacuum would after a while."""
    subprocess.run(["psql", "-q", url, "-c", "VACUUM ANALYZE"], check=True)


# MARK: What Muster is compared with


def reference_python(options, reference):
    """The Python that has what a reference wants, made at the first call."""
    place, wanted = options.tools / f"reference-{reference.name}", reference / "requirements.txt"
    installed = place / "installed"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        note(f"installing what {reference.name} wants")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        subprocess.run(
            [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
             "--requirement", str(wanted)],
            check=True)
        installed.write_text(wanted.read_text())
    return place / "bin" / "python"


@contextlib.contextmanager
def running(words, log, ask, **more):
    """A server of those words while the block runs, which begins when `ask` gets an answer."""
    with open(log, "wb") as file:
        process = subprocess.Popen([str(word) for word in words], stdout=file, stderr=file, **more)
    try:
        for _ in range(300):
            if process.poll() is not None:
                break
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                ask()
                break
            time.sleep(0.1)
        else:
            process.kill()
            process.wait()
        if process.poll() is not None:
            sys.exit(f"{words[2]} does not serve: {log.read_text()[-2000:]}")
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
