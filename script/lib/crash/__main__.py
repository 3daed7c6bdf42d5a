"""script/crash: see there."""
import argparse, collections, datetime, http.client, json, os, pathlib, random, re, shutil, signal, subprocess, sys, tempfile
import time, urllib.request

from clock import Sheet
from ledger import CLEAR_ALL, CLEAR_STATION, RENAME, Ledger
from load import CLOCKS, Load, Tenant
from places import KEY, Broken, Forwarder, Postgres, Server, Skipped, SQLiteStore, Volume, wait_for

# What a client may have to wait at the longest. A server that vanished without a word is noticed by the limit of a
# statement and its grace (PostgresLimits.statementSecondsMax, graceSeconds: 40 s), then by that of connecting (5 s).
WAIT_SECONDS_MAX = 60
# How soon scans and punches are taken again once what was broken works again: the longest pause between attempts to connect
# (PostgresLimits.pauseMillisecondsMax) and an attempt that hangs.
RECOVERY_SECONDS_MAX = 20
# Of the times that the wire is silent one in so many is long.
LONG_STALL_EVERY = 10
# Beyond the first ten rounds one in so many ends with a rebuild.
REBUILD_EVERY = 5
# What a punch clock shows of everybody.
ENTRIES, SESSIONS = "/api/timetracking/entries/", "/api/timetracking/sessions/"
MOMENT_OF_SHOWING = re.compile(rb'timestamp":"[^"]*"')


class Figures:
    """What one part on one engine came to."""

    def __init__(self, part, engine):
        self.part, self.engine = part, engine
        self.rounds = self.saved = self.punched = self.refused = self.unanswered = self.reads = self.lost = self.doubled = 0
        self.longest, self.recovery, self.broken = 0.0, 0.0, []
        self.skipped = None


class Scene:
    """One store, its server or servers, its clients, and everything that was ever promised on it."""

    def __init__(self, figures, options, folder, database=None, wire=None, server_count=1, data=None):
        self.figures, self.options, self.folder, self.database, self.wire = figures, options, folder, database, wire
        url = None
        if database:
            url = database.url if wire is None else database.url.replace(f":{database.port}/", f":{wire.port}/")
        data = data or folder / "muster-data"
        self.store = database or SQLiteStore(data / "muster.sqlite")
        self.servers = [Server(options.muster, folder, url, f"server{number + 1}") for number in range(server_count)]
        self.luck = random.Random(f"{options.seed}-{figures.part}-{figures.engine}")
        self.number = 0

    @property
    def is_last(self):
        return self.number >= self.options.rounds

    def begin(self):
        self.servers[0].start()
        code, text = self.servers[0].command("tenant", "create", "north")
        if code != 0:
            raise Broken(text)
        code, text = self.servers[0].command("key", "create", "--tenant", "north", "--label", "Crash")
        key = next((line for line in text.splitlines() if line.startswith("muster_")), None)
        if code != 0 or key is None:
            raise Broken(text)
        self.tenants = [Tenant("default", KEY, "", has_gates=True), Tenant("north", key, "/t/north", has_gates=False)]
        numbers = {name: int(number) for number, name in self.store.rows("SELECT tenant_id, name FROM tenant")}
        self.ledgers = [Ledger(self.store, numbers[tenant.name]) for tenant in self.tenants]
        for tenant, count in zip(self.tenants, (CLOCKS * 3 // 4, CLOCKS // 4)):
            code, text = self.servers[0].command(
                "admin", "create", "--for", "timetracker", "--tenant", tenant.name, "--email", tenant.email, "--password",
                tenant.password)
            if code != 0:
                raise Broken(text)
            tenant.open_clocks(self.servers[0], count)
        for server in self.servers[1:]:
            server.start()

    def load(self):
        self.number += 1
        load = Load(self.tenants, self.servers, f"{self.options.seed}-{self.figures.part}-{self.number}")
        load.start()
        return load

    def flows(self, load, seconds=RECOVERY_SECONDS_MAX, since=None):
        """Waits until a scan is saved and a punch taken from now on; how long that took."""
        began = since or time.monotonic()
        try:
            wait_for("a scan to be saved and a punch to be taken",
                     lambda: min(load.latest_saved_at, load.latest_punched_at) > began, seconds)
        except Broken as broken:
            self.broken(str(broken))
        took = time.monotonic() - began
        self.figures.recovery = max(self.figures.recovery, took)
        return took

    def broken(self, text):
        self.figures.broken.append(f"round {self.number}: {text}")
        print(f"  BROKEN  {text}", flush=True)

    def end_load(self, load, is_quiet=False):
        """Takes what the clients saw into the figures. Without a kill nobody may be left without an answer."""
        load.stop()
        figures = self.figures
        figures.saved += load.saved
        figures.punched += load.punched
        figures.refused += load.refused
        figures.unanswered += load.unanswered
        figures.reads += load.reads
        figures.longest = max(figures.longest, load.longest)
        for flaw in load.flaws:
            self.broken(flaw)
        if load.longest > WAIT_SECONDS_MAX:
            self.broken(f"{load.longest_of} took {load.longest:.1f} s")
        if is_quiet and load.unanswered:
            self.broken(f"{load.unanswered} requests without an answer")

    def picture(self, server, tenant):
        """What is folded from the ledger, as it is shown, without the moment of showing it."""
        shown = {}
        for path in ("/v1/dashboard/stats", "/v1/dashboard/export", "/v1/dashboard/public/stats", "/v1/stations/status"):
            answer = self._read(server, tenant, path, {"Authorization": f"Bearer {tenant.key}"})
            shown[path] = MOMENT_OF_SHOWING.sub(b'timestamp":""', answer)
        # Sessions of today may have open time, which counts up to the moment of showing it.
        past = datetime.date.today() - datetime.timedelta(2)
        for path in (ENTRIES, f"{SESSIONS}?end_date={past}"):
            shown[path] = self._read(server, tenant, path)
        return shown

    def _read(self, server, tenant, path, headers={}):
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}{tenant.path}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read()

    def check(self, rebuilding=True):
        """Every promise that can be checked while nothing is under way. To rebuild takes space on the disk."""
        server = self.servers[0]
        # What is shown is compared with the ledger in every round; a rebuild of a large ledger takes longer than a round.
        rebuilding = rebuilding and (self.number <= 10 or self.number % REBUILD_EVERY == 0 or self.is_last)
        for tenant, ledger in zip(self.tenants, self.ledgers):
            ledger.read_on()
            self._check_ledger(tenant, ledger)
            self._check_clocks(server, tenant)
            before = self.picture(server, tenant)
            stats, export = (json.loads(before[path]) for path in ("/v1/dashboard/stats", "/v1/dashboard/export"))
            for difference in ledger.differences(stats, export):
                self.broken(f"{tenant.name}: {difference}")
            for command in ("verify", "rebuild") if rebuilding else ("verify",):
                code, text = server.command(command, "--tenant", tenant.name)
                if code != 0:
                    self.broken(f"{tenant.name}: muster {command}: {text.strip()[-300:]}")
            if rebuilding and self.picture(server, tenant) != before:
                self.broken(f"{tenant.name}: a rebuild changes what is shown")
            if rebuilding:
                self._check_clocks(server, tenant)

    def _check_ledger(self, tenant, ledger):
        for flaw in ledger.flaws:
            self.broken(f"{tenant.name}: {flaw}")
        ledger.flaws = []
        for reference in ledger.doubled[:5]:
            self.broken(f"{tenant.name}: {reference} counts twice")
        self.figures.doubled += len(ledger.doubled)
        ledger.doubled = []
        lost = (tenant.acknowledged - ledger.entered.keys()) | (tenant.lasting - ledger.live.keys())
        for reference in sorted(lost)[:5]:
            self.broken(f"{tenant.name}: {reference} was acknowledged and is not there")
        self.figures.lost += len(lost)
        tenant.acknowledged -= lost
        tenant.lasting -= lost
        for batch in tenant.pending + tenant.given_up:
            there = sum(1 for key in batch.keys if key in ledger.entered)
            if there not in (0, len(batch.keys)):
                self.broken(f"{tenant.name}: {there} scans of a batch of {len(batch.keys)} are there")
        tenant.given_up = []
        for name, kind in (("clear all", CLEAR_ALL), ("clear", CLEAR_STATION), ("rename", RENAME)):
            # One that changed nothing may have left an entry all the same.
            if ledger.acts[kind] < tenant.acts[name]:
                self.broken(f"{tenant.name}: {tenant.acts[name]} times {name} was acknowledged, {ledger.acts[kind]} are there")
        for epoch in set(tenant.epochs):
            if ledger.epochs[epoch] != 1 or tenant.epochs.count(epoch) != 1:
                self.broken(f"{tenant.name}: the epoch {epoch} is there {ledger.epochs[epoch]} times")
        tenant.epochs = []

    def _check_clocks(self, server, tenant):
        """What each employee was told is there once, and their days are what a second calculation makes of them."""
        entries, sessions = collections.defaultdict(list), collections.defaultdict(list)
        for path, by_employee in ((ENTRIES, entries), (SESSIONS, sessions)):
            for row in json.loads(self._read(server, tenant, path)):
                by_employee[row["employee"]].append(row)
        for employee in (employee for clock in tenant.clocks for employee in clock.employees):
            sheet = Sheet(employee, entries[employee.id])
            for punch in sheet.lost[:5]:
                self.broken(f"{tenant.name}: {employee.code} {punch.kind} {punch.at} was acknowledged and is not there")
            for kind, at in sheet.doubled[:5]:
                self.broken(f"{tenant.name}: {employee.code} {kind} {at} is there twice")
            self.figures.lost += len(sheet.lost)
            self.figures.doubled += len(sheet.doubled)
            employee.taken = [punch for punch in employee.taken if punch not in sheet.lost]
            status = json.loads(self._read(server, tenant, f"/api/timetracking/status/{employee.id}/"))
            for flaw in (sheet.flaws + sheet.differences(sessions[employee.id], status))[:5]:
                self.broken(f"{tenant.name}: {flaw}")

    def line(self, what, load, more=""):
        self.figures.rounds += 1
        print(f"  {self.number:3}  {what:34} {load.saved:6} saved  {load.punched:5} punched  {load.refused:5} refused  "
              f"{load.unanswered:4} cut  longest {load.longest:5.2f} s{more}", flush=True)

    def end(self):
        for server in self.servers:
            if not server.is_running():
                self.broken(f"{server.name} is not running: {server.errors.read_text()[-600:]}")
            server.stop()
            text = server.errors.read_text()
            for trouble in ("Fatal error", "\"level\":\"error\""):
                if trouble in text:
                    self.broken(f"{server.name} wrote {text[text.index(trouble):][:300]}")

    def abandon(self):
        for server in self.servers:
            if server.is_running():
                server.kill()


# kill

def kill(scene, rounds):
    luck, server = scene.luck, scene.servers[0]
    for _ in range(rounds):
        load = scene.load()
        time.sleep(luck.uniform(0.02, 0.5))
        what = "killed"
        rebuild = None
        if luck.random() < 0.15:
            what, rebuild = "killed while rebuilding", server.begin_command("rebuild")
            time.sleep(luck.uniform(0.01, 0.1))
        server.kill()
        if rebuild:
            rebuild.kill()
            rebuild.communicate()
        scene.end_load(load)
        while luck.random() < 0.25:
            what += ", again while starting"
            server.begin()
            time.sleep(luck.uniform(0.0, 0.08))
            server.kill()
        server.start()
        scene.check()
        scene.line(what, load)


# postgres

def cut_backends(scene):
    scene.database.terminate_backends()
    return lambda: None


def kill_backend(scene):
    # PostgreSQL ends all sessions and recovers as after a crash: one of them may have left shared memory half written.
    backends = scene.database.backends()
    if backends:
        os.kill(scene.luck.choice(backends), signal.SIGKILL)
    return lambda: None


def crash_postgres(scene):
    scene.database.signal(signal.SIGKILL)
    return scene.database.again


def stop_fast(scene):
    scene.database.signal(signal.SIGINT)
    return scene.database.again


def stop_immediately(scene):
    scene.database.signal(signal.SIGQUIT)
    return scene.database.again


def restart(scene):
    scene.database.again()
    return lambda: None


def wire(mode):
    def cut(scene):
        scene.wire.set(mode)
        return lambda: scene.wire.set("pass")
    return cut


def cut_wire_once(mode):
    def cut(scene):
        scene.wire.cut_once(mode)
        return lambda: None
    return cut


TROUBLES = [
    ("sessions ended", cut_backends), ("a session killed", kill_backend), ("PostgreSQL killed", crash_postgres),
    ("PostgreSQL stopped fast", stop_fast), ("PostgreSQL stopped at once", stop_immediately),
    ("PostgreSQL restarted", restart), ("connections ended", cut_wire_once("drop")),
    ("connections reset", cut_wire_once("reset")), ("the wire cut", wire("drop")), ("the wire cut with resets", wire("reset")),
    ("the wire silent", wire("stall")),
]


def postgres(scene, rounds):
    luck = scene.luck
    for number in range(rounds):
        what, trouble = TROUBLES[number % len(TROUBLES)]
        away = luck.uniform(0.0, 3.0)
        if what == "the wire silent" and number // len(TROUBLES) % LONG_STALL_EVERY == 0:
            # So long that the server has to give up by itself, then the attempt to connect too.
            what, away = "the wire silent for long", 55.0
        load = scene.load()
        scene.flows(load)
        time.sleep(luck.uniform(0.0, 0.3))
        mend = trouble(scene)
        began = time.monotonic()
        time.sleep(away)
        mend()
        mended = time.monotonic()
        took = scene.flows(load, since=mended)
        time.sleep(0.1)
        scene.end_load(load, is_quiet=True)
        scene.check()
        scene.line(what, load, f"  away {mended - began:4.1f} s, back after {took:4.2f} s")


# disk

def disk(scene, rounds, volume, revive=None):
    for _ in range(rounds):
        load = scene.load()
        scene.flows(load)
        time.sleep(scene.luck.uniform(0.0, 0.3))
        volume.fill()
        filled = time.monotonic()
        # Space that the store has already is used first: PostgreSQL has log files in store.
        while load.latest_refused_at < filled and time.monotonic() < filled + 60:
            volume.fill()
            time.sleep(0.05)
        if load.latest_refused_at < filled:
            scene.broken("nothing was refused on a full disk")
        refused = time.monotonic()
        # Reading needs no space on SQLite.
        if scene.database is None:
            try:
                wait_for("an answer to a reader on a full disk", lambda: load.latest_read_at > refused, 20)
            except Broken as broken:
                scene.broken(str(broken))
        time.sleep(scene.luck.uniform(0.0, 2.0))
        volume.free()
        if revive:
            revive()
        freed = time.monotonic()
        took = scene.flows(load, since=freed)
        time.sleep(0.1)
        scene.end_load(load, is_quiet=True)
        scene.check()
        scene.line("disk full", load, f"  full after {refused - filled:4.1f} s, back after {took:4.2f} s")


def small_disk(scene, volume):
    """A volume that the log alone could fill, without ballast: what the store itself has written is all that is there."""
    load = scene.load()
    wait_for("the small volume to be full", lambda: load.refused > 100)
    scene.end_load(load, is_quiet=True)
    size, kept = volume.size_bytes(), scene.store.file.stat().st_size
    if kept < size / 2:
        scene.broken(f"of {size >> 10} KiB only {kept >> 10} KiB hold scans")
    scene.check(rebuilding=False)
    scene.line("small volume", load, f"  {kept >> 10} of {size >> 10} KiB hold scans")
    load = scene.load()
    volume.grow(64)
    took = scene.flows(load)
    scene.end_load(load, is_quiet=True)
    scene.check()
    scene.line("small volume grown", load, f"  back after {took:4.2f} s")


# two

def two(scene, rounds):
    luck = scene.luck
    for _ in range(rounds):
        load = scene.load()
        scene.flows(load)
        verify = scene.servers[0].begin_command("verify")
        time.sleep(luck.uniform(0.0, 0.4))
        killed = luck.choice(scene.servers)
        killed.kill()
        time.sleep(luck.uniform(0.0, 0.3))
        killed.start()
        scene.flows(load)
        other = scene.servers[0].begin_command("verify", "--tenant", "north")
        for process in (verify, other):
            text = "".join(process.communicate(timeout=120))
            if process.returncode != 0:
                scene.broken(f"muster verify beside the load: {text.strip()[-300:]}")
        scene.end_load(load)
        scene.check()
        pictures = [scene.picture(server, scene.tenants[0]) for server in scene.servers]
        if pictures[0] != pictures[1]:
            scene.broken("the two servers show different things")
        scene.line(f"{killed.name} killed", load)


# Setting up

def play(part, engine, options, body):
    """Runs a part in a folder of its own and gives its figures; whatever happens, nothing is left running."""
    figures = Figures(part, engine)
    print(f"{part} on {engine}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-crash-"))
    # PostgreSQL runs as a user of its own and has to get through.
    folder.chmod(0o711)
    last = []
    try:
        body(figures, folder, last)
    except Skipped as reason:
        figures.skipped = str(reason)
        print(f"  skipped: {reason}", flush=True)
    except (Broken, OSError, http.client.HTTPException, subprocess.SubprocessError) as broken:
        figures.broken.append(str(broken))
        print(f"  BROKEN  {broken}", flush=True)
    finally:
        for undo in reversed(last):
            undo()
        if figures.broken or options.keep:
            print(f"  kept: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return figures


def run(scene, last, body):
    last.append(scene.abandon)
    scene.begin()
    body(scene)
    scene.end()


def started_postgres(folder, last):
    database = Postgres(folder)
    last.append(database.remove)
    database.start()
    return database


def play_kill(options, engine):
    def body(figures, folder, last):
        database = started_postgres(folder / "postgres", last) if engine == "postgres" else None
        scene = Scene(figures, options, folder, database)
        run(scene, last, lambda scene: kill(scene, options.rounds))
    return play("kill", engine, options, body)


def play_postgres(options):
    def body(figures, folder, last):
        database = started_postgres(folder / "postgres", last)
        forwarder = Forwarder(database.port)
        last.append(forwarder.close)
        scene = Scene(figures, options, folder, database, forwarder)
        run(scene, last, lambda scene: postgres(scene, options.rounds))
    return play("postgres", "postgres", options, body)


def play_disk_sqlite(options):
    def body(figures, folder, last):
        volume = Volume(folder / "muster-data", 512)
        last.append(volume.remove)
        scene = Scene(figures, options, folder)
        run(scene, last, lambda scene: disk(scene, options.rounds, volume))
    return play("disk", "sqlite", options, body)


def play_disk_small(options):
    def body(figures, folder, last):
        volume = Volume(folder / "muster-data", 8)
        last.append(volume.remove)
        scene = Scene(figures, options, folder)
        run(scene, last, lambda scene: small_disk(scene, volume))
    return play("disk small", "sqlite", options, body)


def play_disk_postgres(options, with_log_apart):
    """All of PostgreSQL's data on one volume, or only its log, without which it panics."""
    def body(figures, folder, last):
        place = folder / "postgres"
        if not with_log_apart:
            volume = Volume(place, 1024, mode="0755")
            last.append(volume.remove)
        database = started_postgres(place, last)
        if with_log_apart:
            database.signal(signal.SIGINT)
            volume = Volume(folder / "log", 96, mode="0700")
            last.append(volume.remove)
            # It has to be gone before the volume goes.
            last.append(database.remove)
            database.move_log(volume.folder)
            database.again()
        scene = Scene(figures, options, folder, database)

        def revive():
            # Where recovery finds no space for the log either, PostgreSQL ends for good, and its operator starts it.
            if not database.is_alive():
                database.again()
        run(scene, last, lambda scene: disk(scene, options.rounds, volume, revive))
        panics = (place / "server.log").read_text(errors="replace").count("PANIC:")
        print(f"  PostgreSQL panicked {panics} times", flush=True)
        if with_log_apart and panics == 0:
            scene.broken("the log was never so full that PostgreSQL panicked, so nothing was shown")
    return play("disk log" if with_log_apart else "disk", "postgres", options, body)


def play_two(options):
    def body(figures, folder, last):
        database = started_postgres(folder / "postgres", last)
        scene = Scene(figures, options, folder, database, server_count=2)
        run(scene, last, lambda scene: two(scene, options.rounds))
    return play("two", "postgres", options, body)


def main():
    parser = argparse.ArgumentParser(prog="script/crash", description="Breaks what Muster stands on and checks its promises.")
    parser.add_argument("part", nargs="?", choices=["kill", "postgres", "disk", "two"], help="every part where left out")
    parser.add_argument("--engine", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--muster", required=True, type=os.path.abspath)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    # Ended from outside it cleans up all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {options.seed}, {options.rounds} rounds", flush=True)

    has = lambda part, engine: options.part in (None, part) and options.engine in (engine, "both")
    plays = [
        (has("kill", "sqlite"), lambda: play_kill(options, "sqlite")),
        (has("kill", "postgres"), lambda: play_kill(options, "postgres")),
        (has("postgres", "postgres"), lambda: play_postgres(options)),
        (has("disk", "sqlite"), lambda: play_disk_sqlite(options)),
        (has("disk", "sqlite"), lambda: play_disk_small(options)),
        (has("disk", "postgres"), lambda: play_disk_postgres(options, with_log_apart=False)),
        (has("disk", "postgres"), lambda: play_disk_postgres(options, with_log_apart=True)),
        (has("two", "postgres"), lambda: play_two(options)),
    ]
    if not any(is_wanted for is_wanted, _ in plays):
        parser.error(f"{options.part} needs PostgreSQL")
    all_figures = [play() for is_wanted, play in plays if is_wanted]
    print(f"\n{'part':12}{'engine':10}{'rounds':>7}{'saved':>9}{'punched':>9}{'lost':>6}{'doubled':>9}{'refused':>9}"
          f"{'cut':>7}{'longest':>10}{'back':>9}  broken")
    for figures in all_figures:
        print(f"{figures.part:12}{figures.engine:10}{figures.rounds:>7}{figures.saved:>9}{figures.punched:>9}"
              f"{figures.lost:>6}{figures.doubled:>9}{figures.refused:>9}{figures.unanswered:>7}{figures.longest:>8.2f} s"
              f"{figures.recovery:>7.2f} s  {len(figures.broken)}{'  skipped: ' + figures.skipped if figures.skipped else ''}")
    return 1 if any(figures.broken for figures in all_figures) else 0


sys.exit(main())
