#include "run/app/erasures.h"

#include <fmt/core.h>

#include <set>

#include "base/limits.h"
#include "fold/keeping/keeping.h"

namespace firebreak::app {
namespace {

keeping::KeepingState state_of(const journal::Journal& journal) {
  keeping::KeepingState state;
  journal.with_state([&](const journal::View& view) { state = view.state<keeping::KeepingState>(keeping::kFoldName); });
  return state;
}

const Entry* entry_of(const journal::Group& group, std::string_view kind) {
  for (const Entry& entry : group.entries)
    if (entry.kind == kind) return &entry;
  return nullptr;
}

// The person as they may be shown: the keyed hash that the journal has.
JsonObject asked_json(std::uint64_t index, const keeping::Erasure& erasure) {
  return {{"id", fmt::format("era-{}", index)},
          {"subject_hash", erasure.subject},
          {"streams", JsonArray(erasure.streams.begin(), erasure.streams.end())},
          {"reason", erasure.reason},
          {"by", erasure.by},
          {"requested", erasure.requested}};
}

JsonObject open_json(const keeping::KeepingState& state, std::uint64_t index, const keeping::Erasure& erasure) {
  JsonObject out = asked_json(index, erasure);
  JsonArray held_by;
  for (const std::uint64_t hold : keeping::holds_on(state, erasure)) held_by.emplace_back(fmt::format("hold-{}", hold));
  out["state"] = erasure.ordered ? "ordered" : "waiting";
  out["held_by"] = std::move(held_by);
  return out;
}

// Of the streams that an erasure went through, those whose detectors still hold something of it.
JsonArray not_forgotten(const Context& context, const keeping::Done& done) {
  JsonArray out;
  if (done.forgotten != 0) return out;
  for (const auto& stream : done.took.as_object()) {
    const StreamFeed* const feed = context.feeds.find(stream.key());
    if (feed != nullptr && feed->forgotten() < static_cast<std::size_t>(int_or(stream.value(), "gone", 0))) out.emplace_back(stream.key());
  }
  return out;
}

JsonObject done_json(const Context& context, std::uint64_t index, const keeping::Done& done) {
  JsonObject out = asked_json(index, done.asked);
  std::int64_t records = 0, parts = 0;
  for (const auto& stream : done.took.as_object()) {
    records += int_or(stream.value(), "records", 0);
    parts += int_or(stream.value(), "parts", 0);
  }
  out["state"] = "done";
  out["done"] = done.time;
  out["entry"] = done.entry;
  out["records"] = records;
  out["took"] = done.took;
  out["archive_parts_made_anew"] = parts;
  JsonArray waiting = not_forgotten(context, done);
  out["detectors"] = waiting.empty() ? "forgotten" : "being made anew";
  out["detectors_waiting"] = std::move(waiting);
  if (done.forgotten != 0) out["detectors_entry"] = done.forgotten;
  return out;
}

Result<std::string> subject_in(const Json& body) {
  FIREBREAK_ASSIGN(std::string subject, get_string(body, "subject"));
  if (subject.empty() || subject.size() > limits::kIdBytes)
    return fail(Code::kInvalid, fmt::format("'subject' is a name of 1 to {} octets", limits::kIdBytes), "/subject");
  return subject;
}

}  // namespace

std::string Erasures::hash_of(std::string_view subject) const {
  return context_.streams.keyed_hash("erasure", subject).hex();
}

Result<Json> Erasures::erase_text(const Json& body, const std::string& actor) {
  FIREBREAK_TRY(only_keys(body, {"text", "reason"}));
  FIREBREAK_ASSIGN(const std::string text, get_string(body, "text"));
  if (text_digest(text) && !context_.texts.has(text))
    return fail(Code::kNotFound, fmt::format("there is no {}: it was erased, or never kept here", text), "/text");
  FIREBREAK_ASSIGN(const journal::Group group,
                   journal::give_command(context_.journal, "text.erase", JsonObject{{"text", text}, {"reason", string_or(body, "reason")}}, actor));
  const Entry* erased = entry_of(group, "text_erased");
  FIREBREAK_ASSERT(erased != nullptr);
  FIREBREAK_TRY(context_.texts.apply(*erased));  // the answer says that it is gone, so it is
  return Json(JsonObject{{"index", erased->index}, {"id", text}, {"state", "done"}});
}

Result<Json> Erasures::request(const Json& body, const std::string& actor) {
  if (find(body, "text") != nullptr) return erase_text(body, actor);
  FIREBREAK_TRY(only_keys(body, {"subject", "reason", "streams"}));
  FIREBREAK_ASSIGN(const std::string subject, subject_in(body));
  JsonObject args{{"subject", hash_of(subject)}, {"reason", string_or(body, "reason")}};
  if (const Json* streams = find(body, "streams")) {
    for (const std::string& name : strings_or_empty(body, "streams"))
      if (context_.streams.get(name) == nullptr)
        return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name), "/streams");
    args["streams"] = *streams;
  }
  const std::lock_guard lock(mutex_);
  FIREBREAK_TRY(context_.files.make_dir(dir_));
  FIREBREAK_TRY(write_atomic(context_.files, path_of(hash_of(subject)), subject));
  auto group = journal::give_command(context_.journal, "erase.request", args, actor);
  if (!group) {
    forget_names();
    return fail(std::move(group.error()));
  }
  const Entry* requested = entry_of(*group, "erase_requested");
  FIREBREAK_ASSERT(requested != nullptr);
  return Json(JsonObject{{"index", requested->index},
                         {"id", requested->id("era")},
                         {"state", entry_of(*group, "erase_ordered") != nullptr ? "ordered" : "waiting"}});
}

Result<Json> Erasures::hold(const Json& body, const std::string& actor) {
  FIREBREAK_TRY(only_keys(body, {"subject", "reason", "stream"}));
  JsonObject args{{"reason", string_or(body, "reason")}};
  if (find(body, "subject") != nullptr) {
    FIREBREAK_ASSIGN(const std::string subject, subject_in(body));
    args["subject"] = hash_of(subject);
  }
  if (const std::string stream = string_or(body, "stream"); !stream.empty()) {
    if (context_.streams.get(stream) == nullptr)
      return fail(Code::kNotFound, fmt::format("there is no stream '{}'", stream), "/stream");
    args["stream"] = stream;
  }
  FIREBREAK_ASSIGN(const journal::Group group, journal::give_command(context_.journal, "hold.add", args, actor));
  const Entry* added = entry_of(group, "hold_added");
  FIREBREAK_ASSERT(added != nullptr);
  return Json(JsonObject{{"index", added->index}, {"id", added->id("hold")}});
}

Json Erasures::status() const {
  const keeping::KeepingState state = state_of(context_.journal);
  JsonArray holds, erasures, done;
  for (const auto& [index, hold] : state.holds)
    holds.push_back(JsonObject{{"id", fmt::format("hold-{}", index)},
                               {"covers", hold.subject.empty() ? "everybody" : "one person"},
                               {"stream", hold.stream},
                               {"reason", hold.reason},
                               {"by", hold.by},
                               {"lift_proposed_by", hold.lift_proposed_by}});
  for (const auto& [index, erasure] : state.erasures) erasures.push_back(open_json(state, index, erasure));
  for (const auto& [index, one] : state.done) done.push_back(done_json(context_, index, one));
  return JsonObject{{"holds", std::move(holds)}, {"erasures", std::move(erasures)}, {"done", std::move(done)}};
}

Result<Json> Erasures::status_of(const std::string& id) const {
  const keeping::KeepingState state = state_of(context_.journal);
  const std::uint64_t index = id.starts_with("era-") ? index_of(id) : 0;
  if (const auto open = state.erasures.find(index); open != state.erasures.end()) return Json(open_json(state, index, open->second));
  const auto done = state.done.find(index);
  if (done == state.done.end())
    return fail(Code::kNotFound, fmt::format("no erasure '{}' is open or among the newest {} that are done", id, keeping::kDoneKept), "/id");
  JsonObject out = done_json(context_, index, done->second);
  std::uint64_t behind = 0;
  for (const auto& stream : done->second.took.as_object()) behind += parts_.behind(std::string(stream.key()));
  out["archive_parts_waiting"] = behind;
  return Json(std::move(out));
}

void Erasures::carry_out() {
  const keeping::KeepingState state = state_of(context_.journal);
  for (const auto& [index, erasure] : state.erasures) {
    if (stopping_) return;
    // Asked anew each time: a hold may have come meanwhile. One that comes while the keys go is too late.
    const keeping::KeepingState now = state_of(context_.journal);
    const auto open = now.erasures.find(index);
    if (open == now.erasures.end() || !open->second.ordered) continue;
    const auto done = carry_out_one(index, erasure.subject, {erasure.streams.begin(), erasure.streams.end()});
    if (!done) context_.logger.error(fmt::format("erasure era-{} is not finished; it is tried again within the hour", index), done.error());
  }
  {
    const std::lock_guard lock(mutex_);
    forget_names();
  }
  note_forgotten();
}

void Erasures::note_forgotten() {
  const keeping::KeepingState state = state_of(context_.journal);
  for (const auto& [index, done] : state.done) {
    if (done.forgotten != 0 || !not_forgotten(context_, done).empty()) continue;
    Draft draft{"erasure_forgotten", JsonObject{{"erasure", fmt::format("era-{}", index)}}, "erasure", {}, {}};
    if (const auto told = context_.journal.submit_wait(std::move(draft)); !told)
      context_.logger.error(fmt::format("the journal does not know that detectors have forgotten era-{}", index), told.error());
  }
}

Result<void> Erasures::carry_out_one(std::uint64_t index, const std::string& hash, const std::vector<std::string>& streams) {
  auto subject = read_all(context_.files, path_of(hash));
  if (!subject) return fail(std::move(subject.error()).with("the name of whom to erase"));
  JsonObject took;
  Result<void> trouble;
  for (const std::string& name : streams.empty() ? context_.streams.list() : streams) {
    record::Stream* const stream = context_.streams.get(name);
    if (stream == nullptr) continue;
    const auto done = stream->erase(*subject, index);
    // What was derived goes too, also when the keys were gone already: a crash may have come between. One stream's trouble does
    // not keep another's rows.
    const auto forgotten = done ? parts_.forget(name) : Result<std::uint64_t>(fail(Error(done.error())));
    if (!forgotten) {
      trouble = fail(Error(forgotten.error()));
      continue;
    }
    JsonObject counts{{"records", done->records}, {"parts", *forgotten}, {"gone", stream->gone().size()}};
    if (done->records > 0) {
      counts["first"] = done->where.list().front().first;
      counts["last"] = done->where.list().back().last;
    }
    took[name] = std::move(counts);
  }
  FIREBREAK_TRY(std::move(trouble));
  FIREBREAK_TRY(context_.journal.renew_snapshots());
  JsonObject body{{"erasure", fmt::format("era-{}", index)}, {"streams", std::move(took)}};
  FIREBREAK_TRY(context_.journal.submit_wait(Draft{"erasure_done", std::move(body), "erasure", {}, {}}));
  return {};
}

// Names that no open erasure needs: overwritten and removed. With `mutex_` held.
void Erasures::forget_names() {
  std::set<std::string> needed;
  const keeping::KeepingState state = state_of(context_.journal);
  for (const auto& [index, erasure] : state.erasures) needed.insert(erasure.subject);
  const auto names = context_.files.list(dir_);
  if (!names) return;
  for (const std::string& name : *names) {
    if (needed.contains(name)) continue;
    if (auto file = context_.files.open(path_of(name), OpenMode::kWrite)) overwrite(**file);
    (void)context_.files.remove(path_of(name));
  }
}

}  // namespace firebreak::app
