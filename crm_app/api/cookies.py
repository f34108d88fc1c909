"""Giving a cookie to a browser and taking it back: scripts cannot read it, other sites' forms do not send it."""

from fastapi import Response

from crm_app.config import get_settings
from crm_app.core.cookies import HouseCookie


def put(response: Response, cookie: HouseCookie, value: str, *, seconds: float) -> None:
    """Have the browser keep a cookie for so long."""
    response.set_cookie(
        cookie.name,
        value,
        max_age=int(seconds),
        httponly=True,
        samesite="lax",
        secure=get_settings().secure_cookies,
        path=cookie.path,
    )


def drop(response: Response, cookie: HouseCookie) -> None:
    """Have the browser forget a cookie."""
    secure = get_settings().secure_cookies
    response.delete_cookie(cookie.name, path=cookie.path, httponly=True, samesite="lax", secure=secure)
