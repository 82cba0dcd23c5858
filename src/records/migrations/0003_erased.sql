-- Conversations that were erased, made again with the rest from the archive: what is left in the live store may be forgotten in time.
CREATE TABLE rec_erased (
    conversation TEXT PRIMARY KEY,
    opted_out    INTEGER NOT NULL,
    erased_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX rec_erased_at ON rec_erased (erased_at);
CREATE INDEX rec_conversations_changed ON rec_conversations (changed_at);
