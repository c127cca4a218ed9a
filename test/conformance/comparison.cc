#include "conformance/comparison.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"

namespace firebreak::conformance {
namespace {

bool close_to(double expected, double actual, Tolerance tolerance) {
  const double off = std::fabs(expected - actual);
  return off <= tolerance.absolute || off <= tolerance.relative * std::fabs(expected);
}

}  // namespace

Tolerance tolerance_at(const std::string& where) {
  if (where.find("/ks_2samp_exact/p_value") != std::string::npos) return {1e-8, 1e-12};
  if (where.ends_with("/p_value")) return {1e-6, 1e-12};
  // The tests of Evidently whose score is a p value.
  for (const char* test : {"ks", "anderson", "cramer_von_mises", "mannw", "t_test", "es", "chisquare", "z"})
    if (where.ends_with(fmt::format("/evidently/{}/score", test))) return {1e-6, 1e-12};
  return {};
}

void Comparison::compare(const Json& expected, const Json& actual, const std::string& where) {
  if (expected.is_object()) {
    for (const auto& [key, value] : expected.as_object()) {
      const std::string below = where + "/" + std::string(key);
      const Json* const ours = find(actual, key);
      if (ours == nullptr)
        fail_at(below, "is not in our answer");
      else if (key == "error")
        ours->is_string() ? leave_out("the other library fails, and so we say") : fail_at(below, "should be an error");
      else
        compare(value, *ours, below);
    }
  } else if (expected.is_array()) {
    if (!actual.is_array() || actual.as_array().size() != expected.as_array().size()) {
      fail_at(where, fmt::format("has {} places, recorded are {}", actual.is_array() ? actual.as_array().size() : 0, expected.as_array().size()));
      return;
    }
    for (std::size_t i = 0; i < expected.as_array().size(); ++i) compare(expected.as_array()[i], actual.as_array()[i], fmt::format("{}/{}", where, i));
  } else if (expected.is_number()) {
    compare_number(expected.to_number<double>(), actual, where);
  } else {
    ++(expected.is_bool() || expected == "nan" ? numbers_ : words_);
    if (expected != actual) fail_at(where, fmt::format("is {}, recorded is {}", canonical_json(actual), canonical_json(expected)));
  }
}

void Comparison::compare_number(double expected, const Json& actual, const std::string& where) {
  ++numbers_;
  if (!actual.is_number())
    fail_at(where, fmt::format("is {}, recorded is {}", canonical_json(actual), expected));
  else if (const double ours = actual.to_number<double>(); !close_to(expected, ours, tolerance_at(where)))
    fail_at(where, fmt::format("is {}, recorded is {}: off by {:.2e}", ours, expected, std::fabs(ours - expected) / std::fabs(expected)));
}

void Comparison::fail_at(const std::string& where, const std::string& why) {
  ++failed_;
  ADD_FAILURE() << where << " " << why;
}

std::string data_file(const std::string& name) {
  const std::string root = FIREBREAK_SOURCE_DIR;
  return name.starts_with("fraud/") ? root + "/examples/fraud/data/" + name.substr(6) : root + "/test/data/" + name;
}

const Json& recorded() {
  static const Json document = [] {
    PosixFiles files;
    const auto text = read_all(files, data_file("conformance/expected.json"));
    FIREBREAK_ASSERT(text.has_value());
    auto json = parse_json(*text);
    FIREBREAK_ASSERT(json.has_value());
    return std::move(*json);
  }();
  return document;
}

}  // namespace firebreak::conformance
