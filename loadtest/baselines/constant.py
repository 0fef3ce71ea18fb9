"""The least that FastAPI can do: ``python -m loadtest.baselines.constant PORT BYTES`` answers every id with so many.

uvicorn as the API has it (uvloop; httptools where it is installed, else h11), without access log. No token is checked,
nothing is looked up.
"""

import sys

import uvicorn
from fastapi import FastAPI, Response


def main(port: int, size: int) -> None:
    """Serves until killed."""
    content = b'"' + b"x" * (size - 2) + b'"'
    app = FastAPI()

    @app.get("/v1/stations/{station_id}")
    async def station(station_id: str) -> Response:
        return Response(content, media_type="application/json")

    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
