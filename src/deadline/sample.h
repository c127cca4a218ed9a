// For this room's tests: times, the shipped regimes, and a small one to break.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "deadline/clock.h"

namespace firebreak::deadline {

inline Time at(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time) << text;
  return time.value_or(Time{});
}

const std::vector<Regime>& shipped();  // content_test.cc
Json content(const std::string& file); // of content/deadlines; content_test.cc

inline const Regime& regime(std::string_view id) {
  for (const Regime& one : shipped()) {
    if (one.id == id) return one;
  }
  ADD_FAILURE() << "no regime " << id;
  static const Regime none;
  return none;
}

// A regime of one stage with one period, given as the keys of the period after `from`; `more` are keys of the regime.
inline std::string small_document(const std::string& period, const std::string& text, const std::string& more = "") {
  return R"({"version": 1, "regimes": [{"id": "small", "name": "Small", "jurisdiction": "Nowhere", )" + more +
         R"("source": {"citation": "s. 1", "url": "https://example.com/", "seen": "2026-11-22", "checked": "source"},
         "stages": [{"id": "first", "name": "First", "recipient": "somebody", "due": "words", "citation": "s. 1.1", "paraphrased": false,
         "text": ")" + text + R"(", "periods": [{"from": "start", )" + period + "}]}]}]}";
}

inline Result<std::vector<Regime>> read(const std::string& document) {
  FIREBREAK_ASSIGN(const Json json, parse_json(document));
  return regimes_from_json(json);
}

inline Regime small(const std::string& period, const std::string& text, const std::string& more = "") {
  auto regimes = read(small_document(period, text, more));
  EXPECT_TRUE(regimes) << regimes.error().pointer << ": " << regimes.error().message;
  return regimes ? std::move(regimes->front()) : Regime{};
}

inline std::vector<Due> dues(const Regime& of, const Case& what, const Calendar& calendar = {}) {
  auto out = due_times(of, what, calendar);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or(std::vector<Due>());
}

inline Due due_of(const Regime& of, std::string_view stage, const Case& what, const Calendar& calendar = {}) {
  for (Due& one : dues(of, what, calendar)) {
    if (one.stage->id == stage) return one;
  }
  ADD_FAILURE() << of.id << " has no stage " << stage;
  return {};
}

// "2026-03-09T15:20:00Z", or "waits", or "does not apply".
inline std::string when(const Due& due) {
  return due.state == State::kDue ? format_time(due.due) : due.state == State::kWaits ? "waits" : "does not apply";
}

}  // namespace firebreak::deadline
