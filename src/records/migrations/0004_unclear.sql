-- Replies that were not understood, for those who add words. Projected from the journal.
CREATE TABLE rec_unclear (
    n            INTEGER PRIMARY KEY,
    conversation TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    flow         TEXT    NOT NULL,
    step         TEXT    NOT NULL, -- behind # the question around a repeat
    language     TEXT    NOT NULL, -- the one spoken
    reason       TEXT    NOT NULL, -- unknown, too late, …
    said_sealed  BLOB    NOT NULL,
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_unclear_flow ON rec_unclear (flow, at);
