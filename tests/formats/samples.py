"""Real-looking lines of every format, as the programs in question write them."""

from __future__ import annotations

import json
from typing import Any

VERDACCIO: dict[str, Any] = {
    "level": 25,
    "time": 1772359200123,
    "pid": 1,
    "hostname": "registry-0",
    "name": "verdaccio",
    "sub": "in",
    "request": {"method": "GET", "url": "/@verdaccio%2fui-theme/-/ui-theme-6.0.1.tgz?write=true"},
    "user": None,
    "remoteIP": "198.51.100.7 via ::ffff:172.17.0.1",
    "status": 200,
    "bytes": {"in": 0, "out": 4321},
    "msg": "@{status}, user: @{user}(@{remoteIP}), req: '@{request.method} @{request.url}',"
    " bytes: @{bytes.in}/@{bytes.out}",
}
PINO_HTTP: dict[str, Any] = {
    "level": 50,
    "time": 1772359201000,
    "pid": 7999,
    "hostname": "localhost",
    "req": {
        "id": 1,
        "method": "GET",
        "url": "/left-pad",
        "headers": {"host": "localhost:4873", "user-agent": "npm/10.8.2 node/v22.1.0"},
        "remoteAddress": "::1",
        "remotePort": 53210,
    },
    "res": {"statusCode": 503, "headers": {"content-length": "27"}},
    "err": {"type": "Error", "message": "upstream is down", "stack": "Error: upstream is down\n    at x"},
    "responseTime": 12.5,
    "msg": "request errored",
}
BUNYAN: dict[str, Any] = {
    "name": "registry",
    "hostname": "banana.local",
    "pid": 123,
    "level": 40,
    "msg": "token expires soon",
    "time": "2026-03-01T10:00:02.120Z",
    "v": 0,
}
HTTP_REQUEST: dict[str, Any] = {
    "CacheCacheStatus": "dynamic",
    "ClientASN": 64496,
    "ClientCountry": "au",
    "ClientIP": "203.0.113.9",
    "ClientRequestHost": "registry.example",
    "ClientRequestMethod": "GET",
    "ClientRequestProtocol": "HTTP/2",
    "ClientRequestURI": "/left-pad/-/left-pad-1.3.0.tgz?cache=no",
    "ClientRequestUserAgent": "npm/10.8.2",
    "Cookies": {},
    "EdgeColoCode": "SYD",
    "EdgeEndTimestamp": "2026-03-01T10:00:03Z",
    "EdgeResponseBytes": 3930,
    "EdgeResponseStatus": 200,
    "EdgeStartTimestamp": "2026-03-01T10:00:03Z",
    "EdgeTimeToFirstByteMs": 53,
    "OriginResponseDurationMs": 35,
    "OriginResponseTime": 35000000,
    "RayID": "8ec7b94c9b18a95c",
}
WORKER: dict[str, Any] = {
    "Event": {
        "RayID": "7e9ae7157ac0c33a",
        "Request": {"URL": "https://little-butterfly.example.workers.dev/v2/_catalog?n=1", "Method": "GET"},
        "Response": {"Status": 404},
    },
    "EventTimestampMs": 1772359204804,
    "EventType": "fetch",
    "Exceptions": [],
    "Logs": [{"Level": "info", "Message": ["Request received"], "TimestampMs": 1772359204805}],
    "Outcome": "ok",
    "ScriptName": "little-butterfly",
    "ScriptTags": ["api"],
    "CPUTimeMs": 3,
    "WallTimeMs": 21,
}
AUDIT: dict[str, Any] = {
    "ActionResult": True,
    "ActionType": "token_create",
    "ActorEmail": "user@example.com",
    "ActorID": "enl3j9du8rnx2swwd9l32qots7l54t9s",
    "ActorIP": "81.2.69.142",
    "ActorType": "user",
    "ID": "73fd39ed-5aab-4a2a-b93c-c9a4abf0c425",
    "Interface": "UI",
    "Metadata": {"token_name": "test"},
    "NewValue": {"key1": "value1"},
    "OldValue": {"key3": "value4"},
    "OwnerID": "enl3j9du8rnx2swwd9l32qots7l54t9s",
    "ResourceID": "enl3j9du8rnx2swwd9l32qots7l54t9s",
    "ResourceType": "account",
    "When": "2026-03-01T10:00:05Z",
}
AUDIT_V2: dict[str, Any] = {
    "AccountID": "4bb334f7c94c4a29a045f03944f072e5",
    "AccountName": "Example",
    "ActionDescription": "Delete bucket",
    "ActionResult": "failure",
    "ActionTimestamp": 1772359206,
    "ActionType": "delete",
    "ActorEmail": "bob@example.com",
    "ActorIPAddress": "198.51.100.8",
    "AuditLogID": "f174be97-19b1-40d6-954d-70cd5fbd52db",
    "ResourceProduct": "r2",
    "ResourceRequest": {"method": "DELETE", "uri": "/accounts/4bb3/r2/buckets/logs?x=1"},
    "ResourceResponse": {"status_code": 403},
    "ResourceType": "bucket",
}
COMBINED = (
    '198.51.100.7 - frank [01/Mar/2026:11:00:07 +0100] "GET /left-pad/-/left-pad-1.3.0.tgz?x=1 HTTP/1.1"'
    ' 200 2326 "https://example.com/start" "npm/10.8.2 node/v22.1.0"'
)
COMMON = '198.51.100.7 - - [01/Mar/2026:10:00:07 +0000] "POST /-/v1/login HTTP/1.1" 502 -'
NGINX_JSON: dict[str, Any] = {
    "time_iso8601": "2026-03-01T11:00:08+01:00",
    "remote_addr": "198.51.100.7",
    "request": "GET /lodash?x=1 HTTP/1.1",
    "status": "404",
    "body_bytes_sent": "153",
    "request_time": "0.050",
    "http_user_agent": "curl/8.5.0",
    "http_referer": "",
}
#: LogFormat "{ \"time\":\"%t\", \"remoteIP\":\"%a\", …}": the recipe that most handbooks have.
APACHE_JSON: dict[str, Any] = {
    "time": "[01/Mar/2026:11:00:07 +0100]",
    "remoteIP": "198.51.100.7",
    "host": "registry.example",
    "request": "/@types/node/-/node-22.1.0.tgz",
    "query": "?x=1",
    "method": "GET",
    "status": "200",
    "userAgent": "npm/10.8.2",
    "referer": "-",
}
CADDY: dict[str, Any] = {
    "level": "info",
    "ts": 1772359209.5241024,
    "logger": "http.log.access",
    "msg": "handled request",
    "request": {
        "remote_ip": "127.0.0.1",
        "remote_port": "41342",
        "client_ip": "198.51.100.9",
        "proto": "HTTP/2.0",
        "method": "GET",
        "host": "localhost",
        "uri": "/@types/node?x=1",
        "headers": {"User-Agent": ["curl/7.82.0"], "Accept": ["*/*"]},
    },
    "bytes_read": 0,
    "user_id": "",
    "duration": 0.000929675,
    "size": 10900,
    "status": 200,
    "resp_headers": {"Server": ["Caddy"]},
}
REGISTRY: dict[str, Any] = {
    "timestamp": 1772359210000,
    "level": "info",
    "message": "GET /left-pad",
    "metadata": {"endpoint": "/left-pad", "method": "GET", "status": 200, "responseTime": 12},
    "configHash": "0x12345678",
    "source": "api",
}


def text(line: dict[str, Any] | str) -> str:
    """A sample as the line that it is in a file."""
    return line if isinstance(line, str) else json.dumps(line)


#: Every sample with the format that it has.
SAMPLES: dict[str, tuple[str, str]] = {
    "verdaccio": ("pino", text(VERDACCIO)),
    "pino-http": ("pino", text(PINO_HTTP)),
    "bunyan": ("pino", text(BUNYAN)),
    "http_requests": ("cloudflare_http_requests", text(HTTP_REQUEST)),
    "workers_trace_events": ("cloudflare_workers_trace_events", text(WORKER)),
    "audit_logs": ("cloudflare_audit_logs", text(AUDIT)),
    "audit_logs_v2": ("cloudflare_audit_logs", text(AUDIT_V2)),
    "combined": ("access_combined", COMBINED),
    "common": ("access_combined", COMMON),
    "nginx json": ("access_json", text(NGINX_JSON)),
    "apache json": ("access_json", text(APACHE_JSON)),
    "caddy": ("access_json", text(CADDY)),
    "registry": ("registry", text(REGISTRY)),
}
