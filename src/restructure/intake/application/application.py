"""The application as a whole, read from a file, a text or plain data."""

from collections.abc import Mapping
from typing import Any

from restructure.document import read_model
from restructure.errors import InvalidInput
from restructure.inputs import Source, document_of, with_values
from restructure.intake.application.consistency import problems
from restructure.intake.application.content import ApplicationContent
from restructure.intake.application.loans import position_on

__all__ = ["Application", "read_application"]


class Application(ApplicationContent):
    """Everything known on a day about a borrower, the loan and the difficulty."""

    def with_values(self, values: Mapping[str, Any]) -> "Application":
        """Give the application with some values replaced, each named by its place; a list takes one more at its end.

        Everything is checked as when it is read. Raises `InvalidInput` with every finding.

        >>> case = read_application("examples/illness.json")
        >>> str(case.with_values({"finances.income.0.monthly": "5000"}).finances.income[0].monthly)
        '5000.00'
        """
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return read_application(with_values(data, values))


def read_application(source: Application | Source) -> Application:
    """Read an application from a path (JSON or YAML), a text, or plain data; an application is returned unchanged.

    Raises `InvalidInput` with every finding at once, each as `file:line:column: code: place: sentence`.
    """
    if isinstance(source, Application):
        return source
    document = document_of(source, "an application")
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
