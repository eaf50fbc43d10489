"""Tools, rules, MCP servers and files over the API."""

import pytest

from agents import submission
from agents.tests.tool_scene import begun, use

RULES, SERVERS = "/api/v1/tool-rules", "/api/v1/mcp-servers"


def test_every_tool_says_what_becomes_of_it(api, tenant):
    """Reading is allowed, changing is asked about, and a rule is the tenant's word."""
    found = {one["name"]: one for one in api.get("/api/v1/tools").json()["items"]}
    assert (found["run_python"]["decision"], found["deploy_release"]["decision"]) == ("allow", "ask")
    assert all(one["parameters"]["additionalProperties"] is False for one in found.values())
    made = api.post(RULES, {"tool": "deploy_*", "decision": "deny"}, format="json")
    assert made.status_code == 201
    found = {one["name"]: one["decision"] for one in api.get("/api/v1/tools").json()["items"]}
    assert found["deploy_release"] == "deny"
    assert [one["tool"] for one in api.get(RULES).json()["items"]] == ["deploy_*"]
    assert api.delete(f"{RULES}/{made.json()['id']}").status_code == 204
    assert api.get(f"{RULES}/{made.json()['id']}").status_code == 404


def test_a_rule_that_is_none_is_refused(api, tenant):
    """A decision that does not exist, a name with a space."""
    assert api.post(RULES, {"tool": "x", "decision": "maybe"}, format="json").status_code == 422
    assert api.post(RULES, {"tool": "a b", "decision": "deny"}, format="json").status_code == 422


def test_an_mcp_server_that_does_not_answer_is_not_kept(api, tenant):
    """The answer says why, and nothing is written."""
    answer = api.post(SERVERS, {"name": "nobody", "url": "https://mcp.invalid/mcp"}, format="json")
    assert answer.status_code == 422
    assert "cannot be used" in answer.json()["detail"]
    assert api.get(SERVERS).json()["items"] == []


def test_files_go_in_with_a_task_and_come_out_as_they_were(api, tenant):
    """Text and bytes, in folders; each with its checksum, for whoever may read executions."""
    files = [{"path": "a/notes.txt", "text": "Grüße\n"}, {"path": "b.bin", "base64": "AAEC"}]
    execution = api.post("/api/v1/tasks", {"request": "Look", "files": files}, format="json").json()
    rows = api.get(f"/api/v1/executions/{execution['id']}/artefacts").json()["items"]
    by_path = {one["path"]: one for one in rows}
    assert {path: one["origin"] for path, one in by_path.items()} == {
        "a/notes.txt": "person",
        "b.bin": "person",
    }
    answer = api.get(f"/api/v1/artefacts/{by_path['b.bin']['id']}/content")
    assert (answer.content, answer["ETag"]) == (b"\x00\x01\x02", f'"{by_path["b.bin"]["digest"]}"')
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "file",
    [
        {"path": "../up.txt", "text": "x"},
        {"path": "a.txt"},
        {"path": "a.txt", "text": "x", "base64": "eA=="},
        {"path": "a.txt", "base64": "no base64!"},
        {"path": "/etc/passwd", "text": "x"},
    ],
)
def test_a_file_that_is_none_refuses_the_whole_task(api, tenant, file):
    """Nothing is left behind."""
    answer = api.post("/api/v1/tasks", {"request": "Look", "files": [file]}, format="json")
    assert answer.status_code == 422
    assert api.get("/api/v1/executions").json()["items"] == []


def test_uses_of_tools_are_read_with_what_came_back(api, tenant, other_tenant, in_tenant):
    """In order, for this tenant alone."""
    bench = begun(tenant)
    use(bench, "write_file", path="a.txt", content="one")
    place = f"/api/v1/executions/{bench.execution.pk}/tool-uses"
    (row,) = api.get(place).json()["items"]
    assert (row["step"], row["tool"], row["state"], row["arguments"]["path"]) == (
        "plan",
        "write_file",
        "done",
        "a.txt",
    )
    with in_tenant(other_tenant):
        foreign = submission.submit("theirs", requested_by="user:1", files={"b.txt": b"two"})
    assert api.get(f"/api/v1/executions/{foreign.pk}/tool-uses").status_code == 404
    assert api.get(f"/api/v1/executions/{foreign.pk}/artefacts").status_code == 404
