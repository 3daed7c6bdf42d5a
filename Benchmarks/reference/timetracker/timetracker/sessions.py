"""From a day's entries to its session and cycles, as the contract says in section 7.4 that the original does it."""
import datetime
import zoneinfo
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.utils import timezone

from timetracker.models import BusinessHours, PunchCycle, TimeEntry, WorkSession

ZONE = zoneinfo.ZoneInfo(settings.BUSINESS_ZONE)


def bounds(day):
    """The first moment of a business day and of the next."""
    midnight = datetime.datetime.combine(day, datetime.time(), ZONE)
    return midnight, datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), ZONE)


def entries_of(employee, day):
    begin, end = bounds(day)
    return list(TimeEntry.objects.filter(employee=employee, timestamp__gte=begin, timestamp__lt=end).order_by("timestamp"))


def flags(kind, moment):
    """Whether such a punch is late and whether it is early, by the business hours in force."""
    hours = BusinessHours.objects.filter(is_active=True).first()
    if hours is None or kind not in ("punch_in", "punch_out"):
        return False, False
    if kind == "punch_in":
        start = datetime.datetime.combine(moment.date(), hours.start_time, datetime.timezone.utc)
        return moment > start + datetime.timedelta(minutes=hours.late_threshold), False
    return False, moment < datetime.datetime.combine(moment.date(), hours.end_time, datetime.timezone.utc)


def rounded(value):
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)


def hours(span):
    return span / datetime.timedelta(hours=1)


def recalculate(employee, day):
    """Reads the day's entries and writes its session and cycles anew."""
    entries = entries_of(employee, day)
    session, _ = WorkSession.objects.get_or_create(employee=employee, date=day)
    cycles, breaks, opened, paused = [], datetime.timedelta(), None, None
    worked = datetime.timedelta()
    on_break = datetime.timedelta()
    for entry in entries:
        if entry.type == "punch_in" and opened is None:
            opened, on_break, paused = entry, datetime.timedelta(), None
        elif entry.type == "break_start" and opened is not None:
            paused = entry
        elif entry.type == "break_end" and paused is not None:
            on_break += entry.timestamp - paused.timestamp
            paused = None
        elif entry.type == "punch_out" and opened is not None:
            span = entry.timestamp - opened.timestamp
            cycles.append((opened, entry, span))
            worked += max(datetime.timedelta(), span - on_break)
            breaks += on_break
            opened = None
    first = {kind: next((e for e in entries if e.type == kind), None) for kind in ("punch_in", "break_start", "break_end")}
    last_out = next((e for e in reversed(entries) if e.type == "punch_out"), None)
    total = datetime.timedelta()
    if first["punch_in"] and last_out:
        total = max(total, last_out.timestamp - first["punch_in"].timestamp)
    if opened is not None:
        now = timezone.now()
        if now.astimezone(ZONE).date() == day and now > opened.timestamp:
            worked += now - opened.timestamp - on_break
            total = total or now - first["punch_in"].timestamp
        cycles.append((opened, None, datetime.timedelta()))
    session.punch_in = first["punch_in"] and first["punch_in"].timestamp
    session.punch_out = last_out and last_out.timestamp
    session.break_start = first["break_start"] and first["break_start"].timestamp
    session.break_end = first["break_end"] and first["break_end"].timestamp
    session.total_hours = rounded(hours(total))
    session.break_duration = rounded(hours(breaks) * 60)
    session.working_hours = rounded(hours(worked))
    session.is_late_in = bool(first["punch_in"] and first["punch_in"].is_late)
    session.is_early_out = bool(last_out and last_out.is_early)
    session.status = "complete" if opened is None else "on_break" if paused is not None else "in_progress"
    session.save()
    session.punch_cycles.all().delete()
    PunchCycle.objects.bulk_create(
        PunchCycle(
            work_session=session, punch_in=begin.timestamp, punch_out=end and end.timestamp, is_late_in=begin.is_late,
            is_early_out=bool(end and end.is_early), duration_hours=rounded(hours(span)))
        for begin, end, span in cycles)
