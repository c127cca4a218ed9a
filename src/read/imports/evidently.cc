// Evidently 0.7: JSON of a report (metrics with a config), of its older report (drift by columns) and of test suites.
#include <fmt/core.h>

#include "read/imports/tabulated.h"
#include "read/imports/tools.h"

namespace firebreak::imports {
namespace {

const JsonArray* array_in(const Json& object, const char* key) {
  const Json* const at = find(object, key);
  return at != nullptr && at->is_array() ? &at->get_array() : nullptr;
}

// Its tests give p values, smaller being worse, or distances, larger being worse; the method's name says which.
bool is_p_value(const std::string& method) {
  return method.find("p_value") != std::string::npos || method.find("p-value") != std::string::npos;
}

Said drift_of(const std::string& feature, const std::string& method, double score, double threshold, bool drifted) {
  return {feature,
          "drift by " + method,
          fmt::format("Evidently: '{}' {} by {}: score {:.6g}, threshold {:g}", feature, drifted ? "has drifted" : "has not drifted",
                      method, score, threshold),
          {{"score", score}, {"threshold", threshold}},
          drifted};
}

void metric_of_report(const Json& metric, std::vector<Said>& out) {
  const Json* const config = find(metric, "config");
  const std::string type = config == nullptr ? std::string() : string_or(*config, "type");
  if (type.ends_with(":ValueDrift")) {
    const std::string method = string_or(*config, "method");
    const double score = number_in(metric, "value", std::nan("")), threshold = number_in(*config, "threshold", std::nan(""));
    out.push_back(
        drift_of(string_or(*config, "column"), method, score, threshold, is_p_value(method) ? score < threshold : score >= threshold));
  } else if (type.ends_with(":DriftedColumnsCount")) {
    const Json* const value = find(metric, "value");
    const double share = value == nullptr ? 0 : number_in(*value, "share"), limit = number_in(*config, "drift_share", 0.5);
    out.push_back({"",
                   "share of drifted columns",
                   fmt::format("Evidently: {:.3g} of the columns have drifted, limit {:g}", share, limit),
                   {{"share", share}, {"limit", limit}},
                   share >= limit});
  }
}

void metric_of_old_report(const Json& metric, std::vector<Said>& out) {
  const Json* const result = find(metric, "result");
  if (result == nullptr) return;
  const Json* const columns = find(*result, "drift_by_columns");
  if (columns != nullptr && columns->is_object()) {
    for (const auto& [name, one] : columns->get_object())
      out.push_back(drift_of(std::string(name), string_or(one, "stattest_name"), number_in(one, "drift_score", std::nan("")),
                             number_in(one, "stattest_threshold", std::nan("")), bool_or(one, "drift_detected")));
  } else if (string_or(metric, "metric") == "ColumnDriftMetric") {
    out.push_back(drift_of(string_or(*result, "column_name"), string_or(*result, "stattest_name"),
                           number_in(*result, "drift_score", std::nan("")), number_in(*result, "stattest_threshold", std::nan("")),
                           bool_or(*result, "drift_detected")));
  } else if (find(*result, "dataset_drift") != nullptr) {
    const double share = number_in(*result, "share_of_drifted_columns"), limit = number_in(*result, "drift_share", 0.5);
    out.push_back({"",
                   "share of drifted columns",
                   fmt::format("Evidently: {:.3g} of the columns have drifted, limit {:g}", share, limit),
                   {{"share", share}, {"limit", limit}},
                   bool_or(*result, "dataset_drift")});
  }
}

void test_of_suite(const Json& test, std::vector<Said>& out) {
  const Json* const parameters = find(test, "parameters");
  Said said;
  said.check = string_or(test, "name");
  said.summary = "Evidently: " + said.check + ": " + string_or(test, "description");
  const std::string status = string_or(test, "status");
  said.bad = status == "FAIL" || status == "ERROR" || status == "WARNING";
  if (parameters != nullptr) {
    said.feature = string_or(*parameters, "column_name");
    for (const char* name : {"score", "threshold", "value"})
      if (const double value = number_in(*parameters, name, std::nan("")); !std::isnan(value)) said.numbers[name] = value;
  }
  out.push_back(std::move(said));
}

}  // namespace

Result<std::vector<Said>> evidently_results(const Json& document) {
  std::vector<Said> out;
  const JsonArray *const metrics = array_in(document, "metrics"), *const tests = array_in(document, "tests");
  if (metrics == nullptr && tests == nullptr)
    return fail(
        Code::kInvalid,
        "no report of Evidently: it has neither 'metrics' nor 'tests' (its reference data is a table: 'firebreak profile build FILE.csv')");
  if (metrics != nullptr)
    for (const Json& metric : *metrics)
      find(metric, "config") != nullptr ? metric_of_report(metric, out) : metric_of_old_report(metric, out);
  if (tests != nullptr)
    for (const Json& test : *tests)
      if (find(test, "status") != nullptr) test_of_suite(test, out);
  if (out.empty()) return fail(Code::kInvalid, "the report of Evidently holds no drift metric and no test");
  return out;
}

}  // namespace firebreak::imports
