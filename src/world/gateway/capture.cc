#include "world/gateway/capture.h"

#include <cmath>

#include "base/json.h"
#include "base/limits.h"

namespace firebreak::gateway {
namespace {

void text(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  out += key;
  out += "\":";
  append_json_string(out, value);
}

void features(std::string& out, const FeatureSchema& schema, const FeatureRow& row) {
  out += ",\"features\":{";
  bool first = true;
  const auto key = [&](const std::string& name) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
  };
  for (std::size_t i = 0; i < row.numeric.size(); ++i) {
    if (std::isnan(row.numeric[i])) continue;
    key(schema.numeric[i]);
    append_json_number(out, row.numeric[i]);
  }
  for (std::size_t i = 0; i < row.categories.size(); ++i) {
    if (row.categories[i].empty()) continue;
    key(schema.categorical[i]);
    append_json_string(out, row.categories[i]);
  }
  out += '}';
}

void output(std::string& out, std::string_view key, const std::string& release, const std::string& label, double score) {
  out += ",\"";
  out += key;
  out += "\":{\"label\":";
  append_json_string(out, label);
  if (std::isfinite(score)) {
    out += ",\"score\":";
    append_json_number(out, score);
  }
  if (!release.empty()) text(out, "release", release);
  out += '}';
}

}  // namespace

std::string capture_line(const Endpoint& endpoint, const Inference& in) {
  std::string out;
  out.reserve(1'024);
  out += "{\"id\":";
  append_json_string(out, in.id);
  text(out, "time", format_time(in.time));
  text(out, "caller", in.caller);
  text(out, "source", in.source);
  text(out, "endpoint", endpoint.name);
  if (!in.release.empty()) {
    text(out, "release", in.release);
    out += ",\"model\":{\"name\":";
    append_json_string(out, in.model_name.empty() ? endpoint.name : in.model_name);
    text(out, "version", in.model_version.empty() ? in.release : in.model_version);
    if (!in.model_digest.empty()) text(out, "digest", in.model_digest);
    out += '}';
  }
  features(out, endpoint.features, in.row);
  if (!in.label.empty()) output(out, "output", "", in.label, in.score);
  text(out, "disposition", disposition_name(in.disposition));
  out += ",\"latency_us\":" + std::to_string(in.latency_us);
  text(out, "trace_id", in.trace_id);
  if (!in.schema_violation.empty()) text(out, "violation", std::string_view(in.schema_violation).substr(0, limits::kKiB));
  if (!in.action.empty()) text(out, "action", in.action);
  if (!in.reason.empty()) text(out, "reason", in.reason);
  if (in.shadow) output(out, "shadow", in.shadow->release, in.shadow->label, in.shadow->score);
  out += '}';
  return out;
}

std::string gap_line(const std::string& producer, Time time, const Gap& gap) {
  std::string out = "{\"type\":\"gap\"";
  text(out, "time", format_time(time));
  text(out, "producer", producer);
  out += ",\"from\":" + std::to_string(gap.from);
  out += (gap.upper_bound ? ",\"upper_bound\":" : ",\"to\":") + std::to_string(gap.to);
  text(out, "reason", std::string_view(gap.reason).substr(0, limits::kIdBytes));
  out += '}';
  return out;
}

}  // namespace firebreak::gateway
