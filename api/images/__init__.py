"""Pictures that strangers send. `rules` holds the limits and the reasons to refuse; `recode` turns bytes into clean,
smaller pictures, and is run by `child`, a process of its own that may take so much memory and time and no more; `press`
keeps those processes few and hands the outcome, pictures or a refusal, to whoever asked.
"""
