// A small drill for tests: complete, so that each test breaks one thing.
#pragma once

#include "base/json.h"
#include "base/result.h"

namespace firebreak::drill {

inline Json sample_drill() {
  auto parsed = parse_json(R"({
    "format": "firebreak-drill/1", "name": "night", "title": "A night", "kind": "live",
    "objectives": [
      {"id": "notice", "text": "It is noticed", "rated_by": ["detection", "triage"]},
      {"id": "contain", "text": "It is contained", "rated_by": ["containment", "recovery"]},
      {"id": "resist", "text": "Pressure is resisted", "rated_by": ["card"]},
      {"id": "tell", "text": "Others hear of it", "rated_by": ["communication"]}],
    "roles": [
      {"role": "ana", "team": "SecOps", "may": "analyst", "lead": true},
      {"role": "ben", "team": "Fraud", "may": "approver"},
      {"role": "sal", "team": "Sales", "may": "analyst", "played": true}],
    "clock": {"start": "2026-03-07T03:00:00Z", "end": "2026-03-07T06:00:00Z"},
    "system": {"gateway": "gw-1", "endpoints": ["e.yaml"],
      "releases": [{"endpoint": "scores", "release": "1", "model": {"name": "m", "version": "1", "file": "m.json"}, "dataset": "d.csv", "holdout": "h.csv", "training_cut": "2026-01-01T00:00:00Z", "source": "s"}]},
    "streams": [{"endpoint": "scores", "file": "s.ndjson", "from": "2026-03-07T03:00:00Z", "to": "2026-03-07T06:00:00Z", "at": "2026-03-07T03:00:00Z"}],
    "injects": [
      {"number": "1", "at": "5m", "type": "contextual", "from": "Chat", "to": ["ana"], "channel": "chat", "text": "odd"},
      {"number": "2", "at": "60m", "type": "expected-action", "from": "Sales", "to": ["ben"], "channel": "queue", "text": "turn it off", "expected": "reject it", "objective": "resist",
       "card": {"by": "sal", "endpoint": "scores", "measure": {"kind": "fallback"}, "lease": "4h"}},
      {"number": "3", "at": "90m", "type": "contingency", "from": "Duty", "to": ["ana"], "channel": "phone", "text": "who has it", "if": {"not_seen": {"entry": "incident_acknowledged"}}}],
    "truth": {"start": "2026-03-07T03:30:00Z", "endpoint": "scores", "kinds": ["query_chain"], "triage": "suspected_malice", "severity": "SEV-2",
      "evidence": ["model", "policy"], "audiences": ["executives", "acquirer"],
      "limits": {"detect": {"full": "30m", "none": "4h"}, "declare": {"full": "10m", "none": "1h"}, "contain": {"full": "1h", "none": "5h"}, "safe": {"full": "1h", "none": "5h"},
        "first_update": {"full": "30m", "none": "2h"}, "honest_failed": {"full": 0, "none": 0.05}},
      "decisions": [
        {"id": "take", "what": "taken", "role": "ana", "made_by": {"entry": "incident_acknowledged"}, "within": "1h"},
        {"id": "propose", "what": "proposed", "role": "ana", "made_by": {"entry": "action_proposed"}, "within": "2h"},
        {"id": "approve", "what": "approved", "role": "ben", "made_by": {"entry": "action_approved"}, "within": "2h", "approves": "propose"},
        {"id": "report", "what": "reportable", "role": "ben", "made_by": {"entry": "exercise_decided", "where": {"/decision": "reportable"}}, "within": "2h", "reason": true}],
      "card": "2"},
    "script": [{"role": "ana", "after": {"entry": "incident_opened"}, "delay": "3m", "command": "incident.ack", "args": {"incident": "$incident"}}]
  })");
  FIREBREAK_ASSERT(parsed.has_value());
  return std::move(*parsed);
}

}  // namespace firebreak::drill
