-- Error messages as templates: what differs from one occurrence to the next is masked, so that the same fault is one
-- row. In this order, because each mask would also find parts of those before it.
CREATE OR REPLACE MACRO error_template(message) AS
    trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(
        message,
        -- Addresses of the web, whole.
        '[A-Za-z][A-Za-z0-9+.-]*://[^\s"''<>)\]]+', '<url>', 'g'),
        -- UUIDs.
        '(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b', '<id>', 'g'),
        -- Subresource integrity and other base64 digests.
        '\b(?:sha(?:1|256|384|512)|md5)[-:][A-Za-z0-9+/=]{8,}', '<hash>', 'g'),
        -- Packages with a scope, perhaps with a version; before versions and paths.
        '@[a-z0-9][\w.-]*/[a-z0-9][\w.-]*(?:@[\w.+~^-]+)?', '<package>', 'g'),
        -- name@1.2.3.
        '\b[A-Za-z0-9][\w.-]*@v?\d+(?:\.[\w+-]+)+', '<package>', 'g'),
        -- Paths of files and requests: two parts at least, or one after a slash at a word's begin.
        '(^|[\s"''(=:])(?:[A-Za-z]:)?(?:[/\\][\w.@%+~-]+)+[/\\]?', '\1<path>', 'g'),
        -- Addresses of machines, with their port.
        '\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b', '<address>', 'g'),
        -- Versions.
        '\bv?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?\b', '<version>', 'g'),
        -- Long numbers, before what is hexadecimal.
        '\b\d{8,}\b', '<n>', 'g'),
        -- Hexadecimal ids and hashes: 0x…, or eight digits at least.
        '(?i)\b(?:0x[0-9a-f]+|[0-9a-f]{8,})\b', '<hash>', 'g'),
        -- Numbers, with what they count in: 10000ms, 3.5, 12 %.
        '\d+(?:[.,]\d+)*', '<n>', 'g'));
