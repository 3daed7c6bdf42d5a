"""Employees at a punch clock, what each was told, and their days worked out by rules written a second time.

Nobody waits in front of a clock, so each employee belongs to one client, and their own clock goes from punch to punch. The
contract: docs/dialects/timetracker.md, sections 6.1 and 7.
"""
import collections, datetime, decimal, time, zoneinfo

HOUR = 3_600_000_000
DAY = 24 * HOUR
# The contract's own.
ZONE = zoneinfo.ZoneInfo("America/Chicago")
# Shifts of past days keep to these hours of UTC, which are far from midnight there.
FIRST_HOUR, LAST_HOUR = 13, 23
FIRST_DAY = int(datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) * 1_000_000
# What an employee may punch in two days is bounded (Operations.punchesPerDayMax). Those of today stay far below it.
TODAY_MAX = 300
STEPS = {
    ("finished", "punch_in"): "working", ("working", "break_start"): "on_break", ("on_break", "break_end"): "working",
    ("working", "punch_out"): "finished",
}
TYPES = ["punch_in", "punch_out", "break_start", "break_end"]
STATUS = {"finished": "complete", "working": "in_progress", "on_break": "on_break"}


def text(microseconds):
    """A moment as the contract shows it."""
    if microseconds is None:
        return None
    whole = datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.timezone.utc)
    rest = microseconds % 1_000_000
    return f"{whole:%Y-%m-%dT%H:%M:%S}" + (f".{rest:06d}" if rest else "") + "Z"


def instant(shown):
    whole, _, rest = shown.rstrip("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return int(seconds) * 1_000_000 + int(rest or 0)


def hundredths(microseconds, unit):
    return str((decimal.Decimal(microseconds) / unit).quantize(decimal.Decimal("0.01"), decimal.ROUND_HALF_UP))


class Punch:
    """What somebody did, sent again as it is until there is an answer."""

    def __init__(self, kind, at):
        self.kind, self.at, self.tries, self.id = kind, at, 0, None

    @property
    def name(self):
        return self.kind, self.at


class Employee:
    def __init__(self, id, code, is_today):
        self.id, self.code, self.is_today = id, code, is_today
        self.taken, self.given_up, self.pending = [], [], None
        self.state, self.at = "finished", FIRST_DAY + FIRST_HOUR * HOUR

    def next(self, luck):
        """What this employee does now, by the clock in their hands."""
        allowed = [kind for state, kind in STEPS if state == self.state]
        if self.is_today:
            self.at = max(self.at + 1, time.time_ns() // 1000)
        else:
            at = self.at + luck.randrange(1, 2 * HOUR)
            if not FIRST_HOUR <= (at - FIRST_DAY) % DAY // HOUR <= LAST_HOUR:
                # The day is over for who has left, and for who has forgotten to.
                self.begin_day(luck)
                allowed = ["punch_in"]
            else:
                self.at = at
        return Punch(luck.choice(allowed), self.at)

    def begin_day(self, luck):
        # Not the very next day, where a shift that was left open could be continued.
        self.at = self.at - (self.at - FIRST_DAY) % DAY + 2 * DAY + FIRST_HOUR * HOUR + luck.randrange(HOUR)
        self.state = "finished"

    def take(self, punch, id=None):
        punch.id = id
        self.taken.append(punch)
        self.state = STEPS[self.state, punch.kind]
        self.pending = None


class Clock:
    """The employees of one client."""

    def __init__(self, employees):
        self.past = [employee for employee in employees if not employee.is_today]
        self.today = [employee for employee in employees if employee.is_today]
        self.employees = employees

    def turn(self, load, luck, tenant, server):
        """One thing that one employee does. Whatever is thrown leaves the punch without an answer."""
        today = [employee for employee in self.today if len(employee.taken) < TODAY_MAX]
        employee = luck.choice(today if today and luck.random() < 0.03 else self.past)
        if employee.pending and not employee.is_today and luck.random() < 0.2:
            # Nobody asks any more whether this one was taken.
            employee.given_up.append(employee.pending)
            employee.pending = None
            employee.begin_day(luck)
        if employee.pending is None and luck.random() < 0.1:
            self._try_what_is_not_allowed(load, luck, tenant, server, employee)
        punch = employee.pending or employee.next(luck)
        employee.pending = punch
        punch.tries += 1
        answer = self._send(load, tenant, server, employee, punch)
        if answer is None:
            return
        status, body = answer
        if status == 201:
            said = body.get("data", {})
            if (said.get("type"), said.get("timestamp"), said.get("employee")) != (punch.kind, text(punch.at), employee.id):
                load.flaw(f"{employee.code} {punch.kind} {text(punch.at)}: {body}")
            employee.take(punch, said.get("id"))
            load.note_punch()
        elif punch.tries > 1 and str(body.get("error", "")).startswith("Cannot "):
            # The state that it led to does not allow it again: it was taken when nothing was heard.
            employee.take(punch)
            load.note_punch()
        else:
            load.flaw(f"{employee.code} {employee.state} {punch.kind} {text(punch.at)}, try {punch.tries}: {status} {body}")
            employee.pending = None

    def _try_what_is_not_allowed(self, load, luck, tenant, server, employee):
        at = time.time_ns() // 1000 if employee.is_today else employee.at
        kind = luck.choice([kind for kind in TYPES if (employee.state, kind) not in STEPS])
        answer = self._send(load, tenant, server, employee, Punch(kind, max(at, employee.at)))
        if answer and (answer[0] != 400 or not str(answer[1].get("error", "")).startswith("Cannot ")):
            load.flaw(f"{employee.code} {employee.state} may not {kind} at {text(at)}: {answer}")

    @staticmethod
    def _send(load, tenant, server, employee, punch):
        body = {"employee_id": employee.id, "type": punch.kind, "timestamp": text(punch.at)}
        return load.exchange(tenant, server, "POST", "/api/timetracking/punch/", body, expected=(201, 400))


class Sheet:
    """What a server shows of one employee, against what the employee knows."""

    def __init__(self, employee, entries):
        self.employee = employee
        self.entries = sorted((instant(entry["timestamp"]), entry["type"], entry["id"]) for entry in entries)
        self.flaws, self.lost, self.doubled = [], [], []
        self._compare()
        self.days, self.state = self._work_out()

    def _compare(self):
        employee = self.employee
        there = collections.Counter((kind, at) for at, kind, _ in self.entries)
        ids = {(kind, at): id for at, kind, id in self.entries}
        perhaps = {punch.name for punch in employee.given_up + ([employee.pending] if employee.pending else [])}
        self.doubled = [name for name, count in there.items() if count > 1]
        self.lost = [punch for punch in employee.taken
                     if not there[punch.name] or punch.id and ids[punch.name] != punch.id]
        for kind, at in there.keys() - {punch.name for punch in employee.taken} - perhaps:
            self.flaws.append(f"{employee.code}: {kind} at {text(at)} is there, and nobody was told so")

    def _work_out(self):
        """Sessions by local day, from all entries in the order of time, and the state behind the last."""
        days, state, session, day = {}, "finished", None, None
        for at, kind, _ in self.entries:
            date = str(datetime.datetime.fromtimestamp(at // 1_000_000, ZONE).date())
            if date != day and not self.employee.is_today:
                # Shifts that were left open are too old then.
                state = "finished"
            day = date
            if (state, kind) not in STEPS:
                self.flaws.append(f"{self.employee.code}: {kind} at {text(at)} while {state}")
                continue
            state = STEPS[state, kind]
            if kind == "punch_in":
                session = days.setdefault(date, {"cycles": [], "status": None})
                session["cycles"].append({"in": at, "out": None, "breaks": []})
            cycle = session["cycles"][-1]
            if kind == "punch_out":
                cycle["out"] = at
            elif kind == "break_start":
                cycle["breaks"].append([at, None])
            elif kind == "break_end":
                cycle["breaks"][-1][1] = at
            session["status"] = STATUS[state]
        return days, state

    def differences(self, sessions, status):
        """How the program's sessions and its clock differ from these days."""
        found = []
        shown = {session["date"]: session for session in sessions}
        for date in sorted(shown.keys() | self.days.keys()):
            said, day = self._said(shown.get(date)), self._figures(self.days.get(date))
            if said != day:
                found.append(f"{self.employee.code} {date}: {said} and not {day}")
        # Past days are over; of today's, a day that ended meanwhile shows a clock that has not started.
        words = {self.state} if self.employee.is_today and self.entries else {"not_started"}
        if self.state == "finished":
            words.add("not_started")
        if status["current_status"] not in words:
            found.append(f"{self.employee.code}: the clock shows {status['current_status']} and not {words}")
        return found

    def _is_moving(self, status):
        # The open time of today counts up to the moment of showing it.
        return self.employee.is_today and status != "complete"

    def _said(self, session):
        if session is None:
            return None
        figures = (session["total_hours"], session["break_duration"], session["working_hours"])
        return (session["status"], session["punch_in"], session["punch_out"], len(session["punch_cycles"]),
                None if self._is_moving(session["status"]) else figures)

    def _figures(self, day):
        if day is None:
            return None
        closed = [cycle for cycle in day["cycles"] if cycle["out"] is not None]
        pauses = [sum(end - start for start, end in cycle["breaks"]) for cycle in closed]
        working = sum(max(0, cycle["out"] - cycle["in"] - pause) for cycle, pause in zip(closed, pauses))
        first, last = day["cycles"][0]["in"], closed[-1]["out"] if closed else None
        figures = (hundredths(last - first if closed else 0, HOUR), hundredths(sum(pauses), HOUR // 60),
                   hundredths(working, HOUR))
        return (day["status"], text(first), text(last), len(day["cycles"]),
                None if self._is_moving(day["status"]) else figures)
