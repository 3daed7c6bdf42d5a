"""Employees and weeks of their punches, the same for one seed, and ways to bring them into either server.

A day has one or two cycles and mostly a break; a tenth of the sessions lack their last punch-out. All of it lies between 13:00 and
23:00 UTC, which is one day in the business zone too, and ends yesterday, so that no figure depends on the moment it is asked for.
"""
import datetime
import json
import random
import uuid
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from harness import copy_rows

START, END = datetime.time(14), datetime.time(22)
LATE_MINUTES = 15
DEPARTMENTS = ["Assembly", "Packing", "Dispatch", "Office", "Kitchen", "Night desk"]
CENT = Decimal("0.01")
HOUR = datetime.timedelta(hours=1)


def rounded(value):
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def exact_hours(span):
    return Decimal(span // datetime.timedelta(seconds=1)) / 3600


@dataclass
class Session:
    """One employee's day: entries in order, and what the contract (7.4) makes of them."""

    employee: int
    day: datetime.date
    entries: list
    cycles: list = field(default_factory=list)
    worked: datetime.timedelta = datetime.timedelta()
    paused: datetime.timedelta = datetime.timedelta()

    def is_late(self, moment):
        return moment > self.at(START) + datetime.timedelta(minutes=LATE_MINUTES)

    def is_early(self, moment):
        return moment < self.at(END)

    def at(self, time):
        return datetime.datetime.combine(self.day, time, datetime.timezone.utc)

    def of(self, kind):
        return [moment for name, moment in self.entries if name == kind]

    def settle(self):
        """Works cycles and times out; each break lies within the cycle it was made for."""
        ins, outs = self.of("punch_in"), self.of("punch_out")
        breaks = list(zip(self.of("break_start"), self.of("break_end")))
        for number, begin in enumerate(ins):
            end = outs[number] if number < len(outs) else None
            self.cycles.append((begin, end))
            if end is None:
                continue
            pause = sum((b - a for a, b in breaks if begin <= a and b <= end), datetime.timedelta())
            self.paused += pause
            self.worked += end - begin - pause
        return self

    @property
    def total(self):
        outs = self.of("punch_out")
        return outs[-1] - self.entries[0][1] if outs else datetime.timedelta()

    @property
    def working_hours(self):
        return rounded(exact_hours(self.worked))

    @property
    def break_minutes(self):
        return rounded(exact_hours(self.paused) * 60)


class Workforce:
    """`people` employees with `days` days of punches before `today`, and `punchers` more who have not punched yet."""

    def __init__(self, people, days, punchers, seed, today):
        self.random = random.Random(seed)
        self.people, self.punchers = people, punchers
        self.first_day, self.last_day = today - datetime.timedelta(days=days), today - datetime.timedelta(days=1)
        self.employees = [self.employee(number, "P" if number < people else "C") for number in range(people + punchers)]
        self.sessions = [
            self.session(number, self.first_day + datetime.timedelta(days=day)) for day in range(days) for number in range(people)]

    def employee(self, number, letter):
        code = f"{letter}-{number:05}"
        return {
            "name": f"Person {number:05}", "employee_id": code, "email": f"{code.lower()}@corp.example",
            "department": self.random.choice(DEPARTMENTS), "position": "Packer", "is_active": True}

    def session(self, employee, day):
        minutes = self.random.randrange
        noon = datetime.datetime.combine(day, datetime.time(13), datetime.timezone.utc)

        def at(minute):
            return noon + datetime.timedelta(minutes=minute, seconds=minutes(60))

        is_open, has_two = self.random.random() < 0.1, self.random.random() < 0.3
        entries = [("punch_in", at(30 + minutes(60)))]
        # None where the only cycle stays open: the contract can be read in two ways there.
        if self.random.random() < 0.7 and (has_two or not is_open):
            begin = 150 + minutes(30)
            entries += [("break_start", at(begin)), ("break_end", at(begin + 15 + minutes(30)))]
        if has_two:
            entries += [("punch_out", at(240 + minutes(20))), ("punch_in", at(270 + minutes(30)))]
        if not is_open:
            entries.append(("punch_out", at(510 + minutes(80))))
        return Session(employee, day, entries).settle()

    def overview(self):
        """What `GET /api/reports/overview/` must answer for these days (contract 8)."""
        hours = sum((session.working_hours for session in self.sessions), Decimal())
        outs = [(session, session.of("punch_out")) for session in self.sessions]
        return {
            "total_sessions": len(self.sessions),
            "total_working_hours": str(hours),
            "total_break_time": str(sum((session.break_minutes for session in self.sessions), Decimal())),
            "late_arrivals": sum(session.is_late(session.entries[0][1]) for session in self.sessions),
            "early_departures": sum(bool(found) and session.is_early(found[-1]) for session, found in outs),
            "average_hours_per_day": str((hours / len(self.sessions)).quantize(CENT, ROUND_HALF_EVEN)),
            "total_punch_cycles": sum(len(session.cycles) for session in self.sessions),
        }

    @property
    def range_query(self):
        return f"start_date={self.first_day}&end_date={self.last_day}"

    # MARK: Into the tables of the reference

    def copy_into(self, url, folder):
        """Fills the reference's tables with `COPY`. Returns the employees' ids, in order."""
        new = lambda: str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        stamp = datetime.datetime.combine(self.first_day, datetime.time(), datetime.timezone.utc).isoformat()
        stamps = {"created_at": stamp, "updated_at": stamp}
        ids = [new() for _ in self.employees]
        hours = [{
            "start_time": START, "end_time": END, "break_duration": 30, "late_threshold": LATE_MINUTES, "is_active": True} | stamps]
        entries, sessions, cycles = [], [], []
        for session in self.sessions:
            own = new()
            first = {kind: (session.of(kind) or [None])[0] for kind in ("punch_in", "break_start", "break_end")}
            last_out = (session.of("punch_out") or [None])[-1]
            is_open = len(session.of("punch_in")) > len(session.of("punch_out"))
            sessions.append({
                "id": own, "employee_id": ids[session.employee], "date": session.day, **first, "punch_out": last_out,
                "total_hours": rounded(exact_hours(session.total)), "break_duration": session.break_minutes,
                "working_hours": session.working_hours, "is_late_in": session.is_late(first["punch_in"]),
                "is_early_out": bool(last_out and session.is_early(last_out)),
                "status": "in_progress" if is_open else "complete"} | stamps)
            for kind, moment in session.entries:
                entries.append({
                    "id": new(), "employee_id": ids[session.employee], "type": kind, "timestamp": moment,
                    "is_late": kind == "punch_in" and session.is_late(moment),
                    "is_early": kind == "punch_out" and session.is_early(moment), "notes": ""} | stamps)
            for begin, end in session.cycles:
                cycles.append({
                    "id": new(), "work_session_id": own, "punch_in": begin, "punch_out": end,
                    "is_late_in": session.is_late(begin), "is_early_out": bool(end and session.is_early(end)),
                    "duration_hours": rounded(exact_hours(end - begin) if end else 0)} | stamps)
        tables = {
            "employees_employee": [{"id": own} | employee | stamps for own, employee in zip(ids, self.employees)],
            "employees_businesshours": hours, "timetracking_timeentry": entries, "timetracking_worksession": sessions,
            "timetracking_punchcycle": cycles}
        copy_rows(url, folder, tables, texts=["notes"])
        return ids

    # MARK: Over the wire

    def write_employees(self, name):
        """A file for `load send`: one employee a line, each of its own group."""
        with open(name, "w", encoding="utf-8") as file:
            for number, employee in enumerate(self.employees):
                file.write(f"{number} {json.dumps(employee)}\n")

    def write_punches(self, name, ids):
        """A file for `load send`: all punches, those of an employee in order and in a group of their own."""
        with open(name, "w", encoding="utf-8") as file:
            for session in self.sessions:
                for kind, moment in session.entries:
                    body = {"employee_id": ids[session.employee], "type": kind, "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
                    file.write(f"{session.employee} {json.dumps(body)}\n")
