// Remedy lists and taint lists: how far they are, for incidents and lists. Their rows are read where they stand (run/app/remedy_rows).
#include <fmt/core.h>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

// One list an incident, under its id.
template <class Change>
void edit_list(Store& store, const Entry& entry, Change change) {
  edit(store, entry, "remedy", string_or(entry.body, "incident"), change);
}

void requested(Store& store, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  if (!store.get("remedy", incident)) {
    JsonObject list = thing(entry, incident, "building");
    copy_members(list, entry.body, {"incident", "endpoint", "stream"});
    for (const char* absent : {"build", "release", "counts", "blob", "error", "exported"}) list[absent] = nullptr;
    store.put("remedy", list);
  }
  edit_list(store, entry, [&](JsonObject& list) {
    list["state"] = "building";
    list["asked"] = moment(entry, string_or(entry.body, "by"));
    copy_members(list["asked"].as_object(), entry.body, {"scope", "release", "of", "label", "caller", "from", "to", "first", "last", "replace"});
    list["progress"] = JsonObject{{"build", entry.id("rem")}, {"rows", 0}, {"at", nullptr}, {"end", nullptr}};
  });
  store.add_timeline(incident, entry, fmt::format("{} asks for the list of decisions affected ({}), asked again of {}", person(string_or(entry.body, "by")),
                                                  string_or(entry.body, "scope"), string_or(entry.body, "release")));
}

void started(Store& store, const Entry& entry) {
  edit_list(store, entry, [&](JsonObject& list) {
    if (Json* const progress = list.if_contains("progress"); progress != nullptr && progress->is_object())
      copy_members(progress->get_object(), JsonObject{{"release", string_or(entry.body, "release")}, {"at", int_or(entry.body, "first")}, {"end", int_or(entry.body, "end")}},
                   {"release", "at", "end"});
  });
}

void rows(Store& store, const Entry& entry) {
  edit_list(store, entry, [&](JsonObject& list) {
    Json* const progress = list.if_contains("progress");
    if (progress == nullptr || !progress->is_object()) return;
    const JsonObject before = progress->get_object();
    copy_members(progress->get_object(), JsonObject{{"rows", int_or(before, "rows") + int_or(entry.body, "count")}, {"at", int_or(entry.body, "to")}}, {"rows", "at"});
  });
}

void ended(Store& store, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident"), error = string_or(entry.body, "error");
  edit_list(store, entry, [&](JsonObject& list) {
    list["progress"] = nullptr;
    list["error"] = error.empty() ? Json(nullptr) : Json(error);
    const bool listed = list.at("counts").is_object();
    list["state"] = error.empty() || (listed && int_or(list.at("counts"), "open") != 0) ? "open" : listed ? "done" : "failed";
    if (error.empty()) copy_members(list, entry.body, {"build", "release", "blob"});
  });
  if (!error.empty()) store.add_timeline(incident, entry, fmt::format("The list of decisions affected was not built: {}", error));
}

void counted(Store& store, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident");
  bool first = false;
  const auto number = [&](const char* key) { return int_or(entry.body, key); };
  edit_list(store, entry, [&](JsonObject& list) {
    first = !list.at("counts").is_object() || string_or(list.at("counts"), "build") != string_or(entry.body, "build");
    JsonObject counts;
    copy_members(counts, entry.body, {"affected", "changed", "unanswered", "erased", "open", "reversed", "confirmed", "told", "again", "build"});
    list["counts"] = std::move(counts);
    if (string_or(list, "state") != "building") list["state"] = bool_or(entry.body, "done") ? "done" : "open";
  });
  if (first)
    store.add_timeline(incident, entry, fmt::format("{} decisions affected: {} would be others now, {} cannot be asked again ({} erased); {} open", number("affected"),
                                                    number("changed"), number("unanswered") + number("erased"), number("erased"), number("open")));
  if (bool_or(entry.body, "done")) store.add_timeline(incident, entry, fmt::format("No decision is open: {} reversed, {} confirmed, {} customers told", number("reversed"), number("confirmed"), number("told")));
}

void settled(Store& store, const Entry& entry) {
  const std::string note = string_or(entry.body, "note");
  store.add_timeline(string_or(entry.body, "incident"), entry, fmt::format("{} decisions {} by {}{}", int_or(entry.body, "count"), string_or(entry.body, "as"),
                                                                          person(string_or(entry.body, "by")), note.empty() ? "" : ": " + note));
}

void told(Store& store, const Entry& entry) {
  store.add_timeline(string_or(entry.body, "incident"), entry, fmt::format("{} customers told by {}: {}", int_or(entry.body, "count"), person(string_or(entry.body, "by")),
                                                                          string_or(entry.body, "reference")));
}

void exported(Store& store, const Entry& entry) {
  edit_list(store, entry, [&](JsonObject& list) {
    list["exported"] = moment(entry, string_or(entry.body, "by"));
    copy_members(list["exported"].as_object(), entry.body, {"format", "digest", "rows"});
  });
  store.add_timeline(string_or(entry.body, "incident"), entry, fmt::format("{} took the list of {} decisions as {}, SHA-256 {}", person(string_or(entry.body, "by")),
                                                                          int_or(entry.body, "rows"), string_or(entry.body, "format"), string_or(entry.body, "digest")));
}

void taint_requested(Store& store, const Entry& entry) {
  JsonObject list = thing(entry, entry.id("tnt"), "building");
  copy_members(list, entry.body, {"incident", "endpoint", "stream", "by"});
  for (const char* absent : {"digest", "inferences", "labels", "callers", "sources", "error"}) list[absent] = nullptr;
  store.put("taint", list);
}

void taint_built(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "list"), error = string_or(entry.body, "error");
  edit(store, entry, "taint", id, [&](JsonObject& list) {
    list["state"] = error.empty() ? "in_force" : "failed";
    if (!error.empty()) list["error"] = error;
    copy_members(list, entry.body, {"inferences", "labels", "callers", "sources", "erased", "scope", "octets"});
    if (error.empty()) list["digest"] = string_or(entry.body, "blob");
  });
  store.add_timeline(string_or(entry.body, "incident"), entry,
                     error.empty() ? fmt::format("Taint list {}: {} inferences, {} labels, {} callers and {} sources are kept out of training", id, int_or(entry.body, "inferences"),
                                                 int_or(entry.body, "labels"), int_or(entry.body, "callers"), int_or(entry.body, "sources"))
                                   : fmt::format("Taint list {} could not be made: {}", id, error));
}

constexpr Handler kHandlers[] = {
    {"remedy_counted", counted}, {"remedy_ended", ended},     {"remedy_exported", exported}, {"remedy_requested", requested}, {"remedy_rows", rows},
    {"remedy_settled", settled}, {"remedy_started", started}, {"remedy_told", told},         {"taint_built", taint_built},    {"taint_requested", taint_requested},
};

}  // namespace

std::span<const Handler> remedy_handlers() { return kHandlers; }

}  // namespace firebreak::views
