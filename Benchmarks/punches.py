"""The punch clock: punches, work status and overview of Muster, and of the Django program in reference/ for the same requests."""
import contextlib
import datetime
import json
import os
import pathlib
import secrets
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

from harness import free_port, note, postgres, reference_python, running, scratch, serving, tool
from workforce import LATE_MINUTES, Workforce

REFERENCE = pathlib.Path(__file__).resolve().parent / "reference" / "timetracker"
DAYS = 60
SEED = 20261121
# Each of 64 connections has four employees, who punch in turn.
CONNECTIONS = 64
PUNCHERS = 4 * CONNECTIONS
# Punches a second, into the days that the overview is of, while the overview is asked for.
RATE = 100
# Where the walk of in and out begins otherwise: long before the days of the overview, so that its answer stays what it is.
WALK_BEGINS = (datetime.date(2001, 1, 1) - datetime.date(1970, 1, 1)).days


def workforce(options):
    today = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
    return Workforce(options.people, DAYS, PUNCHERS, SEED, today)


def ask(port, path, body=None, key="-"):
    headers = {"Content-Type": "application/json"} | ({} if key == "-" else {"Authorization": f"Bearer {key}"})
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers=headers, data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


class Clock:
    """A server with the workforce in it, and what is measured of either."""

    def __init__(self, options, folder, port, key, people, ids):
        self.options, self.port, self.key, self.people = options, port, key, people
        self.next_day = WALK_BEGINS
        self.punchers, self.others = folder / "punchers", folder / "employees"
        self.punchers.write_text("".join(f"{own}\n" for own in ids[people.people:]))
        self.others.write_text("".join(f"{own}\n" for own in ids[:people.people]))
        self.overview_path = f"/api/reports/overview/?{people.range_query}"
        # A server that answers something else would be measured for nothing.
        answer, expected = ask(port, self.overview_path, key=key), people.overview()
        if answer != expected:
            sys.exit(f"the overview is {answer}, expected was {expected}")

    def load(self, mode, *arguments, connections, seconds=None, key="-"):
        return tool(self.options, "load", mode, self.port, key, connections, seconds or self.options.seconds, *arguments)

    def punches(self, seconds=None):
        """Punches a second, every one accepted. Who stands before a punch clock has no token (contract 2.5)."""
        result = self.load("punches", self.punchers, self.next_day, connections=CONNECTIONS, seconds=seconds)
        self.next_day = result["next_day"]
        if result["refused"]:
            sys.exit(f"{result['refused']} of {result['requests']} punches were refused")
        note(f"{result['accepted']:,} punches, p50 {result['p50_ms']} ms, p99 {result['p99_ms']} ms")
        return result["requests_per_second"]

    def get(self, path, connections, file=None, key="-"):
        result = self.load("get", path, *([file] if file else []), connections=connections, key=key)
        if result["refused"]:
            sys.exit(f"{path}: {result['refused']} of {result['requests']} were refused")
        return result

    def status(self):
        return self.get("/api/timetracking/status/@/", 16, self.others)["requests_per_second"]

    def employees(self):
        return self.get("/api/employees/", 16)["requests_per_second"]

    def overview(self):
        result = self.get(self.overview_path, 4, key=self.key)
        note(f"{result['requests']} overviews, p50 {result['p50_ms']} ms")
        return result["requests_per_second"]

    def overview_meanwhile(self, first_day, *rate):
        """The overview's 95th percentile in milliseconds, asked for without a pause while punches go on."""
        with self.going_on("punches", self.punchers, first_day, *rate) as punches:
            result = self.get(self.overview_path, 1, key=self.key)
        note(f"{result['requests']} overviews during {punches['requests_per_second']:,.0f} punches/s, p50 {result['p50_ms']} ms, "
             f"p99 {result['p99_ms']} ms")
        if punches["refused"]:
            sys.exit(f"{punches['refused']} of {punches['requests']} punches were refused")
        return result["p95_ms"]

    @contextlib.contextmanager
    def going_on(self, mode, *arguments):
        """That load in the background; what it found is there when the block is over."""
        found = {}
        words = [self.options.tools / "load", mode, self.port, "-", CONNECTIONS, self.options.seconds + 1, *arguments]
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
        try:
            # Until its connections are open.
            time.sleep(0.5)
            yield found
            found |= json.loads(process.communicate(timeout=120)[0])
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


# MARK: Django


@contextlib.contextmanager
def django(options, people):
    """The reference on a PostgreSQL of its own, served by gunicorn with two workers."""
    python = reference_python(options, REFERENCE)
    with scratch(options) as folder, postgres(options) as url:
        environment = os.environ | {
            "DATABASE_URL": url, "SECRET_KEY": secrets.token_hex(32), "DJANGO_SETTINGS_MODULE": "timetracker.settings",
            "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(
            [str(python), "manage.py", "migrate", "--run-syncdb", "--verbosity", "0"], cwd=REFERENCE, env=environment, check=True)
        ids = people.copy_into(url, folder)
        port = free_port()
        words = [
            python, "-m", "gunicorn", "--workers", "2", "--no-control-socket", "--bind", f"127.0.0.1:{port}",
            *options.gunicorn.split(), "timetracker.wsgi"]
        with running(words, folder / "gunicorn.log", lambda: ask(port, "/api/employees/"), cwd=REFERENCE, env=environment):
            yield Clock(options, folder, port, "-", people, ids)


# MARK: Muster


def filled_over_the_wire(options, server, folder, people):
    """The workforce sent to a running Muster as its clients would."""
    e_mail, password = "benchmark@corp.example", secrets.token_hex(16)
    server.run("admin", "create", "--email", e_mail, "--password", password)
    key = ask(server.port, "/api/auth/login/", {"email": e_mail, "password": password})["access"]
    ask(server.port, "/api/employees/business-hours/", {
        "start_time": "14:00:00", "end_time": "22:00:00", "break_duration": 30, "late_threshold": LATE_MINUTES, "is_active": True}, key)

    def send(path, file):
        result = tool(options, "load", "send", server.port, key, CONNECTIONS, path, file)
        if result["refused"]:
            sys.exit(f"{path}: {result['refused']} of {result['requests']} were refused")

    people.write_employees(folder / "employees.txt")
    send("/api/employees/", folder / "employees.txt")
    by_code = {employee["employee_id"]: employee["id"] for employee in ask(server.port, "/api/employees/")}
    ids = [by_code[employee["employee_id"]] for employee in people.employees]
    people.write_punches(folder / "punches.txt", ids)
    send("/api/timetracking/punch/", folder / "punches.txt")
    return Clock(options, folder, server.port, key, people, ids)


@contextlib.contextmanager
def muster(options, people, url=None):
    with serving(options, url) as server, scratch(options) as folder:
        yield filled_over_the_wire(options, server, folder, people)


def health_path(clock):
    """`/health`, and where no contract that is built in has it, `/livez`."""
    try:
        ask(clock.port, "/health")
        return "/health"
    except urllib.error.HTTPError:
        note("there is no /health: /livez stands in its place")
        return "/livez"


# MARK: The parts


def of_django(options, people, figures):
    """Adds one round of the reference's figures."""
    with django(options, people) as clock:
        # Each worker has its code loaded and its connection open.
        clock.punches(seconds=2)
        figures["punches"].append(clock.punches())
        figures["status"].append(clock.status())
        figures["employees"].append(clock.employees())
        figures["overview"].append(clock.overview())


def new_figures(*more):
    return {name: [] for name in ("punches", "status", "employees", "overview", *more)}


def reference(options, table):
    """The Django program by itself: punches, status, employees, overview."""
    figures = new_figures()
    people = workforce(options)
    for _ in range(options.rounds):
        of_django(options, people, figures)
    for name, found in figures.items():
        table.add(f"{name}, Django", statistics.median(found))


def punches(options, table):
    """Punches, work status and overview against Django REST on PostgreSQL, and against our own health path."""
    people = workforce(options)
    theirs, ours = new_figures(), new_figures("health", "meanwhile", "meanwhile, full", "grown", "postgres")
    for _ in range(options.rounds):
        of_django(options, people, theirs)
        with muster(options, people) as clock:
            ours["overview"].append(clock.overview())
            ours["health"].append(clock.get(health_path(clock), CONNECTIONS)["requests_per_second"])
            clock.punches(seconds=2)
            ours["punches"].append(clock.punches())
            ours["status"].append(clock.status())
            ours["employees"].append(clock.employees())
            ours["grown"].append(clock.overview())
            first = (people.first_day - datetime.date(1970, 1, 1)).days
            ours["meanwhile"].append(clock.overview_meanwhile(first, RATE))
            ours["meanwhile, full"].append(clock.overview_meanwhile(clock.next_day))
        with postgres(options) as url, muster(options, people, url) as clock:
            clock.punches(seconds=2)
            ours["postgres"].append(clock.punches())
    their = {name: statistics.median(found) for name, found in theirs.items()}
    our = {name: statistics.median(found) for name, found in ours.items()}
    size = f"{options.people:,} × {DAYS}"
    table.add("punches, SQLite, 64 connections, against Django", our["punches"], their["punches"], aim=100)
    table.add("punches, SQLite, against GET /health of ours (never below 0.2)", our["punches"], our["health"], aim=0.5)
    table.add("punches, PostgreSQL, against Django", our["postgres"], their["punches"], aim=100)
    table.add("work status, against Django", our["status"], their["status"], aim=100)
    table.add(f"overview of {size}, against Django", our["overview"], their["overview"], aim=1000)
    table.add(
        f"overview of {size}, p95 while punches go on ({RATE}/s)", our["meanwhile"], unit="ms", aim=20, smaller_is_better=True)
    table.add("the same under all the punches it takes", our["meanwhile, full"], unit="ms")
    table.add(
        "cost of an overview after these punches, against before", our["overview"] / our["grown"], unit="times", aim=1.5,
        smaller_is_better=True)
    table.add("employees list, against Django", our["employees"], their["employees"])
