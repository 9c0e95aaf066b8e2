"""Locating: find the file of a policy and the files beside it, refusing links that lead out of its folder."""

from importlib.resources import files
from os import PathLike
from pathlib import Path

from restructure.errors import InvalidPolicy, Issue, did_you_mean, quoted
from restructure.text_file import is_file, is_folder

__all__ = ["find_base", "find_policy", "inside", "packaged_policies"]


def packaged_policies() -> dict[str, Path]:
    """List the policies that come with the library, by name."""
    package = Path(str(files("restructure")))
    for folder in (package / "rules", package.parents[1] / "rules"):
        if folder.is_dir():
            return {path.parent.name: path for path in sorted(folder.glob("*/policy.yaml"))}
    return {}


def find_policy(source: str | PathLike[str]) -> Path:
    """Find a policy by its file, its folder, or the name of a packaged one."""
    path = Path(source)
    if is_folder(path):
        path = inside(path, "policy.yaml")
    if is_file(path):
        return path
    packaged = packaged_policies()
    if str(source) in packaged:
        return packaged[str(source)]
    raise InvalidPolicy(
        Issue(
            "policy-missing",
            f"{quoted(source)} is neither a file nor a packaged policy{did_you_mean(source, packaged)}",
        )
    )


def find_base(source: str, folder: Path) -> Path:
    """Find a policy that another extends: by a path relative to that one's folder, or among the packaged ones."""
    path = folder / source
    if Path(source).is_absolute():
        raise InvalidPolicy(
            Issue("policy-missing", f'"{source}" is an absolute path; write one relative to this file')
        )
    if is_folder(path):
        path = inside(path, "policy.yaml")
    if is_file(path) and path.suffix in (".yaml", ".yml"):
        return path
    packaged = packaged_policies()
    if source in packaged:
        return packaged[source]
    raise InvalidPolicy(
        Issue(
            "policy-missing",
            f"{quoted(source)} is neither a policy by its path from here nor a packaged one"
            f"{did_you_mean(source, packaged)}",
        )
    )


def inside(folder: Path, name: str) -> Path:
    """Give the path of a file in a folder; raises `InvalidPolicy` if its path or a link leads out of the folder."""
    path = folder / name
    try:
        within = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or characters that no path can have
        within = False
    if not within:
        raise InvalidPolicy(
            Issue(
                "file-outside",
                f'"{name}" leads out of the folder of the policy; copy the file into it',
                file=str(path),
            )
        )
    return path
