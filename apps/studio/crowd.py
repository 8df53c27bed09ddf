"""What a visitor is told when too many people are waiting already.

Gradio answers with status 503, for which its page has one English sentence, whatever the server says. Under another
status it shows what it is told; the style sheet hides the language that the reader did not choose.
"""

from __future__ import annotations

from fastapi import HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse

from .strings import escaped


async def refuse(request: Request, error: HTTPException) -> Response:
    """The refusal in both languages for a page, as it is for a program."""
    if request.headers.get("x-gradio-user") != "app":
        return await http_exception_handler(request, error)
    told = {"en": escaped("error.crowded", "en"), "zh-CN": escaped("error.crowded", "zh")}
    said = "".join(f'<span lang="{tag}">{line}</span>' for tag, line in told.items())
    return JSONResponse({"detail": said}, status_code=429)
