#include "world/gateway/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/files.h"
#include "log/record/payload.h"
#include "log/record/rows.h"

namespace firebreak::gateway {
namespace {
constexpr std::string_view kLinesType = "application/x-ndjson";
constexpr std::int64_t kLearnPause = 5'000'000;  // between two looks at the server's columns
constexpr unsigned kRenumberings = 40;  // of one batch: further than any clock is wrong; then it waits as usual
}

Delivery::Delivery(Spool& spool, const Clock& clock, DeliveryOptions options)
    : spool_(spool), clock_(clock), options_(std::move(options)), thread_([this] { run(); }) {}

Delivery::~Delivery() { stop(); }

void Delivery::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  cancelled_ = true;
  stop_.notify_all();
  spool_.stop_delivery();
  if (thread_.joinable()) thread_.join();
}

DeliveryStats Delivery::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void Delivery::note(std::string error) {
  const std::lock_guard lock(mutex_);
  ++stats_.attempts;
  stats_.error = std::move(error);
}

bool Delivery::pause(std::int64_t us) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, std::chrono::microseconds(us), [this] { return stopping_; });
}

void Delivery::run() {
  client_.cancel_when(cancelled_);
  while (auto batch = spool_.next()) {
    if (!deliver(*batch)) return;
    if (auto ok = spool_.acknowledged(*batch); !ok) note(ok.error().message);
    // The server has made the columns that this batch brought.
    if ((form_.lacks_columns() || rows_refused_) && (learned_us_ == 0 || clock_.steady_us() - learned_us_ > kLearnPause)) (void)learn_columns();
    const std::lock_guard lock(mutex_);
    ++stats_.batches;
  }
}

// A server that does not tell its columns gets lines.
Result<void> Delivery::learn_columns() {
  learned_us_ = clock_.steady_us();
  rows_refused_ = false;
  net::Request request;
  request.method = "GET";
  FIREBREAK_ASSIGN(const Json document,
                   net::json_of(client_.send(request, fmt::format("{}/api/v1/streams/{}/schemas", options_.server_url, options_.stream),
                                             options_.timeout_us)));
  return form_.learn(document);
}

std::string Delivery::text_of(const SpoolBatch& batch) {
  std::string text;
  for (const std::string& line : batch.lines) text.append(line).push_back('\n');
  return text;
}

Result<net::Response> Delivery::attempt(const SpoolBatch& batch, std::uint64_t content, bool as_lines) {
  // The file may be written after we start, or change: read it each time.
  PosixFiles files;
  auto token = read_all(files, options_.token_file);
  if (!token) return fail(std::move(token.error()).with("server token"));
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
  client_.set_token(*token);
  net::Request request;
  request.method = "POST";
  auto rows = as_lines ? std::nullopt : form_.rows_of(batch.lines);
  sent_rows_ = rows.has_value();
  request.body = rows ? std::move(*rows) : text_of(batch);
  request.headers = {{"Content-Type", std::string(sent_rows_ ? record::kRowsType : kLinesType)},
                     {"Firebreak-Producer", options_.producer},
                     {"Firebreak-Sequence", std::to_string(batch.sequence)},
                     {"Firebreak-Content", fmt::format("{:016x}", content)},
                     {"Firebreak-Sent", format_time(clock_.now())}};
  return client_.send(request, fmt::format("{}/api/v1/streams/{}/records", options_.server_url, options_.stream),
                      options_.timeout_us);
}

bool Delivery::deliver(SpoolBatch& batch) {
  std::int64_t wait_us = options_.first_pause_us;
  std::size_t replacements = 0;
  unsigned renumbered = 0;
  bool as_lines = false;
  const std::uint64_t content = record::content_of(text_of(batch));  // also of what it becomes when lines are refused
  while (true) {
    auto answer = attempt(batch, content, as_lines);
    if (answer && answer->status == 200) {
      note("");
      const std::lock_guard lock(mutex_);
      stats_.as_rows += sent_rows_ ? 1 : 0;
      return true;
    }
    // What is refused as rows may be taken as lines (another schema, an older server), and lines name what is wrong.
    if (answer && sent_rows_ && answer->status >= 400 && answer->status < 500 && answer->status != 429 && answer->status != 401) {
      as_lines = rows_refused_ = true;
      continue;
    }
    const Error error = answer ? net::error_of(*answer) : answer.error();
    note(fmt::format("stream {}: {}", options_.stream, error.message));
    const bool for_good = answer && (answer->status == 400 || answer->status == 413 || answer->status == 422);
    if (for_good && replacements++ <= options_.max_replacements) {
      replace_refused(batch, error);
      continue;
    }
    const bool passed = answer && answer->status == 409;
    if (passed && renumbered < kRenumberings && renumber(batch, renumbered++)) continue;
    if (!pause(wait_us)) return false;
    wait_us = std::min(options_.longest_pause_us, wait_us * 2);
  }
}

// Numbers begin as milliseconds since 1970: now is above what an honest clock gave out, doubling steps pass the rest.
bool Delivery::renumber(SpoolBatch& batch, unsigned attempts) {
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(0, SystemClock().now().us / kMillisecond));
  const std::uint64_t at_least = std::max(now, batch.sequence) + (std::uint64_t{1} << attempts);
  const std::uint64_t old = batch.sequence;
  if (auto ok = spool_.renumber(batch, at_least); !ok) {
    note(ok.error().message);
    return false;
  }
  const std::lock_guard lock(mutex_);
  ++stats_.renumbered;
  stats_.error = fmt::format("stream {}: the server has passed batch {}; it goes out again as {}", options_.stream, old,
                             batch.sequence);
  return true;
}

void Delivery::replace_refused(SpoolBatch& batch, const Error& error) {
  // Lines of a batch have ascending numbers, but some may be missing between them: the range is a bound then.
  const bool exact = batch.last - batch.first + 1 == batch.lines.size();
  const std::string reason = "refused by the server: " + error.message;
  const std::size_t bad = static_cast<std::size_t>(error.line);
  std::uint64_t count = 1;
  if (bad >= 1 && bad <= batch.lines.size() && batch.lines[bad - 1].find("\"type\":\"gap\"") != 1) {
    const Gap gap = exact ? Gap{batch.first + bad - 1, batch.first + bad - 1, false, reason}
                          : Gap{batch.first, batch.last, true, reason};
    batch.lines[bad - 1] = gap_line(options_.producer, clock_.now(), gap);
  } else {
    count = batch.lines.size();
    batch.lines = {gap_line(options_.producer, clock_.now(), Gap{batch.first, batch.last, !exact, reason})};
  }
  const std::lock_guard lock(mutex_);
  stats_.refused_lines += count;
}

}  // namespace firebreak::gateway
