"""Kiosks and punch clocks that send as fast as they are answered, and a record of what each was told."""
import collections, http.client, json, random, threading, time, urllib.parse

from clock import Clock, Employee
from places import Broken

CLIENTS = 16
# So many punch clocks, a client each; and the employees of each: so many who punch on past days, and so many who punch now.
CLOCKS, PAST, TODAY = 8, 2, 2
# Longer than the server may ever take, so that a wait is measured and not cut short.
PATIENCE_SECONDS = 180
SAMPLES_MAX = 5_000
UNITS = [f"Unit {number}" for number in range(12)]
# Never cleared, so that what was acknowledged there counts for ever; and those that are cleared and renamed all the time.
GATES = [f"Gate {number}" for number in range(16)]
SIDES = [f"Side {number}" for number in range(4)]


class Batch:
    """New scans that one client makes, and sends again as they are until it is told that they are saved."""

    def __init__(self, events, is_shared):
        self.events, self.is_shared = events, is_shared
        self.keys = list(dict.fromkeys(event["idempotency_key"] for event in events))
        self.tries = 0


class Tenant:
    """A tenant's clients, and what they know together."""

    def __init__(self, name, key, path, has_gates):
        self.name, self.key, self.path, self.has_gates = name, key, path, has_gates
        self.lock = threading.Lock()
        self.serial = 0
        # A batch whose fate is unknown; one of its keys is there only if all are.
        self.pending = []
        # The same, where it cannot be sent again because a clear may have come between.
        self.given_up = []
        # Batches on their way at this moment, for another client to send too.
        self.shared = []
        # Keys of everything acknowledged; those of them that no clear touches; and some of these scans to send once more.
        self.acknowledged, self.lasting, self.samples = set(), set(), []
        self.acts = collections.Counter()
        self.acts_unknown = collections.Counter()
        self.epochs = []
        # The punch clocks, each one client's; and what an admin of theirs signs in with.
        self.clocks = []
        self.email, self.password = f"chief@{name}.example", "Correct-Horse-42"

    def open_clocks(self, server, count):
        """Opens the employees, over the wire and as an admin does. Nothing may go wrong yet."""
        setting_up = Load([self], [server], "")

        def ask(path, body, headers=None, expected=(200,)):
            answer = setting_up.exchange(self, server, "POST", path, body, headers, expected)
            if answer is None:
                raise Broken(f"{path}: {setting_up.flaws}")
            return answer[1]

        access = ask("/api/auth/login/", {"email": self.email, "password": self.password})["access"]
        token = {"Authorization": f"Bearer {access}"}
        for number in range(count):
            employees = []
            for is_today in [False] * PAST + [True] * TODAY:
                code = f"P-{number}-{len(employees)}"
                profile = {"name": f"Name {code}", "employee_id": code, "email": f"{code}@corp.example",
                           "department": "Packing", "position": "Packer"}
                employees.append(Employee(ask("/api/employees/", profile, token, (201,))["id"], code, is_today))
            self.clocks.append(Clock(employees))


class Load:
    """Everything that is sent in one round."""

    def __init__(self, tenants, servers, seed):
        self.tenants, self.servers, self.seed = tenants, servers, seed
        self.is_stopped = threading.Event()
        self.lock = threading.Lock()
        self.saved = self.punched = self.answered = self.refused = self.unanswered = self.reads = 0
        self.longest, self.longest_of = 0.0, ""
        self.latest_saved_at = self.latest_punched_at = self.latest_refused_at = self.latest_read_at = 0.0
        self.flaws = []
        self.threads = []

    def start(self):
        for number in range(CLIENTS):
            # One of four clients belongs to the tenant whose scans are all cleared now and then.
            self._begin(number, self.tenants[1] if number % 4 == 3 else self.tenants[0], self._turn)
        for tenant in self.tenants:
            for number, clock in enumerate(tenant.clocks):
                self._begin(
                    f"clock-{tenant.name}-{number}", tenant,
                    lambda luck, tenant, server, clock=clock: clock.turn(self, luck, tenant, server))

    def _begin(self, name, tenant, turn):
        thread = threading.Thread(target=self._run, args=(name, tenant, turn), daemon=True)
        thread.start()
        self.threads.append(thread)

    def stop(self):
        self.is_stopped.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS + 30)

    def flaw(self, text):
        with self.lock:
            if len(self.flaws) < 20:
                self.flaws.append(text)

    def note_punch(self):
        with self.lock:
            self.punched += 1
            self.latest_punched_at = time.monotonic()

    # One client

    def _run(self, name, tenant, turn):
        luck = random.Random(f"{self.seed}-{name}")
        while not self.is_stopped.is_set():
            # With two servers each request goes to either.
            server = luck.choice(self.servers)
            try:
                turn(luck, tenant, server)
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.unanswered += 1
                # A kiosk that finds nobody does not ask a thousand times a second either.
                time.sleep(0.01)

    def _turn(self, luck, tenant, server):
        throw = luck.random()
        if throw < 0.02:
            self._act(luck, tenant, server)
        elif throw < 0.05:
            self._read(luck, tenant, server)
        else:
            self._upload(luck, tenant, server)

    def _ask(self, tenant, server, method, path, body=None, headers=None):
        """One request of a kiosk, with the tenant's key: what was answered, or nothing where it was refused."""
        answer = self.exchange(
            tenant, server, method, path, body, {"Authorization": f"Bearer {tenant.key}", **(headers or {})})
        return answer and answer[1]

    def exchange(self, tenant, server, method, path, body=None, headers=None, expected=(200,)):
        """One request on a connection of its own: its status and what came back, nothing where the server cannot serve now,
        or an error where nothing came."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
        try:
            fields = dict(headers or {})
            if body is not None:
                fields["Content-Type"] = "application/json"
                body = json.dumps(body)
            connection.request(method, tenant.path + path, body, fields)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
            took = time.monotonic() - began
            with self.lock:
                if took > self.longest:
                    self.longest, self.longest_of = took, f"{method} {path.split('?')[0]}"
        with self.lock:
            self.answered += 1
            if answer.status == 503:
                self.refused += 1
                self.latest_refused_at = time.monotonic()
        if answer.status == 503:
            if not (answer.getheader("Retry-After") or "").isdigit():
                self.flaw(f"{method} {path}: 503 without Retry-After")
            time.sleep(0.005)
            return None
        if answer.status not in expected:
            self.flaw(f"{method} {path}: {answer.status} {text[:200]!r}")
            return None
        try:
            return answer.status, json.loads(text)
        except ValueError:
            self.flaw(f"{method} {path}: no JSON in {text[:100]!r}")
            return None

    def _fresh(self, luck, tenant):
        # Small ones more often than large ones.
        count = int(1 + 99 * luck.random() ** 3)
        with tenant.lock:
            serial = tenant.serial
            tenant.serial += count
        stations = GATES if tenant.has_gates and luck.random() < 0.85 else SIDES
        station = luck.choice(stations)
        events = []
        for number in range(serial, serial + count):
            second = number % 86_400
            clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            badge = luck.randrange(20_000)
            events.append({
                "idempotency_key": f"{station.replace(' ', '')}-{clock.replace(':', '')}-{number}",
                "badge_id": f"{badge:06d}", "station_name": station,
                "scanned_at": f"2026-02-12T{clock}.{number % 1000:03d}Z", "business_unit": UNITS[badge % len(UNITS)],
                "scan_source": luck.choice(["badge", "badge", "manual", "lookup"]),
                "meta": {"matched": badge % 2 == 0, "legacy_id": str(badge), "full_name": f"Person {badge}"}})
        # Another client may send those of the gates at the same time. At the sides a clear could come between.
        return Batch(events, is_shared=stations is GATES and luck.random() < 0.15)

    def _upload(self, luck, tenant, server):
        batch, is_new = None, False
        with tenant.lock:
            if tenant.shared and luck.random() < 0.5:
                batch = tenant.shared.pop()
            elif tenant.pending and luck.random() < 0.5:
                batch = tenant.pending.pop(luck.randrange(len(tenant.pending)))
        if batch is None:
            batch, is_new = self._fresh(luck, tenant), True
            if batch.is_shared:
                with tenant.lock:
                    tenant.shared.append(batch)
        events = list(batch.events)
        repeated = []
        if batch.events[0]["station_name"] in GATES:
            with tenant.lock:
                if tenant.samples and luck.random() < 0.2:
                    repeated = luck.choices(tenant.samples, k=luck.randint(1, 10))
            if luck.random() < 0.1:
                repeated.append(luck.choice(batch.events))
            events += repeated
            luck.shuffle(events)
        batch.tries += 1
        is_first = is_new and not batch.is_shared
        try:
            answer = self._ask(tenant, server, "POST", "/v1/scans/batch", {"events": events})
        except BaseException:
            with tenant.lock:
                self._unknown(tenant, batch)
            raise
        if answer is None:
            with tenant.lock:
                self._unknown(tenant, batch)
            return
        saved, duplicates = answer.get("saved"), answer.get("duplicates")
        # What nobody ever sent before is new, and what was acknowledged before is not.
        least = len(batch.keys) if is_first else 0
        if answer.get("errors") != 0 or saved + duplicates != len(events) or not least <= saved <= len(batch.keys):
            self.flaw(f"{len(events)} scans, {len(batch.keys)} of them {'new' if is_first else 'perhaps new'}: {answer}")
        with tenant.lock:
            tenant.acknowledged.update(batch.keys)
            if batch.events[0]["station_name"] in GATES:
                tenant.lasting.update(batch.keys)
                if len(tenant.samples) < SAMPLES_MAX:
                    tenant.samples += batch.events
                else:
                    tenant.samples[luck.randrange(len(tenant.samples))] = luck.choice(batch.events)
        with self.lock:
            self.saved += saved
            self.latest_saved_at = time.monotonic()

    @staticmethod
    def _unknown(tenant, batch):
        # A scan of the sides that was stored and cleared would be stored again, and rightly.
        known = tenant.pending if batch.events[0]["station_name"] in GATES else tenant.given_up
        if batch not in known:
            known.append(batch)

    def _act(self, luck, tenant, server):
        throw = luck.random()
        confirm = {"X-Confirm-Delete": "DELETE STATION SCANS"}
        if not tenant.has_gates and throw < 0.3:
            act, request = "clear all", ("DELETE", "/v1/admin/clear-scans", None, {"X-Confirm-Delete": "DELETE ALL SCANS"})
        elif throw < 0.6:
            station = urllib.parse.quote(luck.choice(SIDES))
            act, request = "clear", ("DELETE", f"/v1/admin/clear-station?station={station}", None, confirm)
        else:
            names = luck.sample(GATES if tenant.has_gates and luck.random() < 0.3 else SIDES, 2)
            act, request = "rename", ("PUT", "/v1/stations/rename", {"old_name": names[0], "new_name": names[1]}, None)
        try:
            answer = self._ask(tenant, server, *request)
        except BaseException:
            with tenant.lock:
                tenant.acts_unknown[act] += 1
            raise
        with tenant.lock:
            if answer is None:
                tenant.acts_unknown[act] += 1
            elif act == "clear all":
                tenant.epochs.append(answer["clear_epoch"])
                tenant.acts[act] += 1
            elif answer.get("deleted", 0) > 0 or answer.get("scans_updated", 0) > 0:
                # One that finds nothing to change need not leave an entry.
                tenant.acts[act] += 1

    def _read(self, luck, tenant, server):
        if self._ask(tenant, server, "GET", luck.choice(["/v1/dashboard/stats", "/v1/dashboard/export?limit=50"])) is not None:
            with self.lock:
                self.reads += 1
                self.latest_read_at = time.monotonic()
