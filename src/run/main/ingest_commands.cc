// firebreak ingest: what an endpoint answered, read from its own logs.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "run/main/commands.h"
#include "run/main/onboard_baseline.h"
#include "run/main/record_lines.h"
#include "world/taps/columns.h"
#include "world/taps/tap.h"

namespace firebreak::cli {
namespace {

constexpr std::size_t kBatchLines = 1'000;
constexpr std::size_t kLook = 1'000;  // records that the schema is guessed from

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

bool looks_like_json(const std::string& line) {
  const std::size_t at = line.find_first_not_of(" \t");
  return at != std::string::npos && (line[at] == '{' || line[at] == '[');
}

// One run of ingest: lines in, batches out, with numbers that make a repetition harmless.
class Ingest {
 public:
  Ingest(Client& client, const IngestOptions& options) : client_(client), options_(options) {}

  Result<JsonObject> run() {
    FIREBREAK_ASSIGN(endpoint_, client_.get("/api/v1/endpoints/" + options_.endpoint));
    FIREBREAK_ASSIGN(const Json streams, client_.get("/api/v1/streams"));
    for (const Json& item : streams.at("items").as_array())
      if (string_or(item, "name") == options_.endpoint) held_ = static_cast<std::uint64_t>(int_or(item, "size"));
    FIREBREAK_ASSIGN(Lines lines, Lines::open(options_.file));
    FIREBREAK_TRY(begin(lines));
    std::string line;
    while (lines.next(line)) {
      seen_ = sha256(seen_.hex() + line);
      auto records = take(line);
      if (!records) {
        FIREBREAK_TRY(refuse(lines, records.error()));
        continue;
      }
      for (JsonObject& record : *records) batch_.push_back(std::move(record));
      // Whole batches only: the same file again is cut at the same places.
      while (batch_.size() >= kBatchLines) FIREBREAK_TRY(send(kBatchLines));
    }
    for (JsonObject& record : tap_->finish()) batch_.push_back(std::move(record));
    while (!batch_.empty()) FIREBREAK_TRY(send(std::min(batch_.size(), kBatchLines)));
    return JsonObject{{"endpoint", options_.endpoint}, {"format", taps::format_name(format_)}, {"lines", lines.number()},
                      {"records", sent_},              {"new", fresh_},                        {"known", sent_ - fresh_},
                      {"skipped", skipped_}};
  }

 private:
  // A file is known again by its first lines as they stand: two files may well begin with the same one.
  Result<void> begin(Lines& lines) {
    const std::vector<std::string> head = lines.head(kBatchLines);
    if (head.empty()) return fail(Code::kInvalid, lines.name() + " holds no line");
    if (std::none_of(head.begin(), head.end(), looks_like_json))
      return fail(Code::kInvalid, fmt::format("{} holds no JSON: ingest takes NDJSON, one JSON object a line; tables (CSV, Parquet) are looked at without a server "
                                              "by 'firebreak detect {}'", lines.name(), options_.file));
    if (options_.format == "auto") {
      FIREBREAK_ASSIGN(format_, taps::detect_format(head.front()));
    } else {
      FIREBREAK_ASSIGN(format_, taps::parse_format(options_.format));
    }
    std::string whole = options_.endpoint;
    for (const std::string& line : head) whole += "\n" + line;
    identity_ = sha256(whole).hex().substr(0, 16);
    columns_ = taps::columns_of(schema_of(endpoint_), options_.columns);
    tap_ = std::make_unique<taps::Tap>(
        format_, taps::Options{options_.endpoint, columns_.names, "line-" + identity_, format_time(SystemClock().now())});
    return {};
  }

  Result<std::vector<JsonObject>> take(const std::string& line) {
    FIREBREAK_ASSIGN(auto records, tap_->take(line));
    FIREBREAK_TRY(taps::check_order(columns_, records));
    // The server would refuse a whole batch for it: it is this line's fault alone.
    for (const JsonObject& record : records)
      if (const Json* const time = record.if_contains("time"); time != nullptr && time->is_string())
        if (auto read = parse_time(std::string_view(time->get_string())); !read) return fail(std::move(read.error()).at("/time"));
    return records;
  }

  Result<void> refuse(const Lines& lines, const Error& error) {
    if (!options_.skip_bad) {
      Error whole = error;
      whole.line = lines.number();
      whole.message = fmt::format("{}: {}; the {} records before it are in; --skip-bad passes over such lines", lines.name(),
                                  error.message, sent_ - sent_ % kBatchLines);
      return fail(std::move(whole));
    }
    if (++skipped_ <= 20)
      fmt::print(stderr, "firebreak: line {} skipped: {}{}\n", lines.number(), error.message,
                 error.pointer.empty() ? "" : " (at " + error.pointer + ")");
    return {};
  }

  // The first batch tells what the endpoint takes, when nobody has said so.
  Result<void> learn() {
    if (has_features(endpoint_)) return {};
    const taps::Guess guess = taps::guess_schema({batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_.size(), kLook))});
    if (guess.features.numeric.empty() && guess.features.categorical.empty()) return {};
    JsonObject document = endpoint_.as_object();
    document["features"] = features_of(guess.features);
    // The positive answer that somebody has named stays, when it is among those that came.
    const std::string said = string_or(document, "positive_label"), positive = said != "1" && std::find(guess.labels.begin(), guess.labels.end(), said) != guess.labels.end() ? said : guess.positive_label;
    document["labels"] = JsonArray(guess.labels.begin(), guess.labels.end());
    document["positive_label"] = positive;
    FIREBREAK_TRY(client_.put("/api/v1/endpoints/" + options_.endpoint, document));
    endpoint_ = document;
    fmt::print(stderr,
               "firebreak: taken from the first records: numeric {}; categorical {}; answers {}, positive '{}'. To correct: "
               "firebreak endpoint put {} FILE\n",
               join(guess.features.numeric), join(guess.features.categorical), join(guess.labels), positive, options_.endpoint);
    if (!guess.left_out.empty())
      fmt::print(stderr, "firebreak: recorded, but no feature (nested, or a name of its own in each row): {}\n", join(guess.left_out));
    return {};
  }

  Result<void> send(std::size_t count) {
    FIREBREAK_TRY(learn());
    std::string body;
    for (std::size_t i = 0; i < count; ++i) body += canonical_json(batch_[i]) + "\n";
    batch_.erase(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(count));
    // The last, short batch bears the name of all lines: a file that has grown is not mistaken for the one before.
    const bool whole = count == kBatchLines;
    const std::string seen = seen_.hex().substr(0, 16);
    const std::string producer = whole ? "ingest-" + identity_ : "ingest-" + identity_ + "-" + seen;
    // Records without a time bear today's, so the lines they come from tell a repetition.
    FIREBREAK_ASSIGN(const Json receipt,
                     client_.records(options_.endpoint, std::move(body), producer, whole ? ++sequence_ : 1, seen));
    const auto first = static_cast<std::uint64_t>(int_or(receipt, "first"));
    sent_ += count;
    if (first >= held_) fresh_ += count;  // a repeated batch has its old place
    progress();
    return {};
  }

  void progress() {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < std::chrono::seconds(2)) return;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    fmt::print(stderr, "firebreak: {} records, {:.0f} a second\n", sent_, static_cast<double>(sent_) / seconds);
    told_ = now;
  }

  Client& client_;
  const IngestOptions& options_;
  Json endpoint_;
  taps::Format format_ = taps::Format::kNdjson;
  std::unique_ptr<taps::Tap> tap_;
  std::string identity_;  // of the file: endpoint and first lines
  Digest seen_;           // of all lines up to here, each with what stood before it
  taps::Columns columns_;
  std::vector<JsonObject> batch_;
  std::uint64_t sequence_ = 0, sent_ = 0, fresh_ = 0, skipped_ = 0;
  std::uint64_t held_ = 0;  // records of the stream when this run began
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point told_ = began_;
};

}  // namespace

int ingest_quietly(Client& client, const IngestOptions& options) {
  const auto summary = Ingest(client, options).run();
  if (!summary) return report_error(summary.error(), client.connection().json);
  fmt::print(stderr, "firebreak: {}: {} records, {} of them new\n", options.file, int_or(*summary, "records"), int_or(*summary, "new"));
  return kDone;
}

int ingest(Client& client, const IngestOptions& options) {
  const bool json = client.connection().json;
  const auto summary = Ingest(client, options).run();
  if (!summary) {
    Error error = summary.error();
    if (error.code == Code::kNotFound && error.message.find("no endpoint") != std::string::npos)
      error.message += fmt::format("; make it with: firebreak onboard {}", options.endpoint);
    return report_error(error, json);
  }
  if (json) {
    std::fputs(pretty_json(*summary).c_str(), stdout);
    return kDone;
  }
  fmt::print("{} records of {} lines ({}): {} new, {} known already, {} lines skipped\nNext: firebreak status\n",
             int_or(*summary, "records"), int_or(*summary, "lines"), string_or(*summary, "format"), int_or(*summary, "new"),
             int_or(*summary, "known"), int_or(*summary, "skipped"));
  return kDone;
}

}  // namespace firebreak::cli
