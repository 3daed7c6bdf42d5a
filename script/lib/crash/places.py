"""What a round breaks: the server, PostgreSQL, the way between them, and the disk."""
import csv, io, os, pathlib, select, shutil, socket, sqlite3, struct, subprocess, threading, time

LIBRARY = pathlib.Path(__file__).resolve().parent.parent
KEY = "ta-example-key-0123456789abcdef"


class Broken(Exception):
    """Something that has to work for a round to go on did not."""


class Skipped(Exception):
    """A part cannot run here, and why."""


def wait_for(what, look, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Broken(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


class Server:
    """`muster serve` over one store, started and killed at will."""

    def __init__(self, program, folder, database_url=None, name="server"):
        self.program, self.folder, self.database_url, self.name = program, folder, database_url, name
        self.process, self.port, self.starts = None, None, 0

    def environment(self):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("MUSTER_") and name not in ("DATABASE_URL", "API_KEY", "HOST", "PORT")}
        clean.update(API_KEY=KEY, RATE_LIMIT_MAX="0", PUBLIC_RATE_LIMIT_MAX="0", MUSTER_LOG="warning")
        if self.database_url:
            clean["DATABASE_URL"] = self.database_url
        return clean

    def begin(self):
        """Starts the process and does not wait for it."""
        self.starts += 1
        self.greeting = self.folder / f"{self.name}-{self.starts}.out"
        self.errors = self.folder / f"{self.name}-{self.starts}.err"
        with open(self.greeting, "wb") as out, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [self.program, "serve", "--listen", f"127.0.0.1:{self.port or 0}"],
                cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=errors)

    def start(self):
        self.begin()

        def listening():
            if self.process.poll() is not None:
                raise Broken(f"{self.name} ended with {self.process.returncode}: {self.errors.read_text()[-600:]}")
            text = self.greeting.read_text()
            return text if "  Dashboard  " in text and text.endswith("\n") else None

        text = wait_for(f"{self.name} to listen", listening)
        line = next(line for line in text.splitlines() if "  Listening  " in line)
        # The same port again after a kill: clients go on with the address they know.
        self.port = int(line.split("127.0.0.1:")[1].split("/")[0])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it as an operator does."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"{self.name} does not end on SIGTERM")
        if code != 0:
            raise Broken(f"{self.name} ended with {code} on SIGTERM: {self.errors.read_text()[-600:]}")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def begin_command(self, *arguments):
        return subprocess.Popen(
            [self.program, *arguments], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def command(self, *arguments):
        """Runs a command to its end: its exit code and all that it wrote."""
        process = self.begin_command(*arguments)
        try:
            output, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Broken(f"muster {' '.join(arguments)} does not end")
        return process.returncode, output + errors


class SQLiteStore:
    """The store read with another library than the program's own build of it."""

    def __init__(self, file):
        self.file = file

    def rows(self, query):
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)
        try:
            return [[None if value is None else str(value) for value in row] for row in connection.execute(query)]
        finally:
            connection.close()


class Postgres:
    """A private server, through script/lib/postgres.sh, that can be hurt."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.url = None

    def _shell(self, text, check=True, seconds=120):
        # Its own files for output: the server inherits them and would hold a pipe open.
        out = self.folder.parent / "postgres-shell.out"
        with open(out, "wb") as file:
            code = subprocess.run(
                ["bash", "-c", f'source "{LIBRARY}/postgres.sh"; {text}'], stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, timeout=seconds).returncode
        output = out.read_text(errors="replace").strip()
        if check and code != 0:
            raise Broken(f"{text}: {output[-600:]}")
        return code, output

    def start(self):
        self.url = self._shell(f'postgres_start "{self.folder}"')[1].splitlines()[-1]
        self.port = int(self.url.rsplit(":", 1)[1].split("/")[0])

    def again(self, seconds=60):
        """Starts it with the options it had, however it ended. One that was killed may have processes left for a moment."""
        deadline = time.monotonic() + seconds
        while True:
            code, output = self._shell(f'postgres_again "{self.folder}"', check=False)
            if code == 0:
                return
            if time.monotonic() > deadline:
                raise Broken(f"PostgreSQL does not start again: {output[-600:]}")
            time.sleep(0.2)

    def move_log(self, folder):
        """Puts the log of a stopped server into another folder."""
        log = self.data / "pg_wal"
        for entry in log.iterdir():
            shutil.move(str(entry), folder)
        log.rmdir()
        log.symlink_to(folder)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "postgres:postgres", str(folder)], check=True)

    def remove(self):
        self._shell(f'postgres_stop "{self.folder}"', check=False)

    def pid(self):
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, IndexError, ValueError):
            return None

    def is_alive(self):
        pid = self.pid()
        return pid is not None and os.path.exists(f"/proc/{pid}")

    def signal(self, number):
        """To the first process: KILL is a crash, INT a fast stop, QUIT an immediate one."""
        pid = self.pid()
        os.kill(pid, number)
        # Until it is gone, since a start would find it; what it leaves behind (KILL) is dealt with by again().
        wait_for("PostgreSQL to end", lambda: not self._runs(pid), 60)

    @staticmethod
    def _runs(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def rows(self, query):
        done = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-c", "SET search_path = muster",
             "-c", f"COPY ({query}) TO STDOUT (FORMAT csv, NULL '\\N')"],
            capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Broken(f"psql: {done.stderr.strip()}")
        return [[None if value == "\\N" else value for value in row] for row in csv.reader(io.StringIO(done.stdout))]

    def backends(self):
        """The processes that serve Muster."""
        return [int(row[0]) for row in self.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'muster'")]

    def terminate_backends(self):
        self.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'muster'")


class Forwarder:
    """A wire between Muster and PostgreSQL that can be cut.

    `pass` forwards; `drop` ends all connections in order and takes no more; `reset` does the same with RST; `stall` keeps
    all connections and forwards nothing, and takes new ones that nobody will ever serve: a server that vanished.
    """

    def __init__(self, target_port):
        self.target_port = target_port
        self.listener = self._listen(0)
        self.port = self.listener.getsockname()[1]
        self.mode, self.pairs, self.is_closed = "pass", {}, False
        self.lock = threading.RLock()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @staticmethod
    def _listen(port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def set(self, mode):
        with self.lock:
            if mode in ("drop", "reset"):
                self._cut_all(mode)
                if self.listener:
                    self.listener.close()
                    self.listener = None
            elif self.listener is None:
                self.listener = self._listen(self.port)
            if mode == "pass" and self.mode == "stall":
                # What was taken meanwhile has nobody at its other end.
                for side in [side for side, other in self.pairs.items() if other is None]:
                    self._cut(side, "drop")
            self.mode = mode

    def cut_once(self, mode):
        """Cuts what is connected now, and takes new connections."""
        with self.lock:
            self._cut_all(mode)

    def close(self):
        self.is_closed = True
        self.thread.join(5)
        with self.lock:
            self._cut_all("drop")
            if self.listener:
                self.listener.close()

    def _cut_all(self, mode):
        for side in list(self.pairs):
            self._cut(side, mode)

    def _cut(self, side, mode):
        if side not in self.pairs:
            return
        for end in (side, self.pairs.pop(side, None)):
            if end is None:
                continue
            self.pairs.pop(end, None)
            if mode == "reset":
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()

    def _run(self):
        while not self.is_closed:
            with self.lock:
                watched = ([self.listener] if self.listener else []) + (list(self.pairs) if self.mode == "pass" else [])
            try:
                ready = select.select(watched, [], [], 0.02)[0] if watched else time.sleep(0.02) or []
            except (OSError, ValueError):
                # One of them was cut meanwhile.
                continue
            with self.lock:
                for side in ready:
                    self._serve(side)

    def _serve(self, side):
        if side is self.listener:
            try:
                client = side.accept()[0]
            except OSError:
                return
            if self.mode == "stall":
                self.pairs[client] = None
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port), 5)
            except OSError:
                client.close()
                return
            self.pairs[client], self.pairs[server] = server, client
        elif side in self.pairs and self.mode == "pass":
            try:
                data = side.recv(1 << 18)
                if not data:
                    raise OSError
                self.pairs[side].sendall(data)
            except OSError:
                self._cut(side, "drop")


class Volume:
    """A file system of its own, in memory, that can be filled."""

    def __init__(self, folder, mebibytes, mode="0700"):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode={mode}", "muster-crash", str(folder)],
            capture_output=True, text=True) if os.geteuid() == 0 else None
        if done is None or done.returncode != 0:
            raise Skipped("a tmpfs cannot be mounted here: " + (done.stderr.strip() if done else "this takes root"))
        self.ballast = folder / ".ballast"

    def fill(self):
        """Takes all the space that is left."""
        # Under load space comes and goes by a page, so it is taken until there is none.
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    pass

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def size_bytes(self):
        status = os.statvfs(self.folder)
        return status.f_blocks * status.f_frsize

    def grow(self, mebibytes):
        subprocess.run(["mount", "-o", f"remount,size={mebibytes}m", str(self.folder)], check=True)

    def remove(self):
        # Somebody's last descriptor may be closed a moment late.
        for _ in range(50):
            if subprocess.run(["umount", str(self.folder)], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True)
