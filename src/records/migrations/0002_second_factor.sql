-- Codes by time and recovery codes; NULL where a password is enough.
ALTER TABLE rec_users ADD COLUMN second_sealed BLOB;
