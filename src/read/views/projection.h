// Journal entries -> rows. One small function per kind; a kind without one changes nothing.
//
// Pure over the Store: the same entries give the same rows. Old entry versions stay readable: members that
// are missing show as absent, never as an error.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "read/views/store.h"
#include "types/entry.h"

namespace firebreak::views {

void project(Store& store, const Entry& entry);

using Projection = void (*)(Store&, const Entry&);
struct Handler {
  std::string_view kind;
  Projection apply;
};

// One table per family, each in its own file. A kind may stand in several.
std::span<const Handler> incident_handlers();
std::span<const Handler> case_handlers();
std::span<const Handler> casefile_handlers();
std::span<const Handler> contain_handlers();
std::span<const Handler> evidence_handlers();
std::span<const Handler> release_handlers();
std::span<const Handler> remedy_handlers();
std::span<const Handler> playbook_handlers();
std::span<const Handler> deadline_handlers();
std::span<const Handler> notify_handlers();
std::span<const Handler> ticket_handlers();

// {"time", "index"} of the entry, and "by" when it is given.
JsonObject moment(const Entry& entry);
JsonObject moment(const Entry& entry, std::string_view by);

// A document for the thing that `entry` creates, with the members every document has.
JsonObject thing(const Entry& entry, std::string_view id, std::string_view state);

void copy_members(JsonObject& to, const Json& from, std::initializer_list<std::string_view> names);

// Changes in place and stamps "updated"; false when there is no such thing. `change` adds to timelines at most and asks nothing.
template <class Change>
bool edit(Store& store, const Entry& entry, std::string_view kind, std::string_view id, Change change) {
  JsonObject* const document = store.change(kind, id);
  if (document == nullptr) return false;
  change(*document);
  (*document)["updated"] = format_time(entry.time);
  return true;
}

// "ana" from "user:ana"; others unchanged.
std::string person(std::string_view actor);
std::string words(std::string_view name);  // "query chain" from "query_chain"
std::string duration(std::int64_t us);     // "14 days", "4 h", "90 s"
std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

// Open incidents of an endpoint (of all endpoints when it is empty).
std::vector<std::string> open_incidents(Store& store, std::string_view endpoint);

}  // namespace firebreak::views
