"""What if a number were another? `marimo run examples/whatif/app.py`, or `marimo edit` to see and change the code.

`-- --application FILE` takes another application; `?lang=zh` in the address begins in Chinese.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="What if? 如果调整，会怎样？")


@app.cell(hide_code=True)
def _():
    import os
    import sys

    import marimo as mo

    sys.path.insert(0, str(mo.notebook_dir().parent))

    from restructure import RestructureError
    from whatif.comparison import EXAMPLE, start
    from whatif.page import LANGUAGES, PHRASES, SLIDERS, label, opening, page, unreadable

    return (
        EXAMPLE,
        LANGUAGES,
        PHRASES,
        SLIDERS,
        RestructureError,
        label,
        mo,
        opening,
        os,
        page,
        start,
        unreadable,
    )


@app.cell(hide_code=True)
def _(LANGUAGES, mo, os):
    _asked = mo.query_params().get("lang") or os.environ.get("RESTRUCTURE_LANGUAGE")
    language = mo.ui.radio(
        LANGUAGES,
        value=next((name for name, code in LANGUAGES.items() if code == _asked), "English"),
        inline=True,
    )
    language
    return (language,)


@app.cell(hide_code=True)
def _(EXAMPLE, RestructureError, language, mo, start, unreadable):
    # Read and decided once: a slider only decides again.
    try:
        begun = start(mo.cli_args().get("application") or EXAMPLE)
    except RestructureError as error:
        mo.stop(True, mo.Html(unreadable(error, language.value)))
    return (begun,)


@app.cell(hide_code=True)
def _(begun, language, mo, opening):
    mo.Html(opening(begun, language.value))
    return


@app.cell(hide_code=True)
def _():
    # What the sliders say, kept while they are made anew in another language.
    kept = {}
    return (kept,)


@app.cell(hide_code=True)
def _(PHRASES, kept, language, mo):
    def _forget(presses):
        kept.clear()
        return (presses or 0) + 1

    reset = mo.ui.button(label=PHRASES[language.value]["reset"], on_click=_forget, kind="neutral")
    return (reset,)


@app.cell(hide_code=True)
def _(SLIDERS, begun, kept, label, language, mo, reset):
    reset

    def _slider(each):
        # The widget counts in floats; a number is exact again where it is decided with.
        number = float if each.low % 1 or each.today % 1 else int
        return mo.ui.slider(
            number(each.low),
            number(each.high),
            each.step,
            value=kept.get(each.name, number(each.today)),
            label=label(begun, each, language.value),
            include_input=True,
            full_width=True,
        )

    # Each has a name of its own: of elements in one batch or dictionary marimo sends only the last change, so that
    # what moves on one slider while another's change waits would be lost.
    _made = [_slider(each) for each in begun.ranges]
    first, second, third, fourth, fifth = [*_made, *[None] * (5 - len(_made))]
    _columns = "".join(f"<div>{each}</div>" for each in _made)
    mo.vstack([mo.Html(f"<div style='{SLIDERS}'>{_columns}</div>"), reset])
    return fifth, first, fourth, second, third


@app.cell(hide_code=True)
def _(begun, fifth, first, fourth, kept, language, mo, page, second, third):
    _sliders = [each for each in (first, second, third, fourth, fifth) if each is not None]
    _values = {each.name: slider.value for each, slider in zip(begun.ranges, _sliders, strict=True)}
    kept.update(_values)
    mo.Html(page(begun, _values, language.value))
    return


if __name__ == "__main__":
    app.run()
