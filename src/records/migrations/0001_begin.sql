-- The record: a projection of the journal, and beside it what only the desk writes (users, audit, feed).
-- Times end in _at and are milliseconds since 1970. BLOB columns ending in _sealed open only with the key, the table,
-- the column and the conversation. The live store keeps its own tables (live_) in the same file.

-- Every line of the journal, sealed, in the order in which it was applied.
CREATE TABLE rec_archive (
    n            INTEGER PRIMARY KEY,
    shard        INTEGER NOT NULL,
    position     TEXT    NOT NULL,
    conversation TEXT,
    kind         TEXT    NOT NULL, -- turn, delivery, fault
    event_hash   BLOB,             -- turns: keyed hash of the event's id
    n_turn       INTEGER,          -- turns
    entry_sealed BLOB    NOT NULL,
    applied_at   INTEGER NOT NULL,
    UNIQUE (shard, position)
) STRICT;
CREATE UNIQUE INDEX rec_archive_turn ON rec_archive (conversation, event_hash, n_turn) WHERE kind = 'turn';

-- How far each shard's journal is archived.
CREATE TABLE rec_cursor (
    shard    INTEGER PRIMARY KEY,
    position TEXT NOT NULL
) STRICT;

CREATE TABLE rec_conversations (
    id                TEXT PRIMARY KEY,
    medium            TEXT    NOT NULL,
    address_sealed    BLOB    NOT NULL,
    address_hash      BLOB    NOT NULL,
    channel           TEXT,
    holder            TEXT    NOT NULL DEFAULT 'bot', -- bot, nobody or a tracer's login
    epoch             INTEGER NOT NULL DEFAULT 0,
    open_flow         TEXT,
    open_step         TEXT,
    waiting_since_at  INTEGER,
    language          TEXT,
    last_inbound_at   INTEGER,
    opted_out_at      INTEGER,
    identity_held_at  INTEGER,
    n_turn            INTEGER NOT NULL DEFAULT 0,
    began_at          INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_conversations_address ON rec_conversations (address_hash);

CREATE TABLE rec_people (
    conversation      TEXT    NOT NULL,
    number            INTEGER NOT NULL, -- 0 is who texts
    first_name_sealed BLOB    NOT NULL,
    birth_year_sealed BLOB,
    record_sealed     BLOB,             -- the caller's own id for them
    record_hash       BLOB,
    changed_at        INTEGER NOT NULL,
    PRIMARY KEY (conversation, number)
) STRICT;
CREATE INDEX rec_people_record ON rec_people (record_hash) WHERE record_hash IS NOT NULL;

-- The transcript: what they wrote, what was sent, tracers' notes, and marks (a flow began, a human was called …).
CREATE TABLE rec_messages (
    n            INTEGER PRIMARY KEY,
    conversation TEXT    NOT NULL,
    direction    TEXT    NOT NULL, -- in, out, note, mark
    n_turn       INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    channel      TEXT,
    text_sealed  BLOB    NOT NULL,
    event_hash   BLOB,             -- in: keyed hash of the event's id
    outbox       TEXT,             -- out: its id in the outbox
    purpose      TEXT,             -- out; for marks what kind of mark
    tracer       TEXT,             -- whose words, where a tracer's
    read         INTEGER,          -- in: whether the flow read it
    doubtful     INTEGER NOT NULL DEFAULT 0, -- in: may be a repeat, was only shown
    state        TEXT,             -- out: waiting, accepted, sent, delivered, read, failed, superseded, cancelled
    state_reason TEXT,             -- out: why it failed, by kind
    state_code   TEXT,             -- out: the provider's code
    state_at     INTEGER,
    deleted_at   INTEGER           -- in: they took it back
) STRICT;
CREATE INDEX rec_messages_conversation ON rec_messages (conversation, n);
CREATE UNIQUE INDEX rec_messages_outbox ON rec_messages (outbox) WHERE outbox IS NOT NULL;
CREATE INDEX rec_messages_event ON rec_messages (conversation, event_hash) WHERE event_hash IS NOT NULL;

-- The words a message had before they changed it.
CREATE TABLE rec_message_versions (
    n           INTEGER PRIMARY KEY,
    message     INTEGER NOT NULL REFERENCES rec_messages (n),
    text_sealed BLOB    NOT NULL,
    until_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_message_versions_message ON rec_message_versions (message);

CREATE TABLE rec_sessions (
    conversation TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    flow         TEXT    NOT NULL,
    revision     TEXT    NOT NULL,
    began_at     INTEGER NOT NULL,
    ended_at     INTEGER,
    ended        TEXT,             -- complete, no reply, …
    PRIMARY KEY (conversation, id)
) STRICT;
CREATE INDEX rec_sessions_flow ON rec_sessions (flow);

CREATE TABLE rec_answers (
    n            INTEGER PRIMARY KEY,
    conversation TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    flow         TEXT    NOT NULL,
    step         TEXT    NOT NULL,
    label        TEXT    NOT NULL,
    code         TEXT,
    items        TEXT    NOT NULL, -- p1/2: person 1, third item; empty outside groups
    who          INTEGER NOT NULL,
    value_sealed BLOB,             -- NULL: skipped or given up
    codes_sealed BLOB    NOT NULL,
    said_sealed  BLOB    NOT NULL,
    flagged      INTEGER NOT NULL, -- kept without being understood
    corrected    INTEGER NOT NULL, -- took the place of an earlier one
    superseded   INTEGER NOT NULL DEFAULT 0, -- a later one took its place
    by_tracer    TEXT,
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_answers_session ON rec_answers (conversation, session, step, items);
CREATE INDEX rec_answers_flow ON rec_answers (flow, n);

CREATE TABLE rec_contacts_named (
    conversation  TEXT    NOT NULL,
    session       TEXT    NOT NULL,
    list          TEXT    NOT NULL, -- the repeat's path
    nth           INTEGER NOT NULL,
    name_sealed   BLOB,
    phone_sealed  BLOB,
    phone_hash    BLOB,
    fields_sealed BLOB    NOT NULL,
    finished      INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (conversation, session, list, nth)
) STRICT;
CREATE INDEX rec_contacts_named_phone ON rec_contacts_named (phone_hash) WHERE phone_hash IS NOT NULL;

CREATE TABLE rec_symptom_reports (
    answer       INTEGER PRIMARY KEY REFERENCES rec_answers (n),
    conversation TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    who          INTEGER NOT NULL,
    codes_sealed BLOB    NOT NULL, -- none: asked, and none reported
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_symptom_reports_person ON rec_symptom_reports (conversation, who, at);

CREATE TABLE rec_consents (
    n            INTEGER PRIMARY KEY,
    conversation TEXT    NOT NULL,
    session      TEXT    NOT NULL,
    step         TEXT    NOT NULL,
    revision     TEXT    NOT NULL, -- the version of the text
    language     TEXT    NOT NULL,
    given        INTEGER NOT NULL,
    at           INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_consents_conversation ON rec_consents (conversation);

CREATE TABLE rec_escalations (
    conversation   TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    urgency        INTEGER NOT NULL, -- 0 routine, 1 urgent, 2 emergency
    state          TEXT    NOT NULL, -- waiting, overdue, claimed, parked, handed back, resolved, cancelled
    because_sealed BLOB    NOT NULL,
    quote_sealed   BLOB,
    rule           TEXT    NOT NULL,
    session        TEXT,
    raised_at      INTEGER NOT NULL,
    due_at         INTEGER,
    tracer         TEXT,
    claimed_at     INTEGER,
    outcome        TEXT,
    ended_at       INTEGER,
    PRIMARY KEY (conversation, id)
) STRICT;
CREATE INDEX rec_escalations_live ON rec_escalations (urgency, raised_at) WHERE ended_at IS NULL;

CREATE TABLE rec_escalation_history (
    n              INTEGER PRIMARY KEY,
    conversation   TEXT    NOT NULL,
    escalation     TEXT    NOT NULL,
    at             INTEGER NOT NULL,
    change         TEXT    NOT NULL, -- raised, claimed, released, transferred, overdue, …
    urgency        INTEGER,
    because_sealed BLOB,
    tracer         TEXT,
    outcome        TEXT,
    due_at         INTEGER
) STRICT;
CREATE INDEX rec_escalation_history_of ON rec_escalation_history (conversation, escalation, n);

CREATE TABLE rec_tasks (
    conversation   TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    urgency        INTEGER NOT NULL,
    because_sealed BLOB    NOT NULL,
    quote_sealed   BLOB,
    rule           TEXT    NOT NULL,
    session        TEXT,
    raised_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation, id)
) STRICT;

CREATE TABLE rec_faults (
    n       INTEGER PRIMARY KEY,
    channel TEXT    NOT NULL,
    what    TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- Tasks that a tracer marked done.
CREATE TABLE rec_tasks_done (
    conversation TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    tracer       TEXT    NOT NULL,
    done_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation, id)
) STRICT;

-- From here on: what the journal does not hold. A rebuild leaves these alone.

-- What changed, for the desk's pages: ids without gaps, no private value.
CREATE TABLE rec_feed (
    id           INTEGER PRIMARY KEY,
    conversation TEXT,
    parts        TEXT    NOT NULL, -- transcript answers people queue, those that changed
    at           INTEGER NOT NULL
) STRICT;

CREATE TABLE rec_users (
    login             TEXT PRIMARY KEY,
    first_name_sealed BLOB    NOT NULL,
    role              TEXT    NOT NULL,
    password_hash     TEXT    NOT NULL,
    added_at          INTEGER NOT NULL,
    disabled_at       INTEGER
) STRICT;

-- Who saw or did what. Each row's hash covers the row before.
CREATE TABLE rec_audit (
    n            INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    actor        TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    action       TEXT    NOT NULL,
    conversation TEXT,
    detail       TEXT    NOT NULL, -- no private value
    hash         BLOB    NOT NULL
) STRICT;
CREATE INDEX rec_audit_conversation ON rec_audit (conversation, n) WHERE conversation IS NOT NULL;
