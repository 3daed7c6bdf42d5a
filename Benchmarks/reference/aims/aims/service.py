"""What the requests do to the tables, as the contract reports of the original (sections 4 and 9)."""
from sqlalchemy import Numeric, cast, func
from sqlalchemy.orm import selectinload

from aims.models import AttendanceSession, AttendanceStatus, ClassStudent, SchoolClass, Student, Word
from aims.schemas import ClassAnswer, RosterEntry, SessionAnswer, Slot, StatusAnswer, StudentStatistics

WORDS = {word.value for word in Word}


def find_classes(db, teacher_id):
    found = db.query(SchoolClass).options(selectinload(SchoolClass.schedule), selectinload(SchoolClass.students))
    if teacher_id is not None:
        found = found.filter(SchoolClass.teacher_id == teacher_id)
    return [
        ClassAnswer(
            id=one.id, code=one.code, name=one.name, section=one.section, teacher_type=one.teacher_type,
            ltp_pattern=one.ltp_pattern, practical_group=one.practical_group, teacher_id=one.teacher_id,
            schedule=[
                Slot(day_of_week=slot.day_of_week, start=slot.start_time.strftime("%H:%M"), end=slot.end_time.strftime("%H:%M"))
                for slot in one.schedule],
            students=[roster_entry(student) for student in one.students], created_at=one.created_at.isoformat(),
            updated_at=one.updated_at.isoformat())
        for one in found.order_by(SchoolClass.created_at, SchoolClass.id)]


def roster_entry(student):
    return RosterEntry(
        student_id=student.id, roll_no=student.roll_no, name=student.name, photo_url=student.photo_url, program=student.program,
        sp_code=student.sp_code, semester=student.semester, status=student.status, duration=student.duration,
        email=student.email, dtu_email=student.dtu_email, phone=student.phone)


def find_sessions(db, class_id, begin, end):
    found = db.query(AttendanceSession).filter(AttendanceSession.class_id == class_id)
    if begin is not None:
        found = found.filter(AttendanceSession.session_date >= begin)
    if end is not None:
        found = found.filter(AttendanceSession.session_date <= end)
    sessions = found.order_by(AttendanceSession.session_date.desc()).all()
    statuses = statuses_of(db, [one.id for one in sessions])
    return [
        SessionAnswer(
            session_id=one.id, class_id=one.class_id, session_date=one.session_date.isoformat(), teacher_id=one.teacher_id,
            processed_image_url=one.processed_image_url, created_at=one.created_at.isoformat(), statuses=statuses[one.id])
        for one in sessions]


def statuses_of(db, session_ids):
    """The marks of these sessions by session, in one query."""
    found = (
        db.query(AttendanceStatus, Student.roll_no, Student.name)
        .join(Student, Student.id == AttendanceStatus.student_id)
        .filter(AttendanceStatus.session_id.in_(session_ids)))
    answers = {own: [] for own in session_ids}
    for status, roll_no, name in found:
        answers[status.session_id].append(StatusAnswer(
            roll_no=roll_no, name=name, status=status.status.value, recognized_by_ai=status.recognized_by_ai,
            similarity_score=float(status.similarity_score) if status.similarity_score else None))
    return answers


def update_statuses(db, session, updates):
    """Three statements for each update, one after the other (weakness 12): the student if enrolled, the mark, and its change,
    which the commit sends."""
    session_id, class_id = session.id, session.class_id
    for update in updates:
        word = update.status.lower()
        if word not in WORDS:
            continue
        student_id = (
            db.query(Student.id)
            .join(ClassStudent, ClassStudent.student_id == Student.id)
            .filter(Student.roll_no == update.roll_no, ClassStudent.class_id == class_id)
            .scalar())
        if student_id is None:
            continue
        status = db.query(AttendanceStatus).filter(
            AttendanceStatus.session_id == session_id, AttendanceStatus.student_id == student_id).first()
        if status is None:
            status = AttendanceStatus(session_id=session_id, student_id=student_id)
            db.add(status)
        status.status = Word(word)
        status.recognized_by_ai = update.recognized_by_ai
        status.similarity_score = update.similarity_score
    db.commit()
    return statuses_of(db, [session_id])[session_id]


def find_statistics(db, class_id):
    """One aggregate over the marks of this class alone: the original's slip over all classes is not followed."""
    counts = [func.count().filter(AttendanceStatus.status == word).label(word.value) for word in Word]
    sums = (
        db.query(AttendanceStatus.student_id, *counts, func.count().label("total"))
        .join(AttendanceSession, AttendanceSession.id == AttendanceStatus.session_id)
        .filter(AttendanceSession.class_id == class_id)
        .group_by(AttendanceStatus.student_id)
        .subquery())
    percentage = func.round(cast(100 * sums.c.present, Numeric) / sums.c.total, 2)
    figures = [func.coalesce(figure, 0) for figure in (*(sums.c[word.value] for word in Word), sums.c.total, percentage)]
    rows = (
        db.query(Student.id, Student.roll_no, Student.name, *figures)
        .join(ClassStudent, ClassStudent.student_id == Student.id)
        .outerjoin(sums, sums.c.student_id == Student.id)
        .filter(ClassStudent.class_id == class_id)
        .order_by(Student.roll_no))
    return [
        StudentStatistics(
            student_id=own, roll_no=roll_no, student_name=name, present_count=present, absent_count=absent, late_count=late,
            excused_count=excused, total_count=total, percentage=float(percentage))
        for own, roll_no, name, present, absent, late, excused, total, percentage in rows]
