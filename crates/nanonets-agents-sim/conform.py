"""What `conform` adds to schemathesis: cursors that work, stricter checks, and refusals that the schema can't say.

Every exception below names the reason why an answer that looks wrong to schemathesis is right.
"""

import email
import email.policy
import json
import threading
import zlib
from collections import Counter, defaultdict
from urllib.parse import parse_qs, urlsplit

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

# The error table of the API. 405 is not in it; it is what HTTP has for a method that a path does not take.
ERRORS = {400, 401, 403, 404, 405, 409}

# A draft comes from the dashboard and no operation makes one, so all that publishing can get here is 409.
NEVER_SUCCEEDS = {"publish_agent_version"}

lock = threading.Lock()
cursors = defaultdict(list)


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def sent_cursor(case):
    return (case.query or {}).get("cursor")


@schemathesis.hook
def after_call(context, case, response):
    """Remembers the cursors that lists hand out."""
    if response.status_code == 200 and b'"next_cursor"' in response.content:
        cursor = json.loads(response.content)["next_cursor"]
        if cursor:
            with lock:
                cursors[operation_id(case)].append(cursor)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replaces three of four made-up cursors by one that was handed out: a schema can't say which ones are good."""
    cursor = sent_cursor(case)
    if not isinstance(cursor, str) or not case.meta or not case.meta.generation.mode.is_positive:
        return
    with lock:
        known = cursors[operation_id(case)]
        choice = zlib.crc32(cursor.encode("utf-8", "surrogatepass"))
        if known and choice % 4:
            case.query["cursor"] = known[choice % len(known)]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a finding is one."""
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        return not is_refused_by_rule(case)
    if isinstance(failure, AcceptedNegativeData):
        if case.media_type == "multipart/form-data":
            return not is_valid_multipart(response.request)
        # A list that holds an empty text and one that holds nothing read the same in a query, and the latter is valid.
        query = parse_qs(urlsplit(response.request.url).query, keep_blank_values=True)
        return query.get("status") != [""]
    return True


def is_refused_by_rule(case):
    """Whether a rule that is not in the schema calls for a 400."""
    operation, body = operation_id(case), case.body
    cursor = sent_cursor(case)
    if cursor:
        # Cursors are opaque: any that was not handed out is malformed.
        return cursor not in cursors[operation]
    if not isinstance(body, dict):
        return False
    if operation == "run_agent":
        # A run needs a prompt or a file. A control character in the name of a part breaks the headers of that part.
        named = all(character.isprintable() for name in body for character in name)
        return not named or not (body.get("query") or body.get("files") or "file" in body)
    if operation == "send_task_message":
        # The schema has no required field, but a message without text is none.
        return not (body.get("message") or "").strip()
    return False


def is_valid_multipart(request):
    """Whether a body that was meant to be wrong came out right.

    A number, a list or null in the place of a text or a file is sent as a part all the same, and the content of such a
    part is arbitrary. Only `output_config` has a form.
    """
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    for part in message.iter_parts():
        if part.get_param("name", header="content-disposition") != "output_config":
            continue
        try:
            config = json.loads(part.get_payload(decode=True))
        except ValueError:
            return False
        if not isinstance(config, dict):
            return False
        known = [config[key] for key in ("output_schema", "instructions") if key in config]
        if not all(isinstance(value, str) for value in known):
            return False
    return True


@schemathesis.check
def documented_error(ctx, response, case):
    """An error has one of the documented status codes and the documented envelope.

    The description says `default`, which lets every status code pass the check of schemathesis; and that check, like
    the one of the body, does not look at requests with a wrong method or content type.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    assert status in ERRORS, f"{status} is not in the error table of the API"
    media_type = response.headers.get("content-type", ["none"])[0]
    assert media_type == "application/json", f"the content type of an error is {media_type}"
    body = json.loads(response.content)
    text = body.get("error") if isinstance(body, dict) else None
    assert isinstance(text, str) and text, "an error has no text in `error`"


@schemathesis.check
class every_operation_succeeds:
    """A run shows little unless each operation gets past its refusals."""

    def __init__(self):
        self.statuses = defaultdict(Counter)

    def after_response(self, ctx, response, case):
        self.statuses[operation_id(case)][response.status_code] += 1

    def after_run(self, ctx):
        print("\n\nAnswers by operation:\n")
        for operation, statuses in sorted(self.statuses.items()):
            counts = "  ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
            print(f"    {operation:<22} {counts}")
        total = sum(sum(statuses.values()) for statuses in self.statuses.values())
        good = {
            operation: sum(count for status, count in statuses.items() if 200 <= status < 300)
            for operation, statuses in self.statuses.items()
        }
        print(f"\n    {total} in all, {sum(good.values()) / max(total, 1):.0%} of them successes", flush=True)
        lacking = sorted(name for name, count in good.items() if not count and name not in NEVER_SUCCEEDS)
        assert not lacking, f"never succeeded: {', '.join(lacking)}"
