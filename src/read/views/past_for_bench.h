// A past for benches: for each incident a hundred findings, twenty rows of timeline, and for all but the newest hundred the close.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "types/entry.h"

namespace firebreak::bench {

inline constexpr int kFindingsOfOne = 100, kRowsOfOne = 20, kEndpoints = 200;

// One incident after the other: findings, the opening, what people said, and for all but the newest hundred the close.
class Past {
 public:
  // `note`: what stands in the journal for what somebody typed. Indexes from `first`, times from `start` on, `step_us` apart.
  explicit Past(std::uint64_t incidents, std::uint64_t first = 0, Time start = *parse_time("2024-01-01T00:00:00Z"), std::int64_t step_us = kSecond)
      : incidents_(incidents), first_(first), start_(start), step_us_(step_us) {}

  std::function<std::string(std::string)> note = [](std::string text) { return text; };

  // `piece`: entries that are given at once.
  template <class Take>
  void write(std::size_t piece, Take take) {
    for (std::uint64_t i = 0; i < incidents_; ++i) {
      const std::string endpoint = "endpoint-" + std::to_string(i % kEndpoints);
      JsonArray linked;
      for (int f = 0; f < kFindingsOfOne; ++f) {
        const std::string id = add("find", "finding_opened", finding(endpoint, f, "open"));
        if (f < 4) linked.push_back(Json(id));
        if (f >= 4 || i + 100 < incidents_) add("", "finding_closed", finding(endpoint, f, "over"), 1);
      }
      const std::string incident = add("inc", "incident_opened", {{"endpoint", endpoint}, {"stream", endpoint}, {"title", "Adversarial evasion of " + endpoint}, {"severity", "SEV-2"}, {"rule", "evasion"},
                                                                  {"findings", std::move(linked)}, {"first_time", now()}, {"last_time", now()}});
      ids.push_back(incident);
      for (int row = 0; row < kRowsOfOne - 6; ++row)
        add("", "incident_note", {{"incident", incident}, {"text", note("looked at caller " + std::to_string(i * 31 + static_cast<std::uint64_t>(row)) + " and found nothing odd")}, {"by", "user:ana"}});
      if (i + 100 < incidents_) add("", "incident_closed", {{"incident", incident}, {"summary", "done"}, {"residual_risk", "none"}, {"from", "post_incident"}, {"by", "user:ana"}});
      if (entries_.size() >= piece || i + 1 == incidents_) {
        take(entries_);
        entries_.clear();
      }
    }
  }

  std::vector<std::string> ids;
  std::uint64_t written = 0;

 private:
  std::string now() const { return format_time(start_ + static_cast<std::int64_t>(written) * step_us_); }

  JsonObject finding(const std::string& endpoint, int n, const char* how) {
    return {{"episode", "chain/" + std::to_string(episode_ + static_cast<std::uint64_t>(n))}, {"kind", n % 2 == 0 ? "query_chain" : "outlier_burst"}, {"severity", "high"}, {"endpoint", endpoint}, {"stream", endpoint},
            {"first", 100}, {"last", 180}, {"first_time", now()}, {"last_time", now()}, {"count", 40}, {"summary", std::string(how) + ": 40 look-alike queries by 3 callers"}, {"numbers", JsonObject{{"limit", 20}}}};
  }

  std::string add(const char* prefix, const char* kind, JsonObject body, int = 0) {
    Entry entry;
    entry.index = first_ + written;
    entry.kind = kind;
    entry.time = start_ + static_cast<std::int64_t>(written) * step_us_;
    entry.actor = "firebreak";
    entry.body = std::move(body);
    const std::string id = entry.id(prefix);
    entries_.push_back(std::move(entry));
    ++written;
    if (std::string_view(kind) == "incident_opened") episode_ += kFindingsOfOne;
    return id;
  }

  std::uint64_t incidents_, first_, episode_ = 0;
  Time start_;
  std::int64_t step_us_;
  std::vector<Entry> entries_;
};

}  // namespace firebreak::bench
