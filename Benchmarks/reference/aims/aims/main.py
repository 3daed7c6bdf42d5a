"""What uvicorn serves. Every endpoint is a coroutine that blocks while the database works, as the original's are (weakness 12)."""
import datetime
from typing import List, Optional
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy.orm import Session

from aims import service
from aims.database import get_db
from aims.models import AttendanceSession, SchoolClass, User, UserRole
from aims.schemas import ClassAnswer, SessionAnswer, StatusesAnswer, StatusesUpdate, StudentStatistics
from aims.security import require_teacher

app = FastAPI(title="AIMS Attendance API", version="1.0.0")


@app.get("/health")
async def health():
    return {"status": "healthy", "service": "AIMS Attendance Backend"}


def day(text):
    """A bound that cannot be read is none (contract 4.8)."""
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        return None


def class_for(db, class_id, user, refusal):
    found = db.query(SchoolClass).filter(SchoolClass.id == class_id).first()
    if found is None:
        raise HTTPException(404, "Class not found")
    if user.role != UserRole.admin and found.teacher_id != user.id:
        raise HTTPException(403, refusal)
    return found


@app.get("/classes", response_model=List[ClassAnswer])
async def list_classes(user: User = Depends(require_teacher), db: Session = Depends(get_db)):
    return service.find_classes(db, None if user.role == UserRole.admin else user.id)


@app.get("/attendance/sessions", response_model=List[SessionAnswer])
async def list_sessions(
    class_id: UUID = Query(alias="classId"), begin: Optional[str] = Query(None, alias="from"),
    end: Optional[str] = Query(None, alias="to"), user: User = Depends(require_teacher), db: Session = Depends(get_db),
):
    class_for(db, class_id, user, "You do not have permission to view this class's attendance")
    return service.find_sessions(db, class_id, day(begin), day(end))


@app.put("/attendance/sessions/{session_id}/statuses", response_model=StatusesAnswer)
async def update_statuses(
    session_id: UUID, sent: StatusesUpdate, user: User = Depends(require_teacher), db: Session = Depends(get_db),
):
    session = db.query(AttendanceSession).filter(AttendanceSession.id == session_id).first()
    if session is None:
        raise HTTPException(404, "Attendance session not found")
    if user.role != UserRole.admin and session.teacher_id != user.id:
        raise HTTPException(403, "You do not have permission to update this session")
    return StatusesAnswer(statuses=service.update_statuses(db, session, sent.updates))


@app.get("/stats/classes/{class_id}/students", response_model=List[StudentStatistics])
async def class_statistics(class_id: UUID, user: User = Depends(require_teacher), db: Session = Depends(get_db)):
    class_for(db, class_id, user, "You do not have permission to view this class's statistics")
    return service.find_statistics(db, class_id)
