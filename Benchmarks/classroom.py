"""Classes with their rosters, sessions and marks, the same for one seed, what the contract makes of them, and how they come into
either server."""
import dataclasses
import datetime
import json
import random
import uuid
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from harness import copy_rows

WORDS = {"present": 80, "absent": 12, "late": 6, "excused": 2}
FIRST_DAY = datetime.date(2025, 1, 6)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Mark:
    word: str
    is_by_ai: bool = False
    score: float | None = None

    @property
    def other(self):
        """What a teacher who sees it the other way makes of it. Each turn changes the word."""
        return Mark("absent" if self.word in ("present", "late") else "present")

    def fields(self):
        return {"status": self.word, "recognizedByAi": self.is_by_ai, "similarityScore": self.score}


@dataclass
class SchoolClass:
    code: str
    name: str
    section: str
    students: list
    # By the day of the session, then by roll number.
    marks: dict

    def copy(self):
        return dataclasses.replace(self, marks={day: dict(marks) for day, marks in self.marks.items()})

    def updates(self, marks):
        """The body of `PUT /attendance/sessions/{id}/statuses`, as the app sends it (contract 4.7, 7.11)."""
        return {"updates": [{"rollNo": number} | mark.fields() for number, mark in marks.items()]}

    # MARK: What is to be answered

    @property
    def roster(self):
        return [
            {key: student[key] for key in ("rollNo", "name", "program", "semester")}
            for student in sorted(self.students, key=lambda student: student["rollNo"])]

    def statuses(self, day):
        names = {student["rollNo"]: student["name"] for student in self.students}
        return [{"rollNo": number, "name": names[number]} | mark.fields() for number, mark in sorted(self.marks[day].items())]

    @property
    def sessions(self):
        """Newest first (contract 4.8)."""
        return [{"sessionDate": str(day), "statuses": self.statuses(day)} for day in sorted(self.marks, reverse=True)]

    @property
    def statistics(self):
        """Per student by roll number; late is not present here (contract 4.9)."""
        rows = []
        for student in self.roster:
            words = [marks[student["rollNo"]].word for marks in self.marks.values() if student["rollNo"] in marks]
            share = (Decimal(100 * words.count("present")) / (len(words) or 1)).quantize(CENT, ROUND_HALF_UP)
            rows.append(
                {"rollNo": student["rollNo"], "studentName": student["name"]}
                | {f"{word}Count": words.count(word) for word in WORDS}
                | {"totalCount": len(words), "percentage": float(share)})
        return rows


class Classroom:
    """`classes` classes of 60 students with 20 sessions, in all of which everybody has a mark, and one of `large` students with
    `sessions` sessions, the last in the list. All belong to one teacher; students attend several."""

    def __init__(self, seed, classes=20, large=200, sessions=300):
        self.random = random.Random(seed)
        self.students = [
            {"rollNo": f"24/{self.random.choice(('CO', 'EE', 'ME', 'BT'))}/{number:03}", "name": f"Student {number:03}",
             "program": "BTECH", "semester": str(1 + number % 8)}
            for number in range(2 * large)]
        self.classes = [self.school_class(number, 60, 20) for number in range(classes)]
        self.classes.append(self.school_class(classes, large, sessions))

    def school_class(self, number, students, sessions):
        chosen = self.random.sample(self.students, students)
        days = [FIRST_DAY + datetime.timedelta(days=day) for day in range(sessions)]
        return SchoolClass(
            f"CS{number:03}", f"Subject {number:03}", "A", chosen,
            {day: {student["rollNo"]: self.mark() for student in chosen} for day in days})

    def mark(self):
        word = self.random.choices(list(WORDS), WORDS.values())[0]
        # A tenth as a camera would; two decimals that binary fractions have too.
        return Mark(word, True, 50 + self.random.randrange(200) / 4) if self.random.random() < 0.1 else Mark(word)

    # MARK: Into the tables of the reference

    def copy_into(self, url, folder, teacher):
        """Fills the reference's tables. Returns the ids of the teacher, of the classes, and of the sessions by class and day."""
        new = lambda: str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        begin = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
        owner = new()
        users = [{"id": owner, "email": teacher, "name": "Asha Verma", "role": "teacher"}]
        own = {student["rollNo"]: new() for student in self.students}
        students = [
            {"id": own[student["rollNo"]], "roll_no": student["rollNo"]}
            | {key: student[key] for key in ("name", "program", "semester")}
            for student in self.students]
        classes, class_students, sessions, statuses = [], [], [], []
        class_ids, session_ids = [new() for _ in self.classes], {}
        for number, one in enumerate(self.classes):
            moment = begin + datetime.timedelta(minutes=number)
            classes.append({
                "id": class_ids[number], "code": one.code, "name": one.name, "section": one.section, "teacher_id": owner,
                "created_at": moment, "updated_at": moment})
            class_students += [{"class_id": class_ids[number], "student_id": own[student["rollNo"]]} for student in one.students]
            for day, marks in one.marks.items():
                session_ids[number, day] = new()
                sessions.append({
                    "id": session_ids[number, day], "class_id": class_ids[number], "teacher_id": owner, "session_date": day})
                statuses += [
                    {"session_id": session_ids[number, day], "student_id": own[roll_number], "status": mark.word,
                     "recognized_by_ai": mark.is_by_ai, "similarity_score": mark.score}
                    for roll_number, mark in marks.items()]
        copy_rows(url, folder, {
            "users": users, "students": students, "classes": classes, "class_students": class_students,
            "attendance_sessions": sessions, "attendance_statuses": statuses})
        return owner, class_ids, session_ids

    # MARK: Over the wire

    def send(self, ask):
        """Sends everything as the apps would. `ask(method, path, body)` answers with what came back. Returns the ids of the
        classes, and of the sessions by class and day."""
        class_ids, session_ids = [], {}
        for number, one in enumerate(self.classes):
            own = ask("POST", "/classes", {"code": one.code, "name": one.name, "section": one.section})["id"]
            class_ids.append(own)
            ask("PUT", f"/classes/{own}/students", {"students": one.students})
            for day, marks in one.marks.items():
                session = ask("POST", "/attendance/sessions", {"classId": own, "sessionDate": str(day)})["sessionId"]
                session_ids[number, day] = session
                ask("PUT", f"/attendance/sessions/{session}/statuses", one.updates(marks))
        return class_ids, session_ids


def turns(one, day, session):
    """A line for `load turns`: the marks of a session the other way round, and that way round once more; and both as marks."""
    first = {number: mark.other for number, mark in one.marks[day].items()}
    second = {number: mark.other for number, mark in first.items()}
    bodies = (json.dumps(one.updates(marks), separators=(",", ":")) for marks in (first, second))
    return f"/attendance/sessions/{session}/statuses\t" + "\t".join(bodies) + "\n", (first, second)
