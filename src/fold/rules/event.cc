#include "fold/rules/event.h"

#include <charconv>
#include <cmath>

namespace firebreak::rules {
namespace {

constexpr std::size_t kDepth = 8;        // limits::kJsonDepth: deeper parts of an event are not seen
constexpr std::size_t kItems = 4'096;    // of all lists of an event
constexpr std::size_t kWords = 4'096;

class Filler {
 public:
  Filler(Event& event, const FieldTable& fields, bool words) : event_(event), fields_(fields), words_(words) {}

  void object(const JsonObject& object, std::size_t depth) {
    if (depth > kDepth) return;
    for (const auto& member : object) {
      const std::size_t length = path_.size();
      if (!path_.empty()) path_ += '.';
      path_ += std::string_view(member.key().data(), member.key().size());
      put(member.value());
      if (member.value().is_object()) this->object(member.value().get_object(), depth + 1);
      path_.resize(length);
    }
  }

 private:
  void put(const Json& json) {
    const auto found = fields_.find(path_);
    if (found == fields_.end() && !words_) return;
    const Value value = value_of(json, true);
    if (found != fields_.end()) event_.values[found->second] = value;
  }

  Value scalar(const Json& json) {
    Value value;
    switch (json.kind()) {
      case boost::json::kind::null: value.kind = ValueKind::kNull; break;
      case boost::json::kind::bool_:
        value.kind = ValueKind::kFlag;
        value.number = json.get_bool() ? 1 : 0;
        break;
      case boost::json::kind::string: {
        const auto& text = json.get_string();
        value.kind = ValueKind::kText;
        value.text = std::string_view(text.data(), std::min(text.size(), kTextBytes));
        break;
      }
      case boost::json::kind::object: value.kind = ValueKind::kObject; break;
      case boost::json::kind::array: value.kind = ValueKind::kObject; break;  // a list in a list
      default:
        value.kind = ValueKind::kNumber;
        value.number = json.to_number<double>();
    }
    return value;
  }

  Value value_of(const Json& json, bool outermost) {
    if (!json.is_array() || !outermost) return word(scalar(json));
    Value list;
    list.kind = ValueKind::kList;
    list.first = static_cast<std::uint32_t>(event_.items.size());
    for (const Json& item : json.get_array()) {
      if (event_.items.size() >= kItems) break;
      event_.items.push_back(word(scalar(item)));
    }
    list.count = static_cast<std::uint32_t>(event_.items.size()) - list.first;
    return list;
  }

  Value word(Value value) {
    const bool says = value.kind == ValueKind::kText || value.kind == ValueKind::kNumber || value.kind == ValueKind::kFlag;
    if (words_ && says && event_.words.size() < kWords) event_.words.push_back(value);
    return value;
  }

  Event& event_;
  const FieldTable& fields_;
  const bool words_;
  std::string path_;
};

enum What : std::uint8_t {
  kKind, kId, kTimeField, kIndex, kCaller, kEndpoint, kRelease, kModelDigest, kModelKnown, kLabel, kScore, kDisposition,
  kLatency, kViolation, kShadowRelease, kShadowLabel, kNumeric, kCategory, kTruth,
};

struct Name {
  std::string_view field;
  What what;
};
constexpr Name kNames[] = {
    {"type", kKind}, {"id", kId}, {"time", kTimeField}, {"index", kIndex}, {"caller", kCaller}, {"endpoint", kEndpoint},
    {"release", kRelease}, {"model.digest", kModelDigest}, {"model.known", kModelKnown}, {"output.label", kLabel},
    {"output.score", kScore}, {"disposition", kDisposition}, {"latency_us", kLatency}, {"violation", kViolation},
    {"shadow.release", kShadowRelease}, {"shadow.label", kShadowLabel}, {"label", kTruth}};

void put_text(Value& value, std::string_view text) {
  if (text.empty()) return;
  value.kind = ValueKind::kText;
  value.text = text.substr(0, kTextBytes);
}

void put_number(Value& value, double number) {
  if (std::isnan(number)) return;
  value.kind = ValueKind::kNumber;
  value.number = number;
}

}  // namespace

void Event::reset(std::size_t slots) {
  values.assign(slots, Value{});
  items.clear();
  words.clear();
  texts_.clear();
}

std::string_view Event::keep(std::string text) { return texts_.emplace_back(std::move(text)); }

std::string_view text_of(const Value& value, std::array<char, 40>& buffer) {
  switch (value.kind) {
    case ValueKind::kText: return value.text;
    case ValueKind::kFlag: return value.number != 0 ? "true" : "false";
    case ValueKind::kNumber: {
      if (!std::isfinite(value.number)) return {};
      const bool whole = value.number == std::trunc(value.number) && std::abs(value.number) < 1e15;
      const auto end = whole ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<std::int64_t>(value.number))
                             : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.number);
      return {buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())};
    }
    case ValueKind::kTime: {
      const std::string text = format_time({static_cast<std::int64_t>(value.number)});
      const std::size_t size = std::min(text.size(), buffer.size());
      text.copy(buffer.data(), size);
      return {buffer.data(), size};
    }
    default: return {};
  }
}

bool number_of(const Value& value, double& out) {
  if (value.kind == ValueKind::kNumber) {
    out = value.number;
    return true;
  }
  if (value.kind != ValueKind::kText || value.text.empty()) return false;
  const char head = value.text.front();
  if ((head < '0' || head > '9') && head != '-' && head != '.') return false;
  const char* const end = value.text.data() + value.text.size();
  const auto [at, ec] = std::from_chars(value.text.data(), end, out);
  return ec == std::errc() && at == end && std::isfinite(out);
}

void fill(Event& event, const FieldTable& fields, std::size_t slots, const Json& object, const Logsource& source, Time otherwise,
          bool words) {
  event.reset(slots);
  event.source = source;
  event.time = otherwise;
  if (!object.is_object()) return;
  if (const auto time = get_time(object, "time")) event.time = *time;
  if (const Json* own = find(object, "logsource"); own != nullptr && own->is_object())
    event.source = {string_or(*own, "product", source.product), string_or(*own, "category", source.category),
                    string_or(*own, "service", source.service)};
  Filler(event, fields, words).object(object.get_object(), 1);
}

ObservationFields::ObservationFields(const FieldTable& fields, const std::set<std::string>& needed, const FeatureSchema& schema)
    : slots_(fields.size()) {
  std::map<std::string, Use> known;
  for (const Name& name : kNames) known[std::string(name.field)] = {0, 0, name.what};
  for (std::size_t i = 0; i < schema.numeric.size(); ++i)
    known["features." + schema.numeric[i]] = {0, static_cast<std::uint32_t>(i), kNumeric};
  for (std::size_t i = 0; i < schema.categorical.size(); ++i)
    known["features." + schema.categorical[i]] = {0, static_cast<std::uint32_t>(i), kCategory};
  for (const auto& [field, slot] : fields) {
    const auto use = known.find(field);
    // A feature outside the schema is a violation, and in no row; anything else stands in the record's line.
    if (use == known.end()) {
      whole_ = whole_ && (field.starts_with("features.") || !needed.contains(field));
      continue;
    }
    uses_.push_back({slot, use->second.at, use->second.what});
  }
}

void ObservationFields::fill(Event& event, const Observation& seen, std::string_view endpoint) const {
  event.reset(slots_);
  event.source = {"firebreak", "inference", std::string()};
  event.time = seen.time;
  event.index = seen.index;
  for (const Use& use : uses_) {
    Value& value = event.values[use.slot];
    switch (use.what) {
      case kKind: put_text(value, "inference"); break;
      case kId: put_text(value, seen.id); break;
      case kTimeField: value = {ValueKind::kTime, static_cast<double>(seen.time.us), {}, 0, 0}; break;
      case kIndex: put_number(value, static_cast<double>(seen.index)); break;
      case kCaller: put_text(value, seen.caller); break;
      case kEndpoint: put_text(value, endpoint); break;
      case kRelease: put_text(value, seen.release); break;
      case kModelDigest: put_text(value, seen.model_digest); break;
      case kModelKnown: value = {ValueKind::kFlag, seen.model_known ? 1.0 : 0.0, {}, 0, 0}; break;
      case kLabel: put_text(value, seen.label); break;
      case kScore: put_number(value, seen.score); break;
      case kDisposition: put_text(value, disposition_name(seen.disposition)); break;
      case kLatency: if (seen.latency_us >= 0) put_number(value, static_cast<double>(seen.latency_us)); break;
      case kViolation: put_text(value, seen.schema_violation); break;
      case kShadowRelease: put_text(value, seen.shadow_release); break;
      case kShadowLabel: put_text(value, seen.shadow_label); break;
      case kNumeric: put_number(value, seen.features.numeric[use.at]); break;
      case kCategory: put_text(value, seen.features.categories[use.at]); break;
      default: break;
    }
  }
}

void ObservationFields::fill(Event& event, const LabelObservation& label, std::string_view endpoint) const {
  event.reset(slots_);
  event.source = {"firebreak", "label", std::string()};
  event.time = label.time;
  event.index = label.index;
  for (const Use& use : uses_) {
    Value& value = event.values[use.slot];
    if (use.what == kKind) put_text(value, "label");
    if (use.what == kId) put_text(value, label.id);
    if (use.what == kTimeField) value = {ValueKind::kTime, static_cast<double>(label.time.us), {}, 0, 0};
    if (use.what == kIndex) put_number(value, static_cast<double>(label.index));
    if (use.what == kEndpoint) put_text(value, endpoint);
    if (use.what == kTruth) put_text(value, label.label);
  }
}

const std::vector<std::string>& known_fields(std::string_view category) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> kFields = {
      {"inference",
       {"type", "id", "time", "index", "caller", "source", "endpoint", "release", "model.name", "model.version", "model.digest",
        "model.known", "output.label", "output.score", "disposition", "latency_us", "violation", "shadow.release", "shadow.label",
        "trace_id"}},
      {"label", {"type", "id", "time", "index", "endpoint", "label", "source"}},
      {"finding",
       {"kind", "episode", "phase", "severity", "endpoint", "stream", "time", "count", "feature", "segment", "origin", "summary",
        "first", "last"}},
      {"registry", {"type", "kind", "time", "actor", "endpoint", "action"}},
      {"pipeline", {"type", "id", "time", "pipeline", "run", "step", "status", "source", "actor", "dataset", "action"}},
      {"data_access", {"type", "id", "time", "principal", "action", "store", "resource", "rows", "bytes", "network", "purpose", "source"}},
      {"host_signal", {"type", "id", "time", "host", "action", "process", "parent_process", "command_line", "path", "user", "source"}},
  };
  static const std::vector<std::string> kNone;
  const auto found = kFields.find(category);
  return found == kFields.end() ? kNone : found->second;
}

}  // namespace firebreak::rules
