"""The service as uvicorn finds it: `uvicorn service.main:app --app-dir examples`."""

import os

from restructure import load_policy

from .api import service
from .storage import Store

app = service(
    Store(os.environ.get("RESTRUCTURE_DATABASE", "sqlite:///restructure.db")),
    load_policy(os.environ.get("RESTRUCTURE_POLICY", "cn-consumer-finance")),
)
