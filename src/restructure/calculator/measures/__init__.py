"""Measures: what each of them is, and how it is carried out.

`up_front` (pay, settle), `relief` (waive, forgive), `deferral` (capitalise, defer, spread), `rate`, `holiday`, `timing`
(extend, move_due, frequency), `method` and `solve` (reamortise) hold the model of a measure with the functions that
carry it out. `catalogue` is the union of the models, `measure_set` sorts a set by `phases`, `books` holds what is owed
while the measures divide it, `fields` what several models share, and `presets` names common compositions.
"""
