"""The four requests that are measured."""
import datetime
from decimal import Decimal

from django.db.models import Avg, Sum
from django.utils import timezone
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from timetracker import sessions
from timetracker.models import Employee, TimeEntry, WorkSession


class EmployeeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Employee
        fields = ["id", "name", "employee_id", "email", "department", "position", "is_active", "created_at", "updated_at"]


class EntrySerializer(serializers.ModelSerializer):
    employee_name = serializers.CharField(source="employee.name", read_only=True)
    employee_id = serializers.CharField(source="employee.employee_id", read_only=True)

    class Meta:
        model = TimeEntry
        fields = ["id", "employee_name", "employee_id", "type", "timestamp", "is_late", "is_early", "notes", "created_at",
                  "updated_at", "employee"]


class PunchSerializer(serializers.Serializer):
    employee_id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=TimeEntry.TYPES)
    timestamp = serializers.DateTimeField(required=False)
    notes = serializers.CharField(required=False, allow_blank=True, default="")

    def validate_employee_id(self, value):
        employee = Employee.objects.filter(id=value, is_active=True).first()
        if employee is None:
            raise serializers.ValidationError("Employee not found or inactive.")
        return employee


class EmployeeList(generics.ListAPIView):
    queryset = Employee.objects.all()
    serializer_class = EmployeeSerializer


class Punch(APIView):
    def post(self, request):
        sent = PunchSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        employee, kind = sent.validated_data["employee_id"], sent.validated_data["type"]
        moment = sent.validated_data.get("timestamp") or timezone.now()
        is_late, is_early = sessions.flags(kind, moment)
        entry = TimeEntry.objects.create(
            employee=employee, type=kind, timestamp=moment, is_late=is_late, is_early=is_early,
            notes=sent.validated_data["notes"])
        sessions.recalculate(employee, moment.astimezone(sessions.ZONE).date())
        answer = {"message": "Time entry created successfully", "data": EntrySerializer(entry).data}
        return Response(answer, status=status.HTTP_201_CREATED)


class Status(APIView):
    def get(self, request, employee_id):
        employee = Employee.objects.filter(id=employee_id, is_active=True).first()
        if employee is None:
            return Response({"error": "Employee not found"}, status=status.HTTP_404_NOT_FOUND)
        entries = sessions.entries_of(employee, timezone.now().astimezone(sessions.ZONE).date())
        count = {kind: sum(1 for entry in entries if entry.type == kind) for kind, _ in TimeEntry.TYPES}
        is_in = count["punch_in"] > count["punch_out"]
        is_on_break = is_in and count["break_start"] > count["break_end"]
        current = "not_started" if not entries else "on_break" if is_on_break else "working" if is_in else "finished"
        last = TimeEntry.objects.filter(employee=employee).select_related("employee").first()
        return Response({
            "can_punch_in": not is_in,
            "can_punch_out": is_in and not is_on_break,
            "can_start_break": is_in and not is_on_break,
            "can_end_break": is_on_break,
            "current_status": current,
            "last_action": EntrySerializer(last).data if last else None,
        })


class Overview(APIView):
    def get(self, request):
        begin, end = (datetime.date.fromisoformat(request.query_params[name]) for name in ("start_date", "end_date"))
        found = WorkSession.objects.filter(date__gte=begin, date__lte=end)
        figures = found.aggregate(hours=Sum("working_hours"), breaks=Sum("break_duration"), average=Avg("working_hours"))
        cent = Decimal("0.01")
        return Response({
            "total_sessions": found.count(),
            "total_working_hours": str((figures["hours"] or Decimal()).quantize(cent)),
            "total_break_time": str((figures["breaks"] or Decimal()).quantize(cent)),
            "late_arrivals": found.filter(is_late_in=True).count(),
            "early_departures": found.filter(is_early_out=True).count(),
            "average_hours_per_day": str((figures["average"] or Decimal()).quantize(cent)),
            # One query for each session, as the original has it (contract, W13).
            "total_punch_cycles": sum(session.punch_cycles.count() for session in found),
        })
