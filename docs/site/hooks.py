"""Hooks of MkDocs: add the generated pages, put them into the navigation, and show the Chinese pages in Chinese."""

import copy
import re
from pathlib import Path
from typing import Any

import generated
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

PAGES: dict[str, str] = {}
_CHINESE_END = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\n *(?=[\u3000-\u9fff\uff00-\uffef\[`*]\S)(?!\* )"
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the generated pages and append them to the sections that they belong to."""
    PAGES.clear()
    PAGES.update(generated.pages(Path(config.docs_dir).parent))
    for section in config.nav or []:
        for title, entries in section.items():
            if title in generated.NAVIGATION:
                entries.extend(generated.NAVIGATION[title](PAGES))
    config.watch.append(str(Path(config.docs_dir).parent / "src"))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages; one that stands in docs/ too would hide the other and is refused."""
    for path, text in PAGES.items():
        if files.get_file_from_path(path) is not None:
            raise ValueError(f"docs/{path} is generated and must not be committed")
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the marks that stand for generated parts, and let no end of a line become a blank between Chinese words."""
    if page.file.src_uri.startswith("zh/"):
        parts = markdown.split("```")
        parts[::2] = [_CHINESE_END.sub("", part) for part in parts[::2]]
        markdown = "```".join(parts)
    return generated.filled(markdown, Path(config.docs_dir).parent)


def on_page_context(
    context: dict[str, Any], *, page: Page, config: MkDocsConfig, nav: Navigation
) -> dict[str, Any]:
    """Show every page in its own language: words of the theme, navigation, neighbours, and the way to the other."""
    path = page.file.src_uri
    chinese = path.startswith("zh/")
    config.theme["language"] = "zh" if chinese else "en"
    known = {other.file.src_uri: other for other in nav.pages}
    english = known.get(path.removeprefix("zh/"), known["index.md"])
    translated = known.get(path if chinese else f"zh/{path}", known["zh/index.md"])
    config.extra["alternate"] = [
        {"name": "English", "link": english.url or ".", "lang": "en"},
        {"name": "中文", "link": translated.url, "lang": "zh"},
    ]
    sections = [item for item in nav.items if item.title != "中文"]
    if chinese:
        sections = next(item for item in nav.items if item.title == "中文").children or []
    shown = copy.copy(nav)
    shown.items = sections
    shown.homepage = known["zh/index.md" if chinese else "index.md"]
    context["nav"] = shown
    for side in ("previous_page", "next_page"):
        neighbour = getattr(page, side)
        if neighbour is not None and neighbour.file.src_uri.startswith("zh/") != chinese:
            setattr(page, side, None)
    return context
