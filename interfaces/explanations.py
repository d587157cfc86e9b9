"""Every problem type and failure type a person can meet: what it means and what to do, for offline reading.

`moviemind explain` prints them, docs/problems.md lists them.
"""

from dataclasses import dataclass
from typing import Literal

from domain.values import FailureType


@dataclass(frozen=True, slots=True)
class Explanation:
    """`met` says where: as a problem document of the API, as the failure of a job, or on the command line."""

    met: Literal["api", "job", "command line"]
    meaning: str
    fix: str


_API = {
    "slug-refused": (
        "The slug breaks a rule: 3 to 255 characters; lower case letters a-z and digits in groups joined by "
        "single hyphens; not digits alone; at least 5 characters where it carries no year; nothing that "
        "reads like an instruction to a model.",
        "Write title and year, such as the-matrix-1999. The detail names the rule that was broken.",
    ),
    "reads-like-an-order": (
        "The title, director, genres or text of a request hold a phrase that only makes sense as an "
        "instruction to a model. A model is told them, so nothing was accepted.",
        "`field` says where, and `phrase` what was read there. Give a name as it stands on the film; in a "
        "text, say it in other words.",
    ),
    "facts-contradict-slug": (
        "The slug ends in one year and release_year says another, so two films may be meant.",
        "Correct one of the two. To correct the year of a film that is known already, use "
        "PATCH /v1/movies/{slug} or `moviemind correct`.",
    ),
    "idempotency-key-reused": (
        "The Idempotency-Key came with another body within the last 24 hours, so one of the two is a "
        "mistake. Nothing was accepted.",
        "Draw a new key for every new request, such as a UUID; send the same one only to repeat a request.",
    ),
    "validation-error": (
        "A field of the request has a wrong type, a value out of bounds, or a name that is not known.",
        "`errors` names every such field, its rule, and what would be right.",
    ),
    "bad-request": ("The body of the request cannot be read at all.", "Send a complete JSON body."),
    "content-too-large": (
        "The body of the request is larger than 65,536 bytes.",
        "Send less; for many films use one request for each, or `moviemind generate --from FILE`.",
    ),
    "headers-too-large": (
        "The headers of the request had not ended after 65,536 bytes; the connection was closed.",
        "Send less; cookies and long queries are not needed here.",
    ),
    "last-event-id-invalid": (
        "The header Last-Event-ID is not the id of an event that this service has sent.",
        "Send the id of the last event that was received, or none to be told everything again.",
    ),
    "unauthorized": (
        "The service wants a key of every caller, and none came, or one it does not know.",
        "Send the key as X-API-Key or as Authorization: Bearer; commands take it from MOVIEMIND_API_KEY.",
    ),
    "scope-missing": (
        "The key that came may not do this: keys have the scope read, generate or admin, and each holds "
        "those before it.",
        "`needed` says which scope it takes. An admin makes such a key with `moviemind keys create --scope`.",
    ),
    "key-not-found": (
        "No key has this id.",
        "Take the key_id from `moviemind keys list`: mm_ and 12 characters.",
    ),
    "not-described": (
        "The film, or the language and style asked for, has no description yet, and the key may only read.",
        "Ask for one by POST /v1/generate, with a key that has the scope generate.",
    ),
    "origin-not-allowed": (
        "A page in a browser asked whether it may call, and its origin, method or headers are not allowed.",
        "The detail says which of them. Pages are named in MOVIEMIND_CORS_ORIGINS.",
    ),
    "not-found": ("There is no such route.", "See /openapi.json for the routes there are."),
    "method-not-allowed": (
        "The route exists and does not answer this method.",
        "The header Allow names those it answers.",
    ),
    "job-not-found": (
        "No job has this id.",
        "Take the job_id from the answer of a request, or list /v1/jobs.",
    ),
    "movie-not-found": (
        "Nobody has asked for this film yet, so nothing is known of it.",
        "Ask for it: POST /v1/generate, or `moviemind generate SLUG`.",
    ),
    "description-not-found": (
        "The film has no description of this id.",
        "Take the id from the film: GET /v1/movies/{slug}, or `moviemind movies show SLUG`.",
    ),
    "text-not-found": (
        "No film has a description of this id.",
        "Take the id from a film, or from GET /v1/audit/texts, or `moviemind audit texts`.",
    ),
    "description-is-withdrawn": (
        "The text was withdrawn, because it was wrong or must not be read. The history keeps it.",
        "Choose another description of the film.",
    ),
    "not-known-yet": (
        "The film is known now and was not at the moment that was named.",
        "Ask for a later one: `begins_at` says when its history begins.",
    ),
    "version-not-found": (
        "The film's stream is shorter than the version asked for.",
        "The detail says how far it goes; `moviemind history SLUG` prints all versions.",
    ),
    "not-the-requester": (
        "Others may have joined the job, so only who asked for it or an admin may cancel it.",
        "Ask one of them; the job does no harm.",
    ),
    "job-is-final": ("The job has ended, so there is nothing to cancel.", "Nothing needs to be done."),
    "job-has-not-failed": (
        "Only a job that has FAILED can be retried; this one is in another state.",
        "See where it stands: `moviemind jobs show JOB_ID`. One that is DONE needs no retry; instead of one "
        "that was CANCELLED ask anew.",
    ),
    "another-job-active": (
        "Another job is writing the same film, language and style already.",
        "Follow that one; its id is in the problem.",
    ),
    "precondition-required": (
        "A change of a film must say which state of it was seen, so that nobody undoes what nobody read.",
        "Send the ETag of GET /v1/movies/{slug} as If-Match, or If-Match: * for any state.",
    ),
    "stale-version": (
        "The film has changed since the version that was sent as If-Match.",
        "Read it again, look what changed (GET /v1/movies/{slug}/diff), and decide on that.",
    ),
    "cursor-invalid": ("The cursor was not made by this service.", "Take next_cursor of the page before."),
    "cursor-expired": (
        "The cursor belongs to an event log that has been replaced, so its place no longer exists.",
        "Start again from the first page.",
    ),
    "budget-exceeded": (
        "What a day may cost is spent, for the whole service or for your key; nothing new is accepted.",
        "Send it again after Retry-After, or have the budget raised. What was accepted waits, and nothing of "
        "it is lost; texts that are there can be read.",
    ),
    "rate-limited": (
        "The key has sent as many requests within a minute as it may. This one was not carried out.",
        "Send it again after Retry-After; RateLimit in answers says how many are left. Operators set "
        "how many there are: MOVIEMIND_RATE_LIMIT_GENERATE and MOVIEMIND_RATE_LIMIT_READ.",
    ),
    "too-much-contention": (
        "So many requests changed the film at once that this one was overtaken again and again.",
        "Send it again after Retry-After; nothing was done.",
    ),
    "store-unavailable": (
        "The event store cannot be read or written: its disk is full or can only be "
        "read, it is damaged, or another process holds it.",
        "The detail says which, and what to do. What was accepted is kept, and goes on by itself.",
    ),
    "queue-unavailable": (
        "The queue that wakes workers cannot be reached or takes no messages.",
        "The detail says why. No job is lost: jobs are kept in the event store, and go to workers again once "
        "the queue is back.",
    ),
    "read-behind": (
        "A view has not yet followed what was just written, so the answer would not be certain.",
        "Ask again after Retry-After. If it stays, see /health for the lag and the log for the cause.",
    ),
    "rebuild-under-way": (
        "Views of this store are being rebuilt or verified already.",
        "Wait for that to end. One that was killed does not stand in the way.",
    ),
    "rebuild-not-started": (
        "A service could not start the process that folds views anew. The views in use are as they were.",
        "Read the reason, and the service's log. The same is done by: moviemind projections rebuild.",
    ),
    "event-too-new": (
        "Something has happened to the film that only a newer MovieMind can read, so this process decides "
        "nothing about it. It was not upgraded with the others, or was set back to an older version.",
        "Upgrade the process that answers, and restart it. What was accepted goes on then; nothing is lost.",
    ),
    "internal-error": (
        "Something broke that should not.",
        "Look in the log for the request_id, and report it.",
    ),
}

_JOB = {
    FailureType.AI_API_ERROR: (
        "The writing service answered with an error or could not be reached.",
        "Tried again by itself; after three tries check the service and retry: `moviemind jobs retry`.",
    ),
    FailureType.TIMEOUT: (
        "The text was not there within the deadline (MOVIEMIND_AI_DEADLINE_SECONDS).",
        "Tried again by itself; if it repeats, raise the deadline.",
    ),
    FailureType.RATE_LIMITED: (
        "The writing service asked us to slow down.",
        "Tried again by itself later; if it repeats, use fewer worker threads.",
    ),
    FailureType.VALIDATION_ERROR: (
        "A text was written and was not good enough to be shown.",
        "Tried again by itself; technical_message of the job says what was wrong.",
    ),
    FailureType.NOT_FOUND: (
        "The writer does not know the film. It is not tried again: asking once more would not help.",
        "Check title and year; then `moviemind jobs retry`.",
    ),
    FailureType.WORKER_LOST: (
        "The worker died or held the job too long, so another one takes over.",
        "Taken over by itself at once; it counts as one of three tries.",
    ),
    FailureType.UNKNOWN_ERROR: (
        "The writer failed in a way nobody foresaw.",
        "Tried again by itself; technical_message of the job and the log say what happened.",
    ),
}

_COMMAND_LINE = {
    "title-makes-no-slug": (
        "The title has no letter or digit that a slug could be made of.",
        "Ask for this film by a slug of your own: `moviemind generate SLUG`.",
    ),
    "films-file-unusable": (
        "The file of films cannot be read to its end. It is read once before anything of it is asked for; "
        "only of a pipe the rows before the fault have been asked for.",
        "It must be CSV in UTF-8, its first line title,year,director,genre; cells with commas in quotes.",
    ),
    "movie-not-described": (
        "The film has no description that could be shown.",
        "Ask for one: `moviemind generate SLUG`.",
    ),
    "movie-not-described-then": (
        "The film was known at that moment and had no description that could be shown.",
        "`moviemind history SLUG` says since when there is one. Texts that were withdrawn since are shown to "
        "a key with the scope admin alone.",
    ),
    "description-unknown": (
        "No film has a description of this id.",
        "`moviemind movies show SLUG` prints those of a film.",
    ),
    "text-unreadable": ("The file with the new text cannot be read.", "It must exist and be UTF-8."),
    "wrong-settings": (
        "An environment variable with the prefix MOVIEMIND_ is wrong, unknown, or contradicts another.",
        "The message names each variable and its rule; docs/settings.md lists all.",
    ),
    "address-not-usable": (
        "The address cannot be served on: another program has it, or it is none of this machine.",
        "Choose another with --port (0 takes a free one) or --host.",
    ),
    "store-in-use": (
        "Another process serves the same event store; two would get in each other's way.",
        "Use that one (the message says where), stop it, or choose another --data-dir.",
    ),
    "store-not-usable": (
        "The event store cannot be opened, or is damaged. It has been left as it is.",
        "Read the reason in the message; a damaged store is restored from a backup.",
    ),
    "schema-missing": (
        "The database lacks tables of MovieMind, all or some. Servers never make them by themselves.",
        "Run: moviemind schema create",
    ),
    "needs-postgres": (
        "The command is for several processes that share a store; a SQLite store belongs to one process.",
        "Set MOVIEMIND_STORE_URL to a PostgreSQL database, or use `moviemind up`, which does everything.",
    ),
    "needs-shared-queue": (
        "The embedded queue lives in one process; a worker of its own would never see a message.",
        "Set MOVIEMIND_QUEUE to redis or database, or leave it out.",
    ),
    "schema-too-new": (
        "A newer version of MovieMind has written this store.",
        "Upgrade MovieMind, or choose another --data-dir.",
    ),
    "view-needs-rebuild": (
        "This version of MovieMind shapes the rows of views in another way than the one that folded them.",
        "Run what the message says, moviemind projections rebuild NAME…, with this version. Processes of the "
        "older one serve until the new rows are there.",
    ),
    "view-too-new": (
        "A newer version of MovieMind has rebuilt a view, whose rows this one cannot read.",
        "Upgrade MovieMind here too.",
    ),
    "rebuild-failed": (
        "A view could not be folded anew. The one in use has been left as it is.",
        "Read the reason. An event that cannot be folded is a fault of this version of MovieMind: use the "
        "version that wrote it, or a newer one, and report it.",
    ),
    "key-malformed": (
        "The text is no key for checkpoints: NAME+ID+BASE64, or PRIVATE+KEY+NAME+ID+BASE64 to sign with.",
        "Copy the key again, the whole line.",
    ),
    "note-malformed": (
        "The checkpoint is not in the format of signed notes, so it was damaged or is something else.",
        "Fetch it again, and change nothing in it, not even the ends of its lines.",
    ),
    "not-signed": (
        "The checkpoint carries no signature of this key.",
        "Use the key it was signed with; if there should be none other, do not trust the checkpoint.",
    ),
    "signature-wrong": (
        "The signature is not that of this text: the one or the other was changed.",
        "Compare it with a copy that is kept elsewhere.",
    ),
    "other-log": (
        "The checkpoint is that of the history of another service.",
        "Compare its first line with the name in the key.",
    ),
    "tree-too-small": (
        "The checkpoint is older than the event, of which it can say nothing.",
        "Take a checkpoint that was made after the event.",
    ),
    "tile-incomplete": (
        "Hashes of the tree over the history are missing in the store.",
        "Build the tree anew from the events, and compare it with checkpoints that are kept elsewhere.",
    ),
    "place-unavailable": (
        "The signed history cannot be published, or read where it is: the directory or the server does not "
        "work. Nothing is lost; the service tries again.",
        "Mend the place, or name another in MOVIEMIND_CHECKPOINT_PLACE.",
    ),
    "nothing-published": (
        "There is no checkpoint in the place where the history is published: it is new, it is not the one "
        "that was meant, or somebody has removed it.",
        "Look whether it is the right place. If nothing was ever published there, type once: moviemind audit "
        "checkpoint --begin.",
    ),
    "history-changed": (
        "The events in the store do not continue those that were signed, so somebody has changed them, or an "
        "older copy was restored. Nothing was signed.",
        "Run `moviemind audit verify`, which names the first event that is not as it was. After an older "
        "copy was restored on purpose, publish in a new place, and keep the old one: it tells what was lost.",
    ),
    "not-provable": (
        "The checkpoint and the events do not fit: it was signed for another event in this place.",
        "Run `moviemind audit verify`, which names the first event that is not as it was.",
    ),
    "needs-signing-key": (
        "A checkpoint is signed, and the service has no key to do so.",
        "Make one with `moviemind audit new-key NAME`, and set MOVIEMIND_AUDIT_SIGNING_KEY to it.",
    ),
    "backup-not-written": (
        "The directory for the backup cannot be made or written, or is not empty.",
        "Name a directory that is not there yet, on a disk with room.",
    ),
    "backup-not-usable": (
        "The directory holds no whole backup, or its events are not those that were written.",
        "Take another backup; one whose manifest is missing was cut short while it was made.",
    ),
    "store-holds-others": (
        "A backup is restored into an empty store only, so that no history is mixed with another.",
        "Stop every service, and name a new database or data directory. A restore that was cut short is "
        "simply started again.",
    ),
    "directory-not-usable": (
        "The data directory cannot be made or written.",
        "Mend its permissions, or choose another with --data-dir.",
    ),
    "key-unusable": (
        "The API key holds a line break, a control character or a letter that no header may hold.",
        "Set MOVIEMIND_API_KEY to the key as `moviemind keys create` printed it.",
    ),
    "service-unreachable": (
        "Nothing answers at the service's address.",
        "Start it with `moviemind up`, or check --url.",
    ),
    "job-not-ended": (
        "A program stopped waiting for a job before the job had ended. The job goes on without it.",
        "Wait longer, or look at it later: `moviemind jobs show JOB_ID`.",
    ),
    "not-movie-mind": ("Another program answers at this address.", "Check --url."),
}

EXPLANATIONS: dict[str, Explanation] = {
    **{code: Explanation("api", *texts) for code, texts in _API.items()},
    **{code.value: Explanation("job", *texts) for code, texts in _JOB.items()},
    **{code: Explanation("command line", *texts) for code, texts in _COMMAND_LINE.items()},
}
