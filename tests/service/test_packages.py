"""The packages of the example service are here, or it is said that nothing of it was tested."""

import pytest


@pytest.mark.parametrize("package", ["fastapi", "httpx", "psycopg", "schemathesis", "sqlmodel", "uvicorn"])
def test_a_package_of_the_service_is_here(package):
    pytest.importorskip(package, reason=f"NOT CHECKED: the example service; {package} is not installed")
