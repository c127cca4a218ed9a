#include "read/views/views.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>

#include "base/digest.h"
#include "read/views/opening.h"
#include "read/views/projection.h"
#include "read/views/screens.h"
#include "read/views/views_impl.h"

namespace firebreak::views {

Result<std::int64_t> parse_cursor(const std::string& cursor) {
  if (cursor.empty()) return INT64_MAX;
  std::int64_t index = 0;
  const auto [end, problem] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), index);
  if (problem != std::errc() || end != cursor.data() + cursor.size() || index < 0)
    return fail(Code::kInvalid, "the cursor is none that a list has given", "/cursor");
  return index;
}

Views::Views(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Views::~Views() { close_current(impl_->database, impl_->database.damaged()); }

Result<std::unique_ptr<Views>> Views::open(const std::string& path) {
  bool usable = false;
  Result<Database> database = open_current(path, &usable);
  if (!database || !usable) {
    database = fail(Code::kIo, "closed");  // the handle must be closed before its file goes
    remove_database(path);
    database = open_current(path, &usable);
    if (!database) return fail(std::move(database.error()));
    if (!usable) return fail(Code::kIo, fmt::format("views: '{}' cannot be made anew", path));
  }
  FIREBREAK_ASSIGN(Store store, Store::open(*database));
  auto impl = std::make_unique<Impl>(std::move(*database), std::move(store));
  impl->next = impl->store.next_index();
  FIREBREAK_TRY(impl->store.take_error());
  return std::unique_ptr<Views>(new Views(std::move(impl)));
}

std::uint64_t Views::next_index() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->next;
}

Result<void> Views::Impl::commit(std::span<const Entry> entries) {
  if (entries.empty() || entries.back().index < next) return {};
  std::uint64_t at = next;
  FIREBREAK_TRY(database.run("BEGIN IMMEDIATE"));
  Result<void> outcome;
  store.begin();
  for (const Entry& entry : entries) {
    if (entry.index < at) continue;
    if (entry.index != at) {
      outcome = fail(Code::kConflict, fmt::format("views: entry {} comes after {}; catch up first",
                                                  entry.index, static_cast<std::int64_t>(at) - 1));
      break;
    }
    project(store, entry);
    ++at;
  }
  store.set_next_index(at);
  store.end();
  if (Result<void> stored = store.take_error(); outcome && !stored) outcome = std::move(stored);
  if (outcome) outcome = database.run("COMMIT");
  if (!outcome) {
    store.give_up();
    (void)database.run("ROLLBACK");
    return outcome;
  }
  next = at;
  return {};
}

Result<void> Views::apply(std::span<const Entry> entries) {
  const std::lock_guard lock(impl_->mutex);
  impl_->health = impl_->commit(entries);
  impl_->applied.notify_all();
  return impl_->health;
}

void Views::forget() {
  const std::lock_guard lock(impl_->mutex);
  impl_->store.give_up();
  impl_->health =
      impl_->database.run("BEGIN; DELETE FROM things; DELETE FROM timeline; DELETE FROM names; DELETE FROM words; DELETE FROM rows; DELETE FROM typed; DELETE FROM meta WHERE key = 'next_index'; COMMIT");
  if (impl_->health) impl_->next = 0;
}

Result<void> Views::healthy() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->health;
}

bool Views::wait_for_index(std::uint64_t index, std::int64_t timeout_us) const {
  std::unique_lock lock(impl_->mutex);
  return impl_->applied.wait_for(lock, std::chrono::microseconds(timeout_us),
                                 [&] { return impl_->next > index; });
}

Result<Json> Views::Impl::list(std::string_view kind, const Page& page, const Filter& filter,
                               void (*trim)(JsonObject&)) const {
  if (page.limit < 1 || page.limit > 500) return fail(Code::kInvalid, "'limit' is 1 to 500", "/limit");
  FIREBREAK_ASSIGN(const std::int64_t below, parse_cursor(page.cursor));
  const std::lock_guard lock(mutex);
  std::vector<JsonObject> found = store.list({.kind = std::string(kind),
                                              .incident = filter.incident,
                                              .endpoint = filter.endpoint,
                                              .state = filter.state,
                                              .below = below,
                                              .limit = page.limit + 1});
  FIREBREAK_TRY(store.take_error());
  Json cursor = nullptr;
  if (found.size() > static_cast<std::size_t>(page.limit)) {
    found.pop_back();
    cursor = std::to_string(int_or(found.back(), "index"));
  }
  JsonArray items;
  for (JsonObject& document : found) {
    if (trim != nullptr) trim(document);
    items.push_back(std::move(document));
  }
  return JsonObject{{"items", std::move(items)}, {"next", std::move(cursor)}, {"index", next}};
}

Result<Json> Views::incidents(const Page& page, const Filter& filter) const {
  return impl_->list("incident", page, filter, trim_incident);
}
Result<Json> Views::findings(const Page& page, const Filter& filter) const {
  return impl_->list("finding", page, filter, nullptr);
}
Result<Json> Views::actions(const Page& page, const Filter& filter) const {
  return impl_->list("action", page, filter, trim_action);
}
Result<Json> Views::evidence(const Page& page, const Filter& filter) const {
  return impl_->list("evidence", page, filter, nullptr);
}
Result<Json> Views::models(const Page& page, const Filter& filter) const {
  return impl_->list("release", page, filter, nullptr);
}
Result<Json> Views::runs(const Page& page, const Filter& filter) const {
  return impl_->list("run", page, filter, nullptr);
}
Result<Json> Views::approvals(const Page& page, const Filter& filter) const {
  return impl_->list("approval", page, filter, nullptr);
}
Result<Json> Views::gates(const Page& page, const Filter& filter) const {
  return impl_->list("gate", page, filter, nullptr);
}
Result<Json> Views::duties(const Page& page, const Filter& filter) const {
  return impl_->list("duty", page, filter, nullptr);
}
Result<Json> Views::endpoints(const Page& page, const Filter& filter) const {
  return impl_->list("endpoint", page, filter, nullptr);
}

Result<Json> Views::changes(const Page& page, const Filter& filter) const {
  return impl_->list("change", page, filter, nullptr);
}
Result<Json> Views::tunings(const Page& page, const Filter& filter) const {
  return impl_->list("tuning", page, filter, nullptr);
}
Result<Json> Views::mutes(const Page& page, const Filter& filter) const {
  return impl_->list("mute", page, filter, nullptr);
}

Result<Json> Views::incident(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  Result<Json> screen = incident_screen(impl_->store, id);
  FIREBREAK_TRY(impl_->store.take_error());
  return screen;
}

Result<std::set<std::string>> Views::names_of(const std::string& incident) const {
  const std::lock_guard lock(impl_->mutex);
  std::set<std::string> names{incident};
  std::vector<std::string> wholes{incident};  // a run's steps belong to the run
  for (std::size_t at = 0; at < wholes.size(); ++at) {
    for (const JsonObject& thing : impl_->store.belonging_to(wholes[at])) {
      const std::string id = string_or(thing, "id");
      if (!id.empty() && names.insert(id).second) wholes.push_back(id);
      for (const char* key : {"digest", "blob"})
        if (const std::string digest = string_or(thing, key); Digest::from_hex(digest)) names.insert(digest);
    }
  }
  if (const std::optional<JsonObject> one = impl_->store.get("incident", incident))
    for (const std::string& finding : strings_or_empty(*one, "findings")) names.insert(finding);
  FIREBREAK_TRY(impl_->store.take_error());
  return names;
}

Result<Json> Views::finding(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  Result<Json> screen = finding_screen(impl_->store, id);
  FIREBREAK_TRY(impl_->store.take_error());
  return screen;
}

Result<Json> Views::action(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  Result<Json> screen = action_screen(impl_->store, id);
  FIREBREAK_TRY(impl_->store.take_error());
  return screen;
}

Result<Json> Views::evidence_item(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  std::optional<JsonObject> found = impl_->store.get("evidence", id);
  FIREBREAK_TRY(impl_->store.take_error());
  if (!found) return fail(Code::kNotFound, fmt::format("there is no evidence '{}'", id));
  return Json(std::move(*found));
}

Result<Json> Views::run(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  std::optional<JsonObject> found = impl_->store.get("run", id);
  FIREBREAK_TRY(impl_->store.take_error());
  if (!found) return fail(Code::kNotFound, fmt::format("there is no run '{}'", id));
  JsonObject screen = run_screen(impl_->store, std::move(*found), 1'000);
  FIREBREAK_TRY(impl_->store.take_error());
  return Json(std::move(screen));
}

Result<Json> Views::duty(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  Result<Json> screen = duty_screen(impl_->store, id);
  FIREBREAK_TRY(impl_->store.take_error());
  return screen;
}

Result<Json> Views::timeline(const std::string& id, const TimelineAsk& ask) const {
  Lines lines;
  lines.incident = id;
  lines.types = ask.types;
  lines.by_occurrence = ask.by_occurrence;
  for (const std::string& word : ask.words) lines.words.push_back(word.ends_with('*') ? word : word + "*");
  if (!ask.from.empty()) {
    FIREBREAK_ASSIGN(lines.from, parse_time(ask.from));
  }
  if (!ask.to.empty()) {
    FIREBREAK_ASSIGN(lines.to, parse_time(ask.to));
  }
  if (!ask.cursor.empty()) {
    FIREBREAK_ASSIGN(lines.skip, parse_cursor(ask.cursor));
  }
  lines.limit = ask.limit + 1;
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->store.get("incident", id)) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", id));
  JsonArray items = impl_->store.timeline(lines);
  FIREBREAK_TRY(impl_->store.take_error());
  Json next = nullptr;
  if (items.size() > static_cast<std::size_t>(ask.limit)) {
    items.pop_back();
    next = std::to_string(lines.skip + ask.limit);
  }
  return JsonObject{{"items", std::move(items)}, {"next", std::move(next)}, {"index", impl_->next}};
}

Result<Json> Views::record(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  Result<Json> screen = record_screen(impl_->store, id);
  FIREBREAK_TRY(impl_->store.take_error());
  return screen;
}

Result<Json> Views::handover_summary(const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  Result<Json> screen = handover_screen(impl_->store, id);
  FIREBREAK_TRY(impl_->store.take_error());
  return screen;
}

Result<Json> Views::written(const std::string& kind, const Page& page, const Filter& filter) const { return impl_->list(kind, page, filter, kind == "notes" ? trim_notes : nullptr); }

Result<Json> Views::written_one(const std::string& kind, const std::string& id) const {
  const std::lock_guard lock(impl_->mutex);
  std::optional<JsonObject> found = impl_->store.get(kind, id);
  FIREBREAK_TRY(impl_->store.take_error());
  if (!found) return fail(Code::kNotFound, fmt::format("there is no {} '{}'", words(kind), id));
  return Json(std::move(*found));
}

Result<Json> Views::status() const {
  const std::lock_guard lock(impl_->mutex);
  JsonObject screen = status_screen(impl_->store);
  FIREBREAK_TRY(impl_->store.take_error());
  screen["index"] = impl_->next;
  return Json(std::move(screen));
}

Result<Json> Views::metrics(const MetricsFilter& filter, Time now) const {
  const std::lock_guard lock(impl_->mutex);
  JsonObject screen = metrics_screen(impl_->store, filter, now);
  FIREBREAK_TRY(impl_->store.take_error());
  screen["index"] = impl_->next;
  return Json(std::move(screen));
}

Result<Json> Views::robustness() const {
  const std::lock_guard lock(impl_->mutex);
  JsonObject screen = robustness_screen(impl_->store);
  FIREBREAK_TRY(impl_->store.take_error());
  screen["index"] = impl_->next;
  return Json(std::move(screen));
}

}  // namespace firebreak::views
