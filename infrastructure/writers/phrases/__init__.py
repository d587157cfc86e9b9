"""The sentences of the template writer, a module a language.

`STYLES` holds, for each style, sentences to open with (the film), to go on with (its genres) and to close
with. A sentence is usable when every fact it names is known; every list has some that need few facts.
"""
