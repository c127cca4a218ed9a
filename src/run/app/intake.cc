#include "run/app/intake.h"

#include <fmt/core.h>

#include <chrono>
#include <future>

#include "base/digest.h"
#include "base/limits.h"
#include "fold/provenance/provenance.h"
#include "world/taps/columns.h"

namespace firebreak::app {
namespace {

constexpr std::int64_t kPatience = 60 * kSecond;               // for the other half of an exchange
constexpr auto kPause = std::chrono::milliseconds(200);        // between two batches of joined records
constexpr std::size_t kBatch = 1'000, kWaiting = 100'000;      // records: of a batch, of those that wait for the disk
constexpr std::size_t kLines = 1'024;                            // streams, each by the names its senders give
constexpr std::size_t kWaitingBytes = 256 * limits::kMiB;      // of events since the last time nothing waited
constexpr const char* kOwner = "firebreak";  // whose the numbers of taps are: no token's
constexpr auto kDiskPatience = std::chrono::seconds(30);

}  // namespace

struct Intake::Line {
  taps::Tap tap;
  taps::Columns columns;
  std::deque<JsonObject> joined;
  std::uint64_t sequence = 0;  // of the last batch, lost ones included
  std::size_t octets = 0;      // of events since nothing waited
};

Intake::Intake(const Context& context, std::function<void(const std::string& stream)> admitted)
    : context_(context), admitted_(std::move(admitted)) {}

Intake::~Intake() { stop(); }

FeatureSchema Intake::features_of(const std::string& endpoint) const {
  FeatureSchema features;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    if (const auto found = state.endpoints.find(endpoint); found != state.endpoints.end()) features = found->second.features;
  });
  return features;
}

Result<std::string> Intake::lines(const std::string& stream, taps::Format format, std::string_view body, const std::string& said) {
  const taps::Columns columns = taps::columns_of(features_of(stream), said);
  taps::Tap tap(format, {stream, columns.names, "tap-" + sha256(body).hex().substr(0, 16), format_time(context_.clock.now())});
  std::string ndjson;
  std::uint64_t number = 0;
  const auto keep = [&](const std::vector<JsonObject>& records) {
    for (const JsonObject& record : records) ndjson += canonical_json(record) + "\n";
  };
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto records = tap.take(line);
    if (records) {
      if (auto order = taps::check_order(columns, *records); !order) records = fail(std::move(order.error()));
    }
    if (!records) {
      records.error().line = number;
      return fail(std::move(records.error()));
    }
    keep(*records);
  }
  keep(tap.finish());
  if (ndjson.empty()) return fail(Code::kInvalid, "the body holds no line");
  return ndjson;
}

Result<Intake::Line*> Intake::line_of(const std::string& stream, const std::string& said) {
  if (context_.streams.get(stream) == nullptr)
    return fail(Code::kNotFound, fmt::format("there is no stream '{}': 'firebreak onboard {}' makes it", stream, stream), "/stream");
  if (lines_.size() >= kLines && !lines_.contains({stream, said})) return fail(Code::kBusy, fmt::format("{} taps are in use", kLines));
  auto& line = lines_[{stream, said}];
  const taps::Columns columns = taps::columns_of(features_of(stream), said);
  if (line == nullptr || line->columns.names != columns.names) {
    auto fresh = std::make_unique<Line>(Line{taps::Tap(taps::Format::kKServe, {stream, columns.names, "tap", {}, true}), columns, {}, 0, 0});
    if (line != nullptr) {  // other names from now on: what waits under the old ones goes out as it is
      for (JsonObject& record : line->tap.finish()) line->joined.push_back(std::move(record));
      fresh->joined = std::move(line->joined);
      fresh->sequence = line->sequence;
    }
    line = std::move(fresh);
  }
  return line.get();
}

Result<Json> Intake::events(const std::string& stream, const Json& events, const std::string& columns) {
  JsonArray all;
  if (events.is_array()) {
    all = events.as_array();
  } else {
    all.push_back(events);
  }
  const std::lock_guard lock(mutex_);
  FIREBREAK_ASSIGN(Line* const line, line_of(stream, columns));
  if (line->joined.size() + all.size() > kWaiting || line->octets > kWaitingBytes)
    return fail(Code::kBusy, "the disk does not keep up: too many records wait");
  line->tap.set_now(context_.clock.now());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t octets = canonical_json(all[i]).size();
    line->octets += octets;
    auto records = line->tap.take_document(all[i], octets);
    if (records)
      if (auto order = taps::check_order(line->columns, *records); !order) records = fail(std::move(order.error()));
    if (!records) return fail(std::move(records.error()).with(fmt::format("event {} of {}; those before it are taken", i + 1, all.size())));
    for (JsonObject& record : *records) line->joined.push_back(std::move(record));
  }
  if (line->joined.size() >= kBatch) wake_.notify_one();
  return Json(JsonObject{{"taken", all.size()}, {"waiting", line->tap.pending()}});
}

void Intake::start() {
  producer_ = fmt::format("tap-{}", context_.clock.now().us);
  refused_ = &context_.metrics.counter("firebreak_tap_refused_total", "Records of taps that were taken and could not be kept");
  context_.metrics.gauge_function("firebreak_tap_waiting", "Requests of a tap whose answers have not come", [this] {
    const std::lock_guard lock(mutex_);
    double sum = 0;
    for (const auto& [of, line] : lines_) sum += static_cast<double>(line->tap.pending());
    return sum;
  });
  thread_ = std::thread([this] { run(); });
}

void Intake::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Intake::run() {
  for (bool last = false; !last;) {
    std::vector<Of> all;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kPause, [this] { return stopping_; });
      last = stopping_;
      const Time before{context_.clock.now().us - kPatience};
      for (auto& [of, line] : lines_) {
        for (JsonObject& record : last ? line->tap.finish() : line->tap.give_up_before(before)) line->joined.push_back(std::move(record));
        all.push_back(of);
      }
    }
    for (const Of& of : all) flush(of);
  }
}

void Intake::flush(const Of& of) {
  const std::string& stream = of.first;
  for (;;) {
    std::vector<JsonObject> records;
    std::uint64_t sequence = 0;
    {
      const std::lock_guard lock(mutex_);
      Line& line = *lines_.at(of);
      while (!line.joined.empty() && records.size() < kBatch) {
        records.push_back(std::move(line.joined.front()));
        line.joined.pop_front();
      }
      if (line.joined.empty()) line.octets = 0;
      if (records.empty()) return;
      sequence = ++line.sequence;
    }
    std::string ndjson;
    for (const JsonObject& record : records) ndjson += canonical_json(record) + "\n";
    const auto kept = admit(of, ndjson, sequence);
    if (kept) continue;
    if (kept.error().code == Code::kInvalid || kept.error().code == Code::kTooLarge) {
      admit_each(of, records, sequence);
    } else {
      refused_->add(records.size());
      context_.logger.error(fmt::format("{} records of a tap on '{}' are lost; the stream shows a gap", records.size(), stream), kept.error());
    }
  }
}

// One of them was refused, and with it the batch: the others are kept.
void Intake::admit_each(const Of& of, const std::vector<JsonObject>& records, std::uint64_t sequence) {
  for (const JsonObject& record : records) {
    const auto kept = admit(of, canonical_json(record) + "\n", sequence);
    if (kept) {
      const std::lock_guard lock(mutex_);
      sequence = ++lines_.at(of)->sequence;
    } else {
      refused_->add();
      context_.logger.error(fmt::format("record '{}' of a tap on '{}' is refused", string_or(record, "id").substr(0, limits::kIdBytes), of.first), kept.error());
    }
  }
}

Result<void> Intake::admit(const Of& of, const std::string& ndjson, std::uint64_t sequence) {
  const std::string& stream = of.first;
  record::Stream* const into = context_.streams.get(stream);
  if (into == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", stream));
  // Each sender's names have numbers of their own.
  const std::string producer = of.second.empty() ? producer_ : producer_ + "-" + sha256(of.second).hex().substr(0, 8);
  const auto deadline = std::chrono::steady_clock::now() + kDiskPatience;
  for (;;) {
    std::promise<Result<record::Receipt>> answer;
    auto receipt = answer.get_future();
    into->admit(ndjson, {producer, sequence, kOwner}, [&](Result<record::Receipt> r) { answer.set_value(std::move(r)); });
    auto outcome = receipt.get();
    if (outcome) {
      admitted_(stream);
      return {};
    }
    if (outcome.error().code != Code::kBusy || std::chrono::steady_clock::now() > deadline) return fail(std::move(outcome.error()));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the queue is full: the disk is behind
  }
}

}  // namespace firebreak::app
