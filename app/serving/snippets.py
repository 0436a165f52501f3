"""How an endpoint is called, as text that runs when a token stands in its place: by curl, in Python and in JavaScript.
Everything else in it is real: the addresses, the ticket, and the body that was given."""

import json
import shlex
from collections.abc import Mapping
from pprint import pformat
from typing import Any

from core.foundation.text import N_
from core.foundation.values import Value

# What whoever copies a text puts their own token for.
TOKEN = "YOUR_TOKEN"
CURL, PYTHON, JAVASCRIPT = N_("curl"), N_("Python"), N_("JavaScript")
LANGUAGES = {CURL: "bash", PYTHON: "python", JAVASCRIPT: "javascript"}
WIDTH = 88
LONGEST_ARGUMENT = 100_000


class EndpointCall(Value):
    """A request to the endpoint at `url`: the body for a `path` below it, and the action of the portal at `portal` that
    gives a ticket for it."""

    portal: str
    endpoint_id: str
    environment: str
    url: str
    path: str
    body: Mapping[str, Any]

    @property
    def ticket_action(self) -> str:
        return "issue_test_ticket" if self.environment == "staging" else "issue_ticket"

    @property
    def ticket_address(self) -> str:
        return f"{self.portal}/api/v1/serving/{self.ticket_action}"


def snippet(call: EndpointCall, language: str) -> str:
    return {CURL: _curl, PYTHON: _python, JAVASCRIPT: _javascript}[language](call)


def _curl(call: EndpointCall) -> str:
    ticket = {"endpoint_id": call.endpoint_id}
    return f"""TICKET=$(curl -s {shlex.quote(call.ticket_address)} \\
  -H 'Authorization: Bearer {TOKEN}' \\
  -H 'Content-Type: application/json' \\
  -d {shlex.quote(json.dumps(ticket))} | jq -r .token)

curl -s {shlex.quote(call.url + call.path)} \\
  -H "Authorization: Bearer $TICKET" \\
  -H 'Content-Type: application/json' \\
  -d {_data(_json(call.body))}
"""


def _data(body: str) -> str:
    """A system takes no argument of a command that is much longer; curl reads such a body from its input."""
    quoted = shlex.quote(body)
    return quoted if len(quoted.encode()) <= LONGEST_ARGUMENT else f"@- <<'BODY'\n{body}\nBODY"


def _python(call: EndpointCall) -> str:
    opening = f"""from causeway_client import connect

portal = connect({call.portal!r}, {TOKEN!r})
"""
    if "rows" in call.body:
        return f"""{opening}rows = {_literal(call.body["rows"])}
print(portal.endpoint({call.endpoint_id!r}).predict(rows).predictions)
"""
    return f"""import httpx
{opening}ticket = portal.run("serving.{call.ticket_action}", endpoint_id={call.endpoint_id!r})
body = {_literal(call.body)}
headers = {{"Authorization": "Bearer " + ticket["token"]}}
print(httpx.post({call.url + call.path!r}, json=body, headers=headers).json())
"""


def _javascript(call: EndpointCall) -> str:
    return f"""async function post(address, token, body) {{
  const headers = {{ Authorization: `Bearer ${{token}}`, "Content-Type": "application/json" }};
  const answer = await fetch(address, {{ method: "POST", headers, body: JSON.stringify(body) }});
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}}

const ticket = await post({json.dumps(call.ticket_address)}, {json.dumps(TOKEN)}, {{
  endpoint_id: {json.dumps(call.endpoint_id)},
}});
const answer = await post({json.dumps(call.url + call.path)}, ticket.token, {_json(call.body)});
console.log(JSON.stringify(answer));
"""


def _json(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _literal(value: Any) -> str:
    return pformat(value, width=WIDTH, sort_dicts=False)
