"""The connection pool, and one session for each request."""
import os

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine(os.environ["DATABASE_URL"])
SessionLocal = sessionmaker(autocommit=False, autoflush=False, bind=engine)


async def get_db():
    # A coroutine, since a plain generator would be sent to another thread and back, twice a request.
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
