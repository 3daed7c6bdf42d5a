"""The tables of the contract, section 5.1, under the original's names and with its indexes."""
import enum
import uuid

from sqlalchemy import (
    Boolean, CheckConstraint, Column, Date, DateTime, Enum, ForeignKey, Index, Integer, Numeric, SmallInteger, Text, Time,
    UniqueConstraint, func)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class UserRole(str, enum.Enum):
    teacher = "teacher"
    admin = "admin"
    student = "student"


class Word(str, enum.Enum):
    present = "present"
    absent = "absent"
    late = "late"
    excused = "excused"


def key():
    return Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)


def stamp():
    return Column(DateTime(timezone=True), nullable=False, server_default=func.now())


class User(Base):
    __tablename__ = "users"

    id = key()
    email = Column(Text, unique=True, nullable=False, index=True)
    name = Column(Text, nullable=False)
    role = Column(Enum(UserRole, name="userrole"), nullable=False)
    department = Column(Text)
    employee_id = Column(Text)
    last_login_at = Column(DateTime(timezone=True))
    created_at = stamp()


class Student(Base):
    __tablename__ = "students"

    id = key()
    roll_no = Column(Text, unique=True, nullable=False, index=True)
    name = Column(Text, nullable=False)
    photo_url = Column(Text)
    program = Column(Text)
    sp_code = Column(Text)
    semester = Column(Text)
    status = Column(Text)
    duration = Column(Text)
    email = Column(Text)
    dtu_email = Column(Text)
    phone = Column(Text)
    created_at = stamp()


class SchoolClass(Base):
    __tablename__ = "classes"
    __table_args__ = (UniqueConstraint("teacher_id", "code", "section"),)

    id = key()
    code = Column(Text, nullable=False)
    name = Column(Text, nullable=False)
    section = Column(Text, nullable=False)
    ltp_pattern = Column(Text)
    teacher_type = Column(Text)
    practical_group = Column(Text)
    teacher_id = Column(UUID(as_uuid=True), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False, index=True)
    created_at = stamp()
    updated_at = stamp()

    schedule = relationship("ClassSchedule", order_by="ClassSchedule.day_of_week")
    students = relationship("Student", secondary="class_students", order_by="Student.roll_no")


class ClassSchedule(Base):
    __tablename__ = "class_schedules"
    __table_args__ = (CheckConstraint("day_of_week BETWEEN 1 AND 7"), UniqueConstraint("class_id", "day_of_week"))

    id = Column(Integer, primary_key=True)
    class_id = Column(UUID(as_uuid=True), ForeignKey("classes.id", ondelete="CASCADE"), nullable=False)
    day_of_week = Column(SmallInteger, nullable=False)
    start_time = Column(Time, nullable=False)
    end_time = Column(Time, nullable=False)


class ClassStudent(Base):
    __tablename__ = "class_students"

    class_id = Column(UUID(as_uuid=True), ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True)
    student_id = Column(UUID(as_uuid=True), ForeignKey("students.id"), primary_key=True, index=True)
    added_at = stamp()


class AttendanceSession(Base):
    __tablename__ = "attendance_sessions"
    __table_args__ = (UniqueConstraint("class_id", "session_date"), Index(None, "class_id", "session_date"))

    id = key()
    class_id = Column(UUID(as_uuid=True), ForeignKey("classes.id", ondelete="CASCADE"), nullable=False)
    teacher_id = Column(UUID(as_uuid=True), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False)
    session_date = Column(Date, nullable=False)
    processed_image_url = Column(Text)
    created_at = stamp()


class AttendanceStatus(Base):
    __tablename__ = "attendance_statuses"

    session_id = Column(UUID(as_uuid=True), ForeignKey("attendance_sessions.id", ondelete="CASCADE"), primary_key=True)
    student_id = Column(UUID(as_uuid=True), ForeignKey("students.id"), primary_key=True, index=True)
    status = Column(Enum(Word, name="attendancestatus"), nullable=False)
    recognized_by_ai = Column(Boolean, nullable=False, server_default="false")
    similarity_score = Column(Numeric(5, 2))


if __name__ == "__main__":
    # `python -m aims.models` makes the tables.
    from aims.database import engine

    Base.metadata.create_all(engine)
