"""Classes: lists of sessions, marking and statistics of Muster, and of the FastAPI program in reference/ for the same requests."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import re
import secrets
import statistics
import subprocess
import sys
import threading
import time

from classroom import Classroom, turns
from harness import CONNECTIONS, free_port, note, postgres, reference_python, running, scratch, serving, settle, tool

REFERENCE = pathlib.Path(__file__).resolve().parent / "reference" / "aims"
SEED = 20261122
TEACHER = "asha.verma@college.example"
CLIENT_ID = "benchmark.apps.example"


# MARK: Tokens


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header, claims):
    return f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}"


def backend_token(secret, user):
    """A token as each holder of the secret can make it (contract 2.4)."""
    now = int(time.time())
    text = unsigned(
        {"alg": "HS256", "typ": "JWT"}, {"sub": user, "email": TEACHER, "role": "teacher", "iat": now, "exp": now + 3600})
    return f"{text}.{base64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


class Provider:
    """An identity provider on the loopback with one key, whose set it tells whoever asks."""

    def __init__(self, folder):
        self.private = folder / "provider.pem"
        subprocess.run(["openssl", "genrsa", "-out", str(self.private), "2048"], check=True, capture_output=True)
        modulus = subprocess.run(
            ["openssl", "rsa", "-in", str(self.private), "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
        number = base64url(bytes.fromhex(modulus.strip().split("=")[1]))
        keys = json.dumps(
            {"keys": [{"kty": "RSA", "kid": "benchmark", "use": "sig", "alg": "RS256", "n": number, "e": "AQAB"}]}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                for name, value in {
                    "Content-Type": "application/json", "Cache-Control": "max-age=86400", "Content-Length": str(len(keys))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self):
        now = int(time.time())
        text = unsigned({"alg": "RS256", "typ": "JWT", "kid": "benchmark"}, {
            "iss": "https://accounts.google.com", "aud": CLIENT_ID, "azp": CLIENT_ID, "sub": "benchmark-1", "email": TEACHER,
            "email_verified": True, "name": "Asha Verma", "iat": now - 5, "exp": now + 3600})
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.private)], input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{base64url(signature)}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# MARK: A server with the classes in it


class Wire:
    """One request after the other, for what is not measured."""

    def __init__(self, port, token=lambda: None):
        self.port, self.token = port, token
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __call__(self, method, path, body=None):
        token = self.token()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        # Anew each time: the server may have closed it while something was measured.
        self.connection.close()
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            sys.exit(f"{method} {path}: {answer.status} {text[:300].decode(errors='replace')}")
        return json.loads(text)


def picked(rows, expected):
    """Of each row what is expected of it, by roll number: ids aside, and whatever else a server says more."""
    keys = expected[0] if expected else {}
    return sorted(({key: row.get(key) for key in keys} for row in rows), key=lambda row: row["rollNo"])


class School:
    """A server with the classes in it, and what is measured of either."""

    def __init__(self, options, folder, name, port, token, room, class_ids, session_ids, entries=None):
        self.options, self.folder, self.name, self.port, self.token = options, folder, name, port, token
        self.ask = Wire(port, token)
        self.classes, self.class_ids, self.session_ids = [one.copy() for one in room.classes], class_ids, session_ids
        # How many entries the ledger has, where there is one.
        self.entries = entries
        self.acknowledged = 0
        small = list(enumerate(self.classes[:-1]))
        self.one, self.twenty = folder / "one", folder / "twenty"
        self.one.write_text("".join(f"{class_ids[number]}&from={day}&to={day}\n" for number, own in small for day in own.marks))
        self.twenty.write_text(
            "".join(f"{class_ids[number]}&from={min(own.marks)}&to={max(own.marks)}\n" for number, own in small))
        self.check()
        self.first_entries = entries() if entries else None

    def check(self):
        """Rosters, sessions with their marks, and statistics are what they have to be. A server that answers something else would
        be measured for nothing."""
        listed = {one["id"]: one for one in self.ask("GET", "/classes")}
        self.compare("the classes", len(listed), len(self.classes))
        for number, own in enumerate(self.classes):
            name, path = own.code, self.class_ids[number]
            self.compare(f"{name}'s roster", picked(listed[path]["students"], own.roster), own.roster)
            days = sorted(own.marks)
            expected = own.sessions
            found = [
                {"sessionDate": session["sessionDate"], "statuses": picked(session["statuses"], expected[0]["statuses"])}
                for session in self.ask("GET", f"/attendance/sessions?classId={path}&from={days[0]}&to={days[-1]}")]
            self.compare(f"{name}'s sessions", found, expected)
            found = self.ask("GET", f"/stats/classes/{path}/students")
            self.compare(f"{name}'s statistics", picked(found, own.statistics), own.statistics)
        first = self.classes[0]
        day, expected = min(first.marks), first.statuses(min(first.marks))
        # No update at all is a way to read the marks (contract 4.7).
        found = self.ask("PUT", f"/attendance/sessions/{self.session_ids[0, day]}/statuses", {"updates": []})["statuses"]
        self.compare("the answer to marking", picked(found, expected), expected)

    def compare(self, what, found, expected):
        if found == expected:
            return
        if isinstance(found, list) and len(found) == len(expected):
            found, expected = next((pair for pair in zip(found, expected) if pair[0] != pair[1]))
        sys.exit(f"{self.name}: {what}: {str(found)[:600]}, expected was {str(expected)[:600]}")

    # MARK: Measuring

    def load(self, mode, *arguments, seconds=None, connections=CONNECTIONS):
        result = tool(self.options, "load", mode, self.port, self.token(), connections, seconds or self.options.seconds, *arguments)
        if result["refused"]:
            sys.exit(f"{self.name}: {result['refused']} of {result['requests']} requests were refused")
        return result

    def told(self, what, result):
        note(f"{what}, {self.name}: {result['requests_per_second']:,.1f}/s, p50 {result['p50_ms']} ms, p95 {result['p95_ms']} ms, "
             f"p99 {result['p99_ms']} ms")
        return result

    def list_one(self, seconds=None):
        return self.told("one session", self.load("get", "/attendance/sessions?classId=@", self.one, seconds=seconds))

    def list_twenty(self, seconds=None):
        return self.told("20 sessions", self.load("get", "/attendance/sessions?classId=@", self.twenty, seconds=seconds))

    def statistics(self, seconds=None, connections=CONNECTIONS):
        path = f"/stats/classes/{self.class_ids[-1]}/students"
        result = self.load("get", path, seconds=seconds, connections=connections)
        return self.told(f"statistics, {connections} connections", result)

    def statistics_alone(self, seconds=None):
        return self.statistics(seconds, connections=1)

    def mark(self, seconds=None):
        """Every request turns all 60 marks of a session. Each connection has a class of its own and goes round its sessions."""
        lines, sessions = [], []
        days = zip(*(sorted(own.marks) for own in self.classes[:CONNECTIONS]))
        for number, day in ((number, day) for of_one_round in days for number, day in enumerate(of_one_round)):
            line, marks = turns(self.classes[number], day, self.session_ids[number, day])
            lines.append(line)
            sessions.append((self.classes[number], day, marks))
        (self.folder / "turns").write_text("".join(lines))
        result = self.load("turns", self.folder / "turns", seconds=seconds)
        for (own, day, marks), times in zip(sessions, result["turns"]):
            if times:
                own.marks[day] = marks[(times - 1) % 2]
        self.acknowledged += result["accepted"]
        return self.told("marking", result)

    def check_marks(self):
        """Each acknowledged roll call is in the marks, in the statistics, and once in the ledger."""
        self.check()
        if self.entries:
            self.compare("roll calls in the ledger", self.entries() - self.first_entries, self.acknowledged)
        note(f"{self.name}: after {self.acknowledged:,} roll calls marks and statistics are what was acknowledged"
             + (", and the ledger has an entry for each" if self.entries else ""))


# MARK: FastAPI


@contextlib.contextmanager
def fastapi(options, room):
    """The reference on a PostgreSQL of its own, served by uvicorn with two workers."""
    python, secret = reference_python(options, REFERENCE), secrets.token_hex(32)
    with scratch(options) as folder, postgres(options) as url:
        environment = os.environ | {"DATABASE_URL": url, "JWT_SECRET": secret, "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run([str(python), "-m", "aims.models"], cwd=REFERENCE, env=environment, check=True)
        teacher, class_ids, session_ids = room.copy_into(url, folder, TEACHER)
        port = free_port()
        words = [
            python, "-m", "uvicorn", "--workers", "2", "--no-access-log", "--log-level", "warning", "--host", "127.0.0.1",
            "--port", port, "aims.main:app"]
        with running(words, folder / "uvicorn.log", lambda: Wire(port)("GET", "/health"), cwd=REFERENCE, env=environment):
            yield School(
                options, folder, "FastAPI", port, lambda: backend_token(secret, teacher), room, class_ids, session_ids)


# MARK: Muster


@contextlib.contextmanager
def muster(options, room, url=None):
    """Muster with the classes sent to it as the apps would, AIMS on a listener of its own."""
    secret, port = secrets.token_hex(32), free_port()
    with scratch(options) as folder, contextlib.ExitStack() as stack:
        provider = Provider(folder)
        stack.callback(provider.stop)
        server = stack.enter_context(serving(options, url, {
            "MUSTER_LISTEN_AIMS": f"127.0.0.1:{port}", "JWT_SECRET": secret, "GOOGLE_CLIENT_ID": CLIENT_ID,
            "MUSTER_OIDC_KEYS_URL": provider.url}))
        server.run("allow-email", "add", TEACHER, "--role", "teacher", "--name", "Asha Verma")
        teacher = Wire(port)("POST", "/auth/google", {"idToken": provider.token()})["user"]["id"]
        token = lambda: backend_token(secret, teacher)
        class_ids, session_ids = room.send(Wire(port, token))
        if url:
            settle(url)

        def entries():
            return int(re.match(r"(\d+) entries hold", server.run("verify")).group(1))

        name = "Muster on PostgreSQL" if url else "Muster on SQLite"
        yield School(options, folder, name, port, token, room, class_ids, session_ids, entries)


@contextlib.contextmanager
def muster_on_postgres(options, room):
    with postgres(options) as url, muster(options, room, url) as school:
        yield school


# MARK: The parts


MEASURES = ("list_one", "list_twenty", "mark", "statistics", "statistics_alone")


def measured(options, sides):
    """All figures of all sides, by measure and side: medians of the rounds. In turns, so that an hour of the machine is an hour
    for all."""
    room = Classroom(SEED)
    found = {measure: {side: [] for side in sides} for measure in MEASURES}
    with contextlib.ExitStack() as stack:
        schools = {side: stack.enter_context(opened(options, room)) for side, opened in sides.items()}
        for school in schools.values():
            # Every connection is open and everything compiled.
            for measure in MEASURES[:4]:
                getattr(school, measure)(seconds=1)
        for _ in range(options.rounds):
            for measure in MEASURES:
                for side, school in schools.items():
                    found[measure][side].append(getattr(school, measure)())
        for school in schools.values():
            school.check_marks()
    return {
        measure: {
            side: {key: statistics.median(run[key] for run in runs) for key in ("requests_per_second", "p50_ms", "p95_ms")}
            for side, runs in of_sides.items()}
        for measure, of_sides in found.items()}


def reference_classes(options, table):
    """The FastAPI program by itself: lists of sessions, marking, statistics."""
    for measure, of_sides in measured(options, {"FastAPI": fastapi}).items():
        table.add(f"{measure}, FastAPI", of_sides["FastAPI"]["requests_per_second"])
        table.add(f"{measure}, FastAPI, p95", of_sides["FastAPI"]["p95_ms"], unit="ms")


def classes(options, table):
    """Lists of sessions, marking and statistics against FastAPI on PostgreSQL."""
    found = measured(options, {"FastAPI": fastapi, "SQLite": muster, "PostgreSQL": muster_on_postgres})
    rate = {measure: {side: run["requests_per_second"] for side, run in of_sides.items()} for measure, of_sides in found.items()}
    marking = {"SQLite": 50, "PostgreSQL": 25}
    for side in marking:
        for what, measure in (("one session of 60 marks", "list_one"), ("20 sessions of 60 marks", "list_twenty")):
            table.add(f"{what}, {side}, against FastAPI", rate[measure][side], rate[measure]["FastAPI"], aim=25)
        table.add(f"marking 60 students, {side}, against FastAPI", rate["mark"][side], rate["mark"]["FastAPI"], aim=marking[side])
        for measure, how in (("statistics", f"{CONNECTIONS} connections"), ("statistics_alone", "one connection")):
            run = found[measure][side]
            aim = {"aim": 10, "smaller_is_better": True} if measure == "statistics" else {}
            table.add(f"statistics of 200 × 300, {side}, {how}, p50", run["p50_ms"], unit="ms")
            table.add(f"statistics of 200 × 300, {side}, {how}, p95", run["p95_ms"], unit="ms", **aim)
        table.add(f"statistics of 200 × 300, {side}, against FastAPI", rate["statistics"][side], rate["statistics"]["FastAPI"])
