// The commands of type `firebreak`: one line in the grammar of the command line, read into typed arguments. A value of a
// variable is put into a word and never makes one, so it can not become an option (cacao/insert.h).
//
//   capture ITEMS                           counters,inferences,policy,model,dataset: evidence, now
//   options [DAYS]                          what each containment would stop and hurt, from a replay of DAYS (1..30, else 3)
//   wait                                    until a measure of this incident is in force
//   contain option NAME | quarantine | limit | review | route | block | mirror
//           [ENDPOINT] [its options] --for 4h     proposes; in force after a second person's yes
//   lift ACTION [--reason TEXT]             ends an action
//   impact                                  how many inferences, which callers and answers: of the incident's range
//   replay2x2 OLD NEW                       both releases on inputs of before and of the incident: data, model, or neither
//   gate RELEASE [ENDPOINT]                 the recovery gates on a candidate
//   page WHO TEXT, notify WHO TEXT          to this contact, rotation or audience (notify), else over the channel of this name; else a task says it is by hand
//   deadline start NAME --within 72h [--owner WHO]    a task with a due time, for what nobody outside is told
//   deadline start REGIME [--from EVENT[=TIME]]… [--fact FACT]…    the reporting deadlines of a regime (fold/reporting); TIME: now, opened, RFC 3339
//   connector NAME DO [--KEY VALUE]…        asks a configured outside system (world/connect)
//   task OWNER TEXT, phase PHASE REASON     at once
//
// Older names are read too: evidence.capture, options.offer, containment.wait, task.open; type x-firebreak.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cacao/insert.h"

namespace firebreak::playbook {

struct Verb {
  std::string name;  // "capture", "contain", …
  JsonObject args;   // typed: what the entry that it becomes needs
};

// `checking`: words that hold references are taken for any value, as before a run starts.
Result<Verb> parse_verb(const std::vector<cacao::Word>& words, bool checking = false);

// Before a run: the line as it stands in the playbook.
Result<Verb> check_verb(std::string_view line);

// The names of what a verb gives back to variables: __action__ of contain, __inferences__ of impact, …; empty: any (connector).
std::vector<std::string> results_of(const Verb& verb);

Result<std::vector<std::string>> parse_items(std::string_view text);  // "model,dataset"
Result<std::int64_t> parse_span(std::string_view text);               // "4h", "90s", "14d" -> µs

}  // namespace firebreak::playbook
