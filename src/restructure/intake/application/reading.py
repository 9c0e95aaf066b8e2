"""Reading an application from a file."""

from pathlib import Path

from restructure.document import read_document, read_model
from restructure.errors import InvalidInput
from restructure.intake.application.application import Application
from restructure.intake.application.consistency import problems
from restructure.intake.application.loans import position_on

__all__ = ["read_application"]


def read_application(path: str | Path) -> Application:
    """Read an application from a JSON or YAML file.

    Raises `InvalidInput` with every finding at once, each as `file:line:column: code: place: sentence`.
    """
    document = read_document(path)
    application = read_model(Application, document)
    issues = problems(application)
    try:
        if not issues:
            position_on(application.loan, application.as_of)
    except InvalidInput as error:
        issues += error.issues
    if issues:
        raise InvalidInput(document.located(issues))
    return application
