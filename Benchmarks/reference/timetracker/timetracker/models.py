"""The tables of the contract, section 10, under the original's names and with its indexes."""
import uuid

from django.db import models


class Stamped(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Employee(Stamped):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    employee_id = models.CharField(max_length=20, unique=True)
    email = models.EmailField(unique=True)
    department = models.CharField(max_length=100)
    position = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "employees_employee"
        ordering = ["name"]
        indexes = [models.Index(fields=[field]) for field in ("employee_id", "email", "department", "is_active")]


class BusinessHours(Stamped):
    start_time = models.TimeField()
    end_time = models.TimeField()
    break_duration = models.PositiveIntegerField(default=60)
    late_threshold = models.PositiveIntegerField(default=15)
    is_active = models.BooleanField(default=True)

    class Meta:
        db_table = "employees_businesshours"


class TimeEntry(Stamped):
    TYPES = [(name, name) for name in ("punch_in", "punch_out", "break_start", "break_end")]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="time_entries", db_index=False)
    type = models.CharField(max_length=20, choices=TYPES)
    timestamp = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    is_early = models.BooleanField(default=False)
    notes = models.TextField(null=True)

    class Meta:
        db_table = "timetracking_timeentry"
        ordering = ["-timestamp"]
        indexes = [
            models.Index(fields=["employee", "timestamp"]),
            models.Index(fields=["type", "timestamp"]),
            models.Index(fields=["timestamp"]),
        ]


class WorkSession(Stamped):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="work_sessions", db_index=False)
    date = models.DateField()
    punch_in = models.DateTimeField(null=True)
    punch_out = models.DateTimeField(null=True)
    break_start = models.DateTimeField(null=True)
    break_end = models.DateTimeField(null=True)
    total_hours = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    break_duration = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    working_hours = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    is_late_in = models.BooleanField(default=False)
    is_early_out = models.BooleanField(default=False)
    status = models.CharField(max_length=20, default="in_progress")
    note = models.TextField(null=True)

    class Meta:
        db_table = "timetracking_worksession"
        unique_together = [("employee", "date")]
        indexes = [models.Index(fields=["employee", "date"]), models.Index(fields=["date"]), models.Index(fields=["status"])]


class PunchCycle(Stamped):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    work_session = models.ForeignKey(WorkSession, on_delete=models.CASCADE, related_name="punch_cycles", db_index=False)
    punch_in = models.DateTimeField()
    punch_out = models.DateTimeField(null=True)
    is_late_in = models.BooleanField(default=False)
    is_early_out = models.BooleanField(default=False)
    duration_hours = models.DecimalField(max_digits=5, decimal_places=2, default=0)

    class Meta:
        db_table = "timetracking_punchcycle"
        ordering = ["-punch_in"]
        indexes = [models.Index(fields=["work_session", "punch_in"])]
