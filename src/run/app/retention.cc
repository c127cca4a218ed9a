#include "run/app/retention.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "fold/keeping/keeping.h"

namespace firebreak::app {
namespace {

constexpr auto kLook = std::chrono::seconds(1);  // at the clock, which may be a story's
constexpr std::int64_t kBetween = kHour;
// A stream's keys change at least this often within its retention, so that what is past it does not wait for what is not.
constexpr std::int64_t kEpochsInRetention = 8;

keeping::KeepingState state_of(const journal::Journal& journal) {
  keeping::KeepingState state;
  journal.with_state([&](const journal::View& view) { state = view.state<keeping::KeepingState>(keeping::kFoldName); });
  return state;
}

}  // namespace

void Retention::start() {
  thread_ = std::thread([this] { run(); });
}

void Retention::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Retention::run() {
  Time last{};
  for (;;) {
    if (const Time now = context_.clock.now(); now.us - last.us >= kBetween) {
      last = now;
      hourly_();
      sweep();
    }
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kLook, [this] { return stopping_; })) return;
  }
}

void Retention::sweep() {
  for (const std::string& name : context_.streams.list())
    if (const auto done = sweep_one(name); !done)
      context_.logger.error(fmt::format("what is past its retention in '{}' is not gone yet; it is tried again in an hour", name), done.error());
}

Result<void> Retention::sweep_one(const std::string& name) {
  record::Stream* const stream = context_.streams.get(name);
  if (stream == nullptr) return {};
  FIREBREAK_TRY(report(name, *stream));  // what a crash cut short of the journal
  const std::int64_t days = stream->config().retention_days;
  if (days == 0) return {};
  // Asked anew for each stream: a hold that comes while keys go is too late.
  const keeping::Kept kept = keeping::held_in(state_of(context_.journal), name);
  if (kept.everything) return {};
  const Time now = context_.clock.now();
  std::function<bool(std::string_view)> held;
  if (!kept.subjects.empty())
    held = [&](std::string_view subject) { return kept.subjects.contains(context_.streams.keyed_hash("erasure", subject).hex()); };
  FIREBREAK_TRY(stream->expire(now - days * kDay, now - std::max(kDay, days * kDay / kEpochsInRetention), held));
  FIREBREAK_TRY(report(name, *stream));
  FIREBREAK_TRY(forget_(name));  // also what an earlier sweep may have left
  return {};
}

// The stream's log says what went; the journal hears of each expiry once, under the index of the control record that says so.
Result<void> Retention::report(const std::string& name, record::Stream& stream) {
  const std::string producer = "retention:" + name;
  const auto mark = context_.journal.mark(producer);
  const keeping::KeepingState state = state_of(context_.journal);
  const auto told = state.expired.find(name);
  // Entries of older versions bear no index: what is not past the last cutoff that they name was told.
  Time before{-1};
  if (!mark && told != state.expired.end()) {
    FIREBREAK_ASSIGN(before, parse_time(told->second.cutoff));
  }
  for (const auto& gone : stream.gone()) {
    if (gone->order != 0 || gone->records == 0) continue;
    if (mark ? gone->control <= mark->position : gone->cutoff.us <= before.us) continue;
    JsonObject body{{"stream", name},
                    {"retention_days", stream.config().retention_days},
                    {"purpose", stream.config().purpose},
                    {"cutoff", format_time(gone->cutoff)},
                    {"records", gone->records},
                    {"control", gone->control},
                    {"held_subjects", keeping::held_in(state, name).subjects.size()}};
    if (!gone->spans.empty()) {
      body["first"] = gone->spans.front().first;
      body["last"] = gone->spans.back().last;
    }
    FIREBREAK_TRY(context_.journal.submit_wait(Draft{"retention_done", std::move(body), "retention", {}, {producer, 1, gone->control, 0}}));
  }
  return {};
}

Json Retention::status() const {
  const keeping::KeepingState state = state_of(context_.journal);
  JsonArray streams;
  for (const std::string& name : context_.streams.list()) {
    const record::Stream* const stream = context_.streams.get(name);
    if (stream == nullptr) continue;
    const record::StreamConfig config = stream->config();
    const keeping::Kept kept = keeping::held_in(state, name);
    JsonObject one{{"stream", name},
                   {"purpose", config.purpose},
                   {"retention_days", config.retention_days},
                   {"held", kept.everything ? "everything" : kept.subjects.empty() ? "nothing" : fmt::format("{} people", kept.subjects.size())},
                   {"records", 0}};
    if (const auto expired = state.expired.find(name); expired != state.expired.end()) {
      one["cutoff"] = expired->second.cutoff;
      one["records"] = expired->second.records;
      one["entry"] = expired->second.entry;
    }
    streams.push_back(std::move(one));
  }
  return JsonObject{{"streams", std::move(streams)}};
}

}  // namespace firebreak::app
