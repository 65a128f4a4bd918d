"""Products' pictures. `routes.py` takes an upload and answers at once with a job; the upload's event reaches a worker,
where `reactions.py` has `api/images` press it into three sizes. `store.py` keeps uploads for a while and pictures for
good, by names made of their content; `jobs.py` tells how far a job is.
"""
