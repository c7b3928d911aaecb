-- What the views of the quarantine share.

-- The kind of a reason: without the place or the value that it names.
CREATE OR REPLACE MACRO reason_kind(reason) AS
    regexp_replace(regexp_replace(reason, ': .*$', '', 's'), ' at byte [0-9]+$', '');

-- Does a quarantined line match the filters? A null filter matches everything. want_reason is the beginning of a
-- reason, in any case; want_object the beginning of a key; since (UTC, inclusive) when the line was met.
CREATE OR REPLACE MACRO quarantine_matches(reason, object_key, quarantined_at, want_reason, want_object, since) AS
    (want_reason IS NULL OR starts_with(lower(reason), lower(want_reason)))
    AND (want_object IS NULL OR starts_with(object_key, want_object))
    AND (since IS NULL OR quarantined_at >= since);
