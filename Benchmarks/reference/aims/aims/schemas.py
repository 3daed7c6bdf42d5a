"""What comes in and goes out, as the contract has it."""
from typing import List, Optional
from uuid import UUID

from pydantic import BaseModel, ConfigDict


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Wire(BaseModel):
    model_config = ConfigDict(alias_generator=camel, populate_by_name=True)


class StatusUpdate(Wire):
    roll_no: str
    status: str
    recognized_by_ai: bool = False
    similarity_score: Optional[float] = None


class StatusesUpdate(BaseModel):
    updates: List[StatusUpdate]


class StatusAnswer(Wire):
    roll_no: str
    name: str
    status: str
    recognized_by_ai: bool
    similarity_score: Optional[float]


class StatusesAnswer(BaseModel):
    statuses: List[StatusAnswer]


class SessionAnswer(Wire):
    session_id: UUID
    class_id: UUID
    session_date: str
    teacher_id: UUID
    processed_image_url: Optional[str]
    created_at: str
    statuses: List[StatusAnswer]


class RosterEntry(Wire):
    student_id: UUID
    roll_no: str
    name: str
    photo_url: Optional[str]
    program: Optional[str]
    sp_code: Optional[str]
    semester: Optional[str]
    status: Optional[str]
    duration: Optional[str]
    email: Optional[str]
    dtu_email: Optional[str]
    phone: Optional[str]


class Slot(Wire):
    day_of_week: int
    start: str
    end: str


class ClassAnswer(Wire):
    id: UUID
    code: str
    name: str
    section: str
    teacher_type: Optional[str]
    ltp_pattern: Optional[str]
    practical_group: Optional[str]
    teacher_id: UUID
    schedule: List[Slot]
    students: List[RosterEntry]
    created_at: str
    updated_at: str


class StudentStatistics(Wire):
    student_id: UUID
    roll_no: str
    student_name: str
    present_count: int
    absent_count: int
    late_count: int
    excused_count: int
    total_count: int
    percentage: float
