#include "log/record/schema.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace firebreak::record {
namespace {

constexpr std::size_t kPurposeBytes = 400;
constexpr std::int64_t kRetentionDays = 36'500;

constexpr std::array<std::pair<Kind, std::string_view>, 7> kKinds = {{{Kind::kControl, "control"},
                                                                      {Kind::kInference, "inference"},
                                                                      {Kind::kLabel, "label"},
                                                                      {Kind::kPipeline, "pipeline"},
                                                                      {Kind::kAccess, "access"},
                                                                      {Kind::kRegistry, "registry"},
                                                                      {Kind::kSignal, "signal"}}};

constexpr std::array<std::pair<ColumnType, std::string_view>, 6> kTypes = {
    {{ColumnType::kTime, "time"},
     {ColumnType::kNumber, "number"},
     {ColumnType::kInteger, "integer"},
     {ColumnType::kFlag, "flag"},
     {ColumnType::kText, "text"},
     {ColumnType::kDisposition, "disposition"}}};

constexpr std::array<std::pair<Keep, std::string_view>, 4> kKeeps = {
    {{Keep::kColumn, "column"}, {Keep::kEncrypt, "encrypt"}, {Keep::kHash, "hash"}, {Keep::kDrop, "drop"}}};

// Fields that a record cannot be read or judged without.
constexpr std::string_view kAlwaysKept[] = {"/id", "/time", "/disposition", "/type"};
constexpr std::string_view kTopLevel[] = {"caller", "source", "endpoint", "trace_id", "violation", "latency_us"};

Result<FieldConfig> field_from_json(const Json& document) {
  FIREBREAK_TRY(only_keys(document, {"keep", "type", "role"}));
  FieldConfig field;
  const std::string keep = string_or(document, "keep", "column");
  const auto* found = std::find_if(kKeeps.begin(), kKeeps.end(), [&](const auto& k) { return k.second == keep; });
  if (found == kKeeps.end())
    return fail(Code::kInvalid, fmt::format("'{}' is no way to keep a field (column, encrypt, hash, drop)", keep),
                "/keep");
  field.keep = found->first;
  field.type = string_or(document, "type");
  if (!field.type.empty() && field.type != "number" && field.type != "text" && field.type != "flag")
    return fail(Code::kInvalid, fmt::format("'{}' is no type (number, text, flag)", field.type), "/type");
  field.role = string_or(document, "role");
  return field;
}

Result<void> fields_from_json(const Json& document, StreamConfig& config) {
  const Json* fields = find(document, "fields");
  if (fields == nullptr) return {};
  if (!fields->is_object()) return fail(Code::kInvalid, "'fields' must be an object", "/fields");
  if (fields->get_object().size() > limits::kColumns)
    return fail(Code::kTooLarge, fmt::format("more than {} fields", limits::kColumns), "/fields");
  for (const auto& member : fields->get_object()) {
    const std::string name(member.key());
    const std::string pointer = "/fields/" + name;
    if (name.empty() || name.size() > limits::kFieldName)
      return fail(Code::kInvalid, fmt::format("a field's name has 1 to {} octets", limits::kFieldName), pointer);
    auto field = field_from_json(member.value());
    if (!field) return fail(std::move(field.error()).at(pointer));
    const std::string path = field_path(name);
    if (field->keep >= Keep::kHash &&
        std::find(std::begin(kAlwaysKept), std::end(kAlwaysKept), path) != std::end(kAlwaysKept))
      return fail(Code::kInvalid, fmt::format("'{}' cannot be hashed or dropped", name), pointer);
    config.fields[name] = *field;
  }
  return {};
}

}  // namespace

std::string_view kind_name(Kind kind) {
  for (const auto& [value, name] : kKinds)
    if (value == kind) return name;
  return "unknown";
}

Result<Kind> parse_kind(std::string_view name) {
  for (const auto& [value, text] : kKinds)
    if (text == name) return value;
  return fail(Code::kInvalid,
              fmt::format("'{}' is no kind (inference, label, pipeline, access, registry, signal)", name));
}

std::string_view column_type_name(ColumnType type) {
  for (const auto& [value, name] : kTypes)
    if (value == type) return name;
  return "unknown";
}

std::string field_path(std::string_view name) {
  if (name.starts_with('/')) return std::string(name);
  if (std::find(std::begin(kTopLevel), std::end(kTopLevel), name) != std::end(kTopLevel))
    return fmt::format("/{}", name);
  return "/features/" + pointer_token(name);
}

std::string pointer_token(std::string_view name) {
  std::string token;
  for (const char c : name) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::string pointer_name(std::string_view token) {
  std::string name;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      name += token[++i] == '0' ? '~' : '/';
    } else {
      name += token[i];
    }
  }
  return name;
}

Json to_json(const StreamConfig& config) {
  JsonArray kinds;
  for (const Kind kind : config.kinds) kinds.emplace_back(kind_name(kind));
  JsonObject fields;
  for (const auto& [name, field] : config.fields) {
    JsonObject one;
    for (const auto& [value, text] : kKeeps)
      if (value == field.keep) one["keep"] = text;
    if (!field.type.empty()) one["type"] = field.type;
    if (!field.role.empty()) one["role"] = field.role;
    fields[name] = std::move(one);
  }
  JsonObject out{{"name", config.name}, {"kinds", std::move(kinds)}, {"fields", std::move(fields)}};
  if (!config.subject.empty()) out["subject"] = config.subject;
  if (!config.purpose.empty()) out["purpose"] = config.purpose;
  if (config.retention_days != 0) out["retention_days"] = config.retention_days;
  return out;
}

Result<StreamConfig> stream_config_from_json(std::string_view name, const Json& document) {
  if (!is_name(name) || name == "journal")
    return fail(Code::kInvalid, fmt::format("'{}' cannot name a stream: 1 to {} of a-z 0-9 . _ - and not 'journal'",
                                            name, limits::kNameBytes));
  FIREBREAK_TRY(only_keys(document, {"name", "kinds", "fields", "subject", "purpose", "retention_days"}));
  StreamConfig config;
  config.name = name;
  config.kinds.clear();
  FIREBREAK_ASSIGN(const auto kinds, get_strings(document, "kinds"));
  for (const std::string& text : kinds) {
    auto kind = parse_kind(text);
    if (!kind || *kind == Kind::kControl)
      return fail(Code::kInvalid, fmt::format("'{}' is no kind a producer may send", text), "/kinds");
    if (std::find(config.kinds.begin(), config.kinds.end(), *kind) == config.kinds.end())
      config.kinds.push_back(*kind);
  }
  if (config.kinds.empty()) return fail(Code::kInvalid, "a stream has at least one kind", "/kinds");
  std::sort(config.kinds.begin(), config.kinds.end());
  FIREBREAK_TRY(fields_from_json(document, config));
  if (find(document, "subject") != nullptr) {
    FIREBREAK_ASSIGN(config.subject, get_string(document, "subject"));
  }
  config.purpose = string_or(document, "purpose");
  if (config.purpose.size() > kPurposeBytes) return fail(Code::kTooLarge, fmt::format("a purpose has at most {} octets", kPurposeBytes), "/purpose");
  if (find(document, "retention_days") != nullptr) {
    FIREBREAK_ASSIGN(config.retention_days, get_int(document, "retention_days"));
    if (config.retention_days < 0 || config.retention_days > kRetentionDays)
      return fail(Code::kInvalid, fmt::format("'retention_days' must be 1 to {}, or 0 for ever", kRetentionDays), "/retention_days");
  }
  return config;
}

Json to_json(const Schema& schema) {
  JsonArray columns;
  for (const Column& column : schema.columns)
    columns.push_back(JsonArray{Json(column.path), Json(column_type_name(column.type))});
  return JsonObject{{"id", schema.id}, {"kind", kind_name(schema.kind)}, {"columns", std::move(columns)}};
}

Result<Schema> schema_from_json(const Json& document) {
  Schema schema;
  FIREBREAK_ASSIGN(const std::int64_t id, get_int(document, "id"));
  if (id < 1 || id > 65'535) return fail(Code::kCorrupt, fmt::format("schema id {} is out of range", id));
  schema.id = static_cast<std::uint16_t>(id);
  FIREBREAK_ASSIGN(const std::string kind, get_string(document, "kind"));
  FIREBREAK_ASSIGN(schema.kind, parse_kind(kind));
  const Json* columns = find(document, "columns");
  if (columns == nullptr || !columns->is_array()) return fail(Code::kCorrupt, "schema has no columns");
  for (const Json& item : columns->get_array()) {
    if (!item.is_array() || item.get_array().size() != 2 || !item.get_array()[0].is_string() ||
        !item.get_array()[1].is_string())
      return fail(Code::kCorrupt, "a column is [path, type]");
    const std::string_view name = item.get_array()[1].get_string();
    const auto* type = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& t) { return t.second == name; });
    if (type == kTypes.end()) return fail(Code::kCorrupt, fmt::format("'{}' is no column type", name));
    schema.columns.push_back({std::string(item.get_array()[0].get_string()), type->first});
  }
  return schema;
}

}  // namespace firebreak::record
