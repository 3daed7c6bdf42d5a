"""Who asks: an HS256 token, and the row of the user it names."""
import os
from uuid import UUID

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jose import ExpiredSignatureError, JWTError, jwt
from sqlalchemy.orm import Session

from aims.database import get_db
from aims.models import User, UserRole

SECRET = os.environ["JWT_SECRET"]
bearer = HTTPBearer()


def refused(detail):
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


async def get_current_user(credentials: HTTPAuthorizationCredentials = Depends(bearer), db: Session = Depends(get_db)):
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])
    except ExpiredSignatureError:
        raise refused("Token has expired")
    except JWTError as error:
        raise refused(f"Invalid token: {error}")
    try:
        own, _, _ = UUID(claims["sub"]), claims["email"], UserRole(claims["role"])
    except (KeyError, ValueError):
        raise refused("Invalid token payload")
    user = db.query(User).filter(User.id == own).first()
    if user is None:
        raise refused("User not found")
    return user


async def require_teacher(user: User = Depends(get_current_user)):
    if user.role not in (UserRole.teacher, UserRole.admin):
        raise HTTPException(403, "Teacher or admin access required")
    return user
