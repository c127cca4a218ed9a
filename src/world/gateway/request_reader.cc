#include "world/gateway/request_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/json.h"

namespace firebreak::gateway {
namespace {

namespace dom = simdjson::dom;

std::string escape_token(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

tl::unexpected<Error> malformed(simdjson::error_code code) {
  return fail(Code::kInvalid, fmt::format("the body is not valid JSON: {}", simdjson::error_message(code)));
}

// simdjson keeps both of two equal keys; two readers could then see two different requests.
Result<void> unique_keys(dom::element value, const std::string& pointer) {
  if (value.is_array()) {
    std::size_t i = 0;
    for (const dom::element item : dom::array(value)) {
      if (item.is_object() || item.is_array()) FIREBREAK_TRY(unique_keys(item, fmt::format("{}/{}", pointer, i)));
      ++i;
    }
    return {};
  }
  if (!value.is_object()) return {};
  thread_local std::vector<std::string_view> scratch;
  std::vector<std::string_view> keys = std::move(scratch);
  keys.clear();
  for (const auto& [key, member] : dom::object(value)) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end())
    return fail(Code::kInvalid, fmt::format("key '{}' appears twice", *twice), pointer + "/" + escape_token(*twice));
  scratch = std::move(keys);
  for (const auto& [key, member] : dom::object(value))
    if (member.is_object() || member.is_array())
      FIREBREAK_TRY(unique_keys(member, pointer + "/" + escape_token(key)));
  return {};
}

// simdjson's own at_pointer treats "" as the document, like RFC 6901.
bool at(dom::element root, const std::string& pointer, dom::element& out) {
  return root.at_pointer(pointer).get(out) == simdjson::SUCCESS;
}

void set_at(JsonObject& object, std::string_view pointer, Json value) {
  JsonObject* here = &object;
  pointer.remove_prefix(pointer.empty() ? 0 : 1);
  for (std::size_t slash = pointer.find('/'); slash != std::string_view::npos; slash = pointer.find('/')) {
    Json& next = (*here)[pointer.substr(0, slash)];
    if (!next.is_object()) next = JsonObject{};
    here = &next.get_object();
    pointer.remove_prefix(slash + 1);
  }
  (*here)[pointer] = std::move(value);
}

}  // namespace

FeatureIndex::FeatureIndex(const FeatureSchema& schema) : schema_(schema) {
  int i = 0;
  for (const auto* names : {&schema.numeric, &schema.categorical})
    for (const std::string& name : *names) columns_.emplace(name, i++);
}

int FeatureIndex::column(std::string_view name) const {
  const auto it = columns_.find(name);
  return it == columns_.end() ? -1 : it->second;
}

struct RequestReader::Impl {
  dom::parser parser;
  std::vector<bool> seen;

  Result<dom::element> parse(std::string_view body) {
    if (parser.allocate(std::max<std::size_t>(body.size(), 1), limits::kJsonDepth) != simdjson::SUCCESS)
      return fail(Code::kInternal, "no memory for the JSON parser");
    dom::element root;
    const auto code = parser.parse(body.data(), body.size()).get(root);
    if (code != simdjson::SUCCESS) return malformed(code);
    return root;
  }

  // The first thing that is wrong names the violation.
  void read_features(dom::object object, const std::string& pointer, const FeatureIndex& index, ScoringRequest& out) {
    const auto& schema = index.schema();
    const std::size_t numeric = schema.numeric.size();
    seen.assign(numeric + schema.categorical.size(), false);
    const auto violate = [&](std::string_view name, std::string reason) {
      if (!out.violation.empty()) return;
      out.violation = std::move(reason);
      out.violation_pointer = pointer + "/" + escape_token(name.substr(0, limits::kFieldName));
    };
    for (const auto& [key, value] : object) {
      const int column = index.column(key);
      if (column < 0) {
        violate(key, "the endpoint has no such feature");
        continue;
      }
      const auto at = static_cast<std::size_t>(column);
      seen[at] = !value.is_null();  // as records have it: null is no value
      if (!seen[at]) continue;
      if (at < numeric) {
        double number = 0;
        if (value.is_number() && value.get(number) == simdjson::SUCCESS && std::isfinite(number)) out.row.numeric[at] = number;
        else violate(key, "must be a number");
      } else {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) violate(key, "must be a string");
        else if (text.empty() || text.size() > limits::kIdBytes)
          violate(key, fmt::format("must have 1..{} octets", limits::kIdBytes));
        else out.row.categories[at - numeric] = std::string(text);
      }
    }
    for (std::size_t i = 0; i < seen.size() && out.violation.empty(); ++i)
      if (!seen[i]) violate(i < numeric ? schema.numeric[i] : schema.categorical[i - numeric], "is missing");
  }
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;

Result<ScoringRequest> RequestReader::read(std::string_view body, const Wire& wire, const FeatureIndex& index) {
  FIREBREAK_ASSIGN(const dom::element root, impl_->parse(body));
  FIREBREAK_TRY(unique_keys(root, ""));
  ScoringRequest out;
  out.row.numeric.assign(index.schema().numeric.size(), std::numeric_limits<double>::quiet_NaN());
  out.row.categories.assign(index.schema().categorical.size(), "");
  dom::element id;
  if (!wire.id.empty() && at(root, wire.id, id) && !id.is_null()) {
    std::string_view text;
    std::int64_t number = 0;
    if (id.get(text) == simdjson::SUCCESS && !text.empty() && text.size() <= limits::kIdBytes) out.id = std::string(text);
    else if (id.get(number) == simdjson::SUCCESS) out.id = std::to_string(number);
    else {
      out.violation_pointer = wire.id;
      out.violation = fmt::format("must be a whole number or a string of 1..{} octets", limits::kIdBytes);
    }
  }
  dom::element features;
  dom::object object;
  if (!at(root, wire.features, features)) {
    if (out.violation.empty()) out.violation_pointer = wire.features, out.violation = "is missing";
  } else if (features.get(object) != simdjson::SUCCESS) {
    if (out.violation.empty()) out.violation_pointer = wire.features, out.violation = "must be an object";
  } else {
    impl_->read_features(object, wire.features, index, out);
  }
  return out;
}

Result<ModelAnswer> RequestReader::read_answer(std::string_view body, const Wire& wire) {
  FIREBREAK_ASSIGN(const dom::element root, impl_->parse(body));
  dom::element label, score;
  std::string_view text;
  ModelAnswer out;
  if (!at(root, wire.label, label) || label.get(text) != simdjson::SUCCESS || text.size() > limits::kIdBytes)
    return fail(Code::kInvalid, fmt::format("the answer has no label at {}", wire.label), wire.label);
  out.label = std::string(text);
  if (!at(root, wire.score, score) || !score.is_number() || score.get(out.score) != simdjson::SUCCESS)
    return fail(Code::kInvalid, fmt::format("the answer has no score at {}", wire.score), wire.score);
  return out;
}

std::string write_answer(const Wire& wire, std::string_view id, std::string_view label, double score) {
  JsonObject answer;
  if (!id.empty() && !wire.id.empty()) set_at(answer, wire.id, boost::json::string(id));
  set_at(answer, wire.label, boost::json::string(label));
  set_at(answer, wire.score, score);
  return canonical_json(answer);
}

Result<std::string> replace_label(std::string_view answer, const Wire& wire, std::string_view label) {
  FIREBREAK_ASSIGN(Json document, parse_json(answer));
  if (!document.is_object()) return fail(Code::kInvalid, "the answer is no object");
  set_at(document.get_object(), wire.label, boost::json::string(label));
  return canonical_json(document);
}

}  // namespace firebreak::gateway
