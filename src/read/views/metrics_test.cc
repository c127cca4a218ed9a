#include "read/views/metrics.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "read/views/projection.h"

namespace firebreak::views {
namespace {

const Time kStart = *parse_time("2026-03-07T03:00:00Z");

// Rows as the projections make them of a journal; each entry at its own minute.
class Metrics : public testing::Test {
 protected:
  std::string at(std::int64_t minute, std::string_view prefix, std::string_view kind, JsonObject body, std::string_view actor = "firebreak") {
    Entry entry;
    entry.index = next_++;
    entry.kind = kind;
    entry.time = kStart + minute * kMinute;
    entry.actor = actor;
    entry.body = std::move(body);
    store_.begin();
    project(store_, entry);
    store_.end();
    return entry.id(prefix);
  }

  std::string opened(std::int64_t minute, const std::string& endpoint, const std::string& kind, std::int64_t evidence_minute, std::int64_t count = 40) {
    const std::string finding = at(minute, "find", "finding_opened",
                                   {{"episode", kind + std::to_string(next_)}, {"kind", kind}, {"severity", "high"}, {"endpoint", endpoint}, {"stream", endpoint}, {"count", count},
                                    {"first_time", format_time(kStart + evidence_minute * kMinute)}, {"last_time", format_time(kStart + minute * kMinute)}, {"summary", "s"}});
    return at(minute, "inc", "incident_opened", {{"endpoint", endpoint}, {"stream", endpoint}, {"title", "t"}, {"severity", "SEV-2"}, {"rule", "r"}, {"findings", JsonArray{finding}}});
  }

  void phase(std::int64_t minute, const std::string& incident, const std::string& from, const std::string& to) {
    at(minute, "", "incident_phase", {{"incident", incident}, {"from", from}, {"to", to}, {"reason", "r"}});
  }

  const Json& of(const JsonObject& screen, const char* list, std::string_view name) {
    for (const Json& one : screen.at(list).as_array())
      if (string_or(one, "name") == name || string_or(one, "id") == name) return one;
    throw std::out_of_range(std::string(name));
  }

  JsonObject screen(const MetricsFilter& filter = {}, std::int64_t now_minute = 100'000) {
    JsonObject out = metrics_screen(store_, filter, kStart + now_minute * kMinute);
    EXPECT_TRUE(store_.take_error());
    return out;
  }

  Database database_ = *Database::open(":memory:");
  Store store_ = *Store::open(database_);
  std::uint64_t next_ = 0;
};

TEST_F(Metrics, take_each_time_between_the_entries_that_bound_it) {
  const std::string id = opened(10, "fraud-api", "query_chain", -20);
  at(14, "", "incident_acknowledged", {{"incident", id}, {"by", "user:ana"}});
  phase(20, id, "detection_analysis", "containment");
  phase(60, id, "containment", "detection_analysis");
  phase(70, id, "detection_analysis", "recovery");
  phase(190, id, "recovery", "post_incident");
  at(310, "", "incident_closed", {{"incident", id}, {"summary", "s"}, {"residual_risk", "r"}, {"by", "user:ana"}});
  const JsonObject seen = screen();
  EXPECT_EQ(number_or(of(seen, "times", "to_detect"), "median_s"), 30 * 60);
  EXPECT_EQ(number_or(of(seen, "times", "to_acknowledge"), "median_s"), 4 * 60);
  EXPECT_EQ(number_or(of(seen, "times", "to_recover"), "median_s"), 180 * 60);
  EXPECT_EQ(number_or(of(seen, "times", "to_close"), "median_s"), 300 * 60);
  EXPECT_EQ(int_or(of(seen, "times", "to_contain"), "n"), 0) << "nothing was in force";
  EXPECT_EQ(int_or(of(seen, "times", "to_contain"), "missing"), 1);
  EXPECT_EQ(number_or(of(seen, "phases", "detection_analysis"), "median_s"), 20 * 60) << "both visits";
  EXPECT_EQ(number_or(of(seen, "phases", "containment"), "median_s"), 40 * 60);
  EXPECT_EQ(int_or(of(seen, "each", id), "records_before_detection"), 40);
}

TEST_F(Metrics, never_state_a_mean_and_always_how_many) {
  for (int i = 0; i < 12; ++i) at(i + 1, "", "incident_acknowledged", {{"incident", opened(0, "e" + std::to_string(i), "drift", 0)}, {"by", "user:ana"}});
  const JsonObject seen = screen();
  for (const char* list : {"times", "phases"})
    for (const Json& one : seen.at(list).as_array()) {
      EXPECT_NE(find(one, "n"), nullptr);
      for (const auto& [key, value] : one.as_object()) EXPECT_EQ(std::string(key).find("mean"), std::string::npos) << key;
    }
  EXPECT_EQ(number_or(of(seen, "times", "to_acknowledge"), "median_s"), 6.5 * 60);
  EXPECT_EQ(number_or(of(seen, "times", "to_acknowledge"), "p90_s"), 11 * 60) << "nearest rank: the 11th of 12";
}

// Against a plain count: at least half are not above the median, at least nine tenths not above the 90th percentile, and no
// smaller member of the sample would do for the latter.
TEST(Distribution, has_the_share_below_that_its_names_say) {
  SeededRandom random(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::int64_t> sample;
    const std::uint64_t n = 1 + random.next() % 40;
    for (std::uint64_t i = 0; i < n; ++i) sample.push_back(static_cast<std::int64_t>(random.next() % 30) * kSecond);
    const JsonObject seen = distribution(sample);
    const auto share_up_to = [&](double limit) {
      return static_cast<double>(std::count_if(sample.begin(), sample.end(), [&](std::int64_t us) { return static_cast<double>(us) / kSecond <= limit; })) / static_cast<double>(n);
    };
    const double p90 = number_or(seen, "p90_s");
    EXPECT_GE(share_up_to(number_or(seen, "median_s")), 0.5);
    EXPECT_GE(share_up_to(p90), 0.9);
    EXPECT_LT(share_up_to(p90 - 0.5), 0.9);
    EXPECT_EQ(int_or(seen, "n"), static_cast<std::int64_t>(n));
  }
  EXPECT_TRUE(distribution({}).at("median_s").is_null());
}

TEST_F(Metrics, name_what_came_again_within_a_year_and_what_is_overdue) {
  const std::int64_t day = 24 * 60;
  const std::string first = opened(0, "a", "query_chain", 0);
  opened(10 * day, "b", "query_chain", 10 * day);
  opened(20 * day, "a", "drift", 20 * day);
  const std::string again = opened(30 * day, "a", "query_chain", 30 * day);
  opened((30 + 366) * day, "a", "query_chain", (30 + 366) * day);
  const std::string task = at(31 * day, "task", "incident_task_opened", {{"incident", again}, {"text", "mend it"}, {"owner", "user:ana"}, {"due", format_time(kStart + 40 * day * kMinute)}});
  const JsonObject seen = screen({}, 41 * day);
  ASSERT_EQ(seen.at("recurrences").as_array().size(), 1U);
  EXPECT_EQ(string_or(seen.at("recurrences").as_array()[0], "incident"), again);
  EXPECT_EQ(string_or(seen.at("recurrences").as_array()[0], "of"), first);
  ASSERT_EQ(seen.at("overdue").as_array().size(), 1U);
  EXPECT_EQ(string_or(seen.at("overdue").as_array()[0], "id"), task);
  EXPECT_EQ(number_or(seen.at("overdue").as_array()[0], "late_s"), 86'400);
  EXPECT_TRUE(screen({}, 39 * day).at("overdue").as_array().empty());
}

TEST_F(Metrics, leave_out_what_goes_on_as_another) {
  const std::string kept = opened(0, "a", "drift", 0), merged = opened(5, "b", "drift", 0);
  at(6, "", "incident_closed", {{"incident", merged}, {"summary", "it goes on"}, {"residual_risk", "r"}, {"into", kept}, {"by", "user:ana"}});
  const JsonObject seen = screen();
  EXPECT_EQ(int_or(seen, "incidents"), 1);
  EXPECT_EQ(int_or(of(seen, "times", "to_close"), "n"), 0);
}

TEST_F(Metrics, count_only_what_the_filter_lets_through) {
  opened(0, "a", "drift", 0);
  opened(100, "b", "drift", 0);
  EXPECT_EQ(int_or(screen({.since = kStart + 50 * kMinute, .endpoint = {}, .severity = {}}), "incidents"), 1);
  EXPECT_EQ(int_or(screen({.since = {}, .endpoint = "a", .severity = {}}), "incidents"), 1);
  EXPECT_EQ(int_or(screen({.since = {}, .endpoint = {}, .severity = "SEV-1"}), "incidents"), 0);
}

}  // namespace
}  // namespace firebreak::views
