"""The paths that are measured, as the contract has them."""
from django.urls import path

from timetracker import api

urlpatterns = [
    path("api/employees/", api.EmployeeList.as_view()),
    path("api/timetracking/punch/", api.Punch.as_view()),
    path("api/timetracking/status/<uuid:employee_id>/", api.Status.as_view()),
    path("api/reports/overview/", api.Overview.as_view()),
]
