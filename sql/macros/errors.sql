-- Error messages as templates: what differs from one occurrence to the next is masked, so that the same fault is one
-- row. In this order, because each mask would also find parts of those before it.
CREATE OR REPLACE MACRO error_template(message) AS
    trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        message,
        -- Addresses of the web, whole.
        '[A-Za-z][A-Za-z0-9+.-]*://[^\s"''<>)\]]+', '<url>', 'g'),
        -- UUIDs and ULIDs.
        '(?i)\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-7][0-9a-hjkmnp-tv-z]{25})\b', '<id>', 'g'),
        -- What comes after req_ and the like, when no word and no number looks so: letters before and after a digit, or
        -- capitals as no name has them.
        '\b([A-Za-z]+_)(?:[A-Za-z]+\d+[A-Za-z]|\d+[A-Za-z]\w{4}|[A-Za-z]*(?:[A-Z][a-z][A-Z]|[a-z][A-Z]{2,}[a-z]|[a-z][A-Z](?:\b|\d)))\w*', '\1<id>', 'g'),
        -- Subresource integrity and other base64 digests.
        '\b(?:sha(?:1|256|384|512)|md5)[-:][A-Za-z0-9+/=]{8,}', '<hash>', 'g'),
        -- Packages with a scope, perhaps with a version; before versions and paths.
        '@[a-z0-9][\w.-]*/[a-z0-9][\w.-]*(?:@[\w.+~^-]+)?', '<package>', 'g'),
        -- name@1.2.3.
        '\b[A-Za-z0-9][\w.-]*@v?\d+(?:\.[\w+-]+)+', '<package>', 'g'),
        -- Paths of files and requests: two parts at least, or one after a slash at a word's begin.
        '(^|[\s"''(=:`\[{<>,])(?:[A-Za-z]:|~|\.{1,2})?(?:[/\\][\w.@%+~-]+)+[/\\]?', '\1<path>', 'g'),
        -- Relative ones, by the name of a file at their end: and/or and text/html are none.
        '\b\w[\w.@%~-]*(?:/[\w.@%~-]+)*/[\w@%~-][\w.@%~-]*\.[A-Za-z][A-Za-z0-9]{0,7}($|\.?[\s"''`()\]},;:<>]|\.$)', '<path>\1', 'g'),
        -- Addresses of machines, of both kinds, with their port.
        '(?i)\[?(?:\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}|\B::(?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{1,4})(?:\.\d{1,3}){0,3}(?:%\w+)?\b(?:\](?::\d+)?)?|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b', '<address>', 'g'),
        -- Versions, with what comes before their release and what they were built of.
        '\bv?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\b', '<version>', 'g'),
        -- Long numbers, before what is hexadecimal.
        '\b\d{8,}\b', '<n>', 'g'),
        -- Hexadecimal ids and hashes: 0x…, or eight digits at least.
        '(?i)\b(?:0x[0-9a-f]+|[0-9a-f]{8,})\b', '<hash>', 'g'),
        -- Numbers, with what they count in: 10000ms, 3.5, 12 %.
        '\d+(?:[.,]\d+)*', '<n>', 'g'));
