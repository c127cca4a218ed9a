#include "log/record/catalog.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/encoding.h"

namespace firebreak::record {
namespace {

ColumnType core_type(Core core) {
  switch (core) {
    case Core::kTime: return ColumnType::kTime;
    case Core::kDisposition: return ColumnType::kDisposition;
    case Core::kLatency: return ColumnType::kInteger;
    case Core::kScore: return ColumnType::kNumber;
    default: return ColumnType::kText;
  }
}

bool belongs(Core core, Kind kind) {
  if (core <= Core::kSource) return true;
  if (kind == Kind::kLabel) return core == Core::kLabel;
  return kind == Kind::kInference;
}

std::string_view feature_token(std::string_view path) {
  constexpr std::string_view kPrefix = "/features/";
  return path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : std::string_view();
}

Result<vault::KeyId> key_id_from_hex(const std::string& text) {
  FIREBREAK_ASSIGN(const Bytes id, from_hex(text));
  vault::KeyId key;
  if (id.size() != key.size()) return fail(Code::kCorrupt, "a control record names a key that is none");
  std::memcpy(key.data(), id.data(), key.size());
  return key;
}

std::string hex_of(const vault::KeyId& key) { return to_hex({reinterpret_cast<const char*>(key.data()), key.size()}); }

}  // namespace

std::string_view core_path(Core core, Kind kind) {
  switch (core) {
    case Core::kTime: return "/time";
    case Core::kId: return "/id";
    case Core::kSource: return "/source";
    case Core::kCaller: return "/caller";
    case Core::kEndpoint: return "/endpoint";
    case Core::kDisposition: return "/disposition";
    case Core::kLatency: return "/latency_us";
    case Core::kTrace: return "/trace_id";
    case Core::kViolation: return "/violation";
    case Core::kLabel: return kind == Kind::kLabel ? "/label" : "/output/label";
    case Core::kScore: return "/output/score";
  }
  return "";
}

std::vector<Column> core_columns(Kind kind) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < kCoreFields; ++i) {
    const auto core = static_cast<Core>(i);
    if (belongs(core, kind)) columns.push_back({std::string(core_path(core, kind)), core_type(core)});
  }
  return columns;
}

bool Catalog::allows(Kind kind) const {
  return std::find(config.kinds.begin(), config.kinds.end(), kind) != config.kinds.end();
}

void Catalog::rebuild(Kind kind) {
  const auto old = current.find(kind);
  if (old == current.end()) return;
  auto table = std::make_shared<FieldTable>();
  table->schema = old->second->schema;
  std::map<std::string, const FieldConfig*> declared;
  for (const auto& [name, field] : config.fields) declared[field_path(name)] = &field;
  const auto declare = [&](Field& field) {
    field.column.fill(kNoColumn);
    const auto found = declared.find(field.path);
    if (found != declared.end()) field.config = *found->second;
    field.is_subject = !config.subject.empty() && field.path == field_path(config.subject);
    field.undeclared = found == declared.end() && !declared.empty() && field.path.starts_with("/features/");
  };
  for (std::size_t i = 0; i < kCoreFields; ++i) {
    table->core[i].path = core_path(static_cast<Core>(i), kind);
    table->core[i].name = table->core[i].path.substr(table->core[i].path.rfind('/') + 1);
    declare(table->core[i]);
  }
  const auto& columns = table->schema->columns;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto type = static_cast<std::size_t>(columns[i].type);
    const std::string_view token = feature_token(columns[i].path);
    if (token.empty() && columns[i].path != "/features/") {
      for (Field& field : table->core)
        if (field.path == columns[i].path) field.column[type] = static_cast<int>(i);
      continue;
    }
    std::string name = pointer_name(token);
    const auto [at, fresh] = table->by_name.try_emplace(name, static_cast<std::uint32_t>(table->features.size()));
    if (fresh) {
      Field& field = table->features.emplace_back();
      field.name = std::move(name);
      field.path = columns[i].path;
      declare(field);
    }
    table->features[at->second].column[type] = static_cast<int>(i);
  }
  current[kind] = std::move(table);
}

Result<void> Catalog::apply_schema(const Json& document) {
  const Json* body = find(document, "schema");
  if (body == nullptr) return fail(Code::kCorrupt, "schema record without a schema");
  FIREBREAK_ASSIGN(Schema schema, schema_from_json(*body));
  if (schema.id != schemas.size() + 1)
    return fail(Code::kCorrupt, fmt::format("schema {} follows schema {}", schema.id, schemas.size()));
  const Kind kind = schema.kind;
  schemas.push_back(std::make_shared<const Schema>(std::move(schema)));
  auto table = std::make_shared<FieldTable>();
  table->schema = schemas.back();
  current[kind] = std::move(table);
  rebuild(kind);
  return {};
}

Result<void> Catalog::apply(std::uint64_t index, const Json& control) {
  const std::string what = string_or(control, "control");
  if (what == "stream") {
    const Json* body = find(control, "config");
    if (body == nullptr) return fail(Code::kCorrupt, "stream record without a configuration");
    FIREBREAK_ASSIGN(config, stream_config_from_json(string_or(*body, "name"), *body));
    for (const auto& [kind, table] : std::map(current)) rebuild(kind);
    return {};
  }
  if (what == "schema") return apply_schema(control);
  if (what == "release_seen") {
    Release release{string_or(control, "release"), string_or(control, "model_name"),
                    string_or(control, "model_version"), string_or(control, "model_digest")};
    if (int_or(control, "ordinal") != static_cast<std::int64_t>(releases.size()) + 1)
      return fail(Code::kCorrupt, "release ordinals have a hole");
    releases.push_back(std::make_shared<const Release>(release));
    ordinals[std::move(release)] = static_cast<std::uint32_t>(releases.size());
    return {};
  }
  if (what == "keys") {
    FIREBREAK_ASSIGN(const std::int64_t number, get_int(control, "epoch"));
    FIREBREAK_ASSIGN(const std::string check, get_string(control, "check"));
    if (number <= static_cast<std::int64_t>(epoch) || number > 0xffff'ffffLL)
      return fail(Code::kCorrupt, fmt::format("key epoch {} follows {}", number, epoch));
    epoch = static_cast<std::uint32_t>(number);
    epoch_first = index;
    FIREBREAK_ASSIGN(epoch_checks[epoch], Digest::from_hex(check));
    epoch_starts[epoch] = index;
    return {};
  }
  if (what == "erased") {
    const Json* const keys_gone = find(control, "keys");
    if (keys_gone == nullptr || !keys_gone->is_array()) return fail(Code::kCorrupt, "erased record without keys");
    for (const Json& one : keys_gone->get_array()) {
      FIREBREAK_ASSIGN(const vault::KeyId key, key_id_from_hex(string_or(one, "key")));
      erased_keys[static_cast<std::uint32_t>(int_or(one, "epoch"))].insert(key);
    }
  }
  if (what == "expired") {
    const Json* const epochs = find(control, "epochs");
    if (epochs == nullptr || !epochs->is_array()) return fail(Code::kCorrupt, "expired record without epochs");
    for (const Json& one : epochs->get_array()) {
      std::set<vault::KeyId> kept;
      for (const std::string& text : strings_or_empty(one, "kept")) {
        FIREBREAK_ASSIGN(const vault::KeyId key, key_id_from_hex(text));
        kept.insert(key);
      }
      expired[static_cast<std::uint32_t>(int_or(one, "epoch"))] = std::move(kept);
    }
  }
  if (what == "erased" || what == "expired") {
    FIREBREAK_ASSIGN(Gone one, gone_from_json(index, control));
    gone.push_back(std::make_shared<const Gone>(std::move(one)));
  }
  return {};
}

bool Catalog::is_gone(std::uint32_t in, const vault::KeyId& key) const {
  if (const auto past = expired.find(in); past != expired.end() && !past->second.contains(key)) return true;
  const auto erased = erased_keys.find(in);
  return erased != erased_keys.end() && erased->second.contains(key);
}

std::shared_ptr<const FieldTable> table_of(const Catalog& catalog, Kind kind) {
  const auto found = catalog.current.find(kind);
  if (found != catalog.current.end()) return found->second;
  Catalog first;
  first.config = catalog.config;
  const auto made = first.apply(0, schema_control({1, kind, core_columns(kind)}));
  FIREBREAK_ASSERT(made.has_value());
  return first.current.at(kind);
}

Json stream_control(const StreamConfig& config) {
  return JsonObject{{"control", "stream"}, {"config", to_json(config)}};
}

Json schema_control(const Schema& schema) { return JsonObject{{"control", "schema"}, {"schema", to_json(schema)}}; }

Json release_control(std::uint32_t ordinal, const Release& release) {
  JsonObject out{{"control", "release_seen"}, {"ordinal", ordinal}};
  if (!release.release.empty()) out["release"] = release.release;
  if (!release.model_name.empty()) out["model_name"] = release.model_name;
  if (!release.model_version.empty()) out["model_version"] = release.model_version;
  if (!release.model_digest.empty()) out["model_digest"] = release.model_digest;
  return out;
}

Json expired_control(Time cutoff, const std::map<std::uint32_t, std::set<vault::KeyId>>& epochs, std::uint64_t records,
                     const std::vector<Span>& spans) {
  JsonArray list;
  for (const auto& [epoch, kept] : epochs) {
    JsonArray keys;
    for (const vault::KeyId& key : kept) keys.emplace_back(hex_of(key));
    JsonObject one{{"epoch", epoch}};
    if (!keys.empty()) one["kept"] = std::move(keys);
    list.push_back(std::move(one));
  }
  return JsonObject{{"control", "expired"}, {"cutoff", format_time(cutoff)}, {"records", records}, {"epochs", std::move(list)}, {"spans", to_json(spans)}};
}

Json erased_control(std::uint64_t order, const std::vector<ErasedKey>& keys, std::uint64_t records, const std::vector<Span>& spans) {
  JsonArray list;
  for (const ErasedKey& one : keys)
    list.push_back(JsonObject{{"epoch", one.epoch}, {"key", hex_of(one.key)}});
  return JsonObject{{"control", "erased"}, {"order", order}, {"records", records}, {"keys", std::move(list)}, {"spans", to_json(spans)}};
}

Json keys_control(std::uint32_t epoch, const Digest& check) {
  return JsonObject{{"control", "keys"}, {"epoch", epoch}, {"check", check.hex()}};
}

}  // namespace firebreak::record
