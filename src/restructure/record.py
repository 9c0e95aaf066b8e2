"""`Record`: the frozen model that every noun of the library is."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Record"]


class Record(BaseModel):
    """Freeze the fields, refuse unknown ones, and take field docs from attribute docstrings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_default=False,
        ser_json_inf_nan="strings",
    )
