#include "log/record/line.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <set>

#include "base/limits.h"
#include "log/record/diagnose.h"
#include "log/record/gap.h"
#include "types/observation.h"

namespace firebreak::record {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

static_assert(LineReader::kPaddingBytes >= simdjson::SIMDJSON_PADDING);

enum Section : std::size_t { kTop, kFeatures, kModel, kOutput, kSections };
constexpr std::string_view kSectionNames[] = {"", "features", "model", "output"};

tl::unexpected<Error> wrong(std::string message, std::string pointer) {
  return fail(Code::kInvalid, std::move(message), std::move(pointer));
}

// Appends `value` as minimal JSON. The pointer of an error begins below `value`.
Result<void> append_value(std::string& out, element value, std::size_t depth) {
  switch (value.type()) {
    case element_type::INT64: out += fmt::format("{}", std::int64_t(value)); return {};
    case element_type::UINT64: out += fmt::format("{}", std::uint64_t(value)); return {};
    case element_type::DOUBLE: append_json_number(out, double(value)); return {};
    case element_type::BOOL: out += bool(value) ? "true" : "false"; return {};
    case element_type::NULL_VALUE: out += "null"; return {};
    case element_type::STRING: append_json_string(out, std::string_view(value)); return {};
    case element_type::ARRAY: {
      if (depth > limits::kJsonDepth) return wrong(fmt::format("nested deeper than {}", limits::kJsonDepth), "");
      out += '[';
      std::size_t i = 0;
      for (const element item : simdjson::dom::array(value)) {
        if (i != 0) out += ',';
        if (auto r = append_value(out, item, depth + 1); !r)
          return fail(std::move(r.error()).at(fmt::format("/{}", i)));
        ++i;
      }
      out += ']';
      return {};
    }
    case element_type::OBJECT: {
      if (depth > limits::kJsonDepth) return wrong(fmt::format("nested deeper than {}", limits::kJsonDepth), "");
      out += '{';
      std::set<std::string_view> seen;
      for (const auto& [key, item] : object(value)) {
        const std::string pointer = "/" + pointer_token(key);
        if (!seen.insert(key).second) return wrong("this key appears twice in one object", pointer);
        if (seen.size() > 1) out += ',';
        append_json_string(out, key);
        out += ':';
        if (auto r = append_value(out, item, depth + 1); !r) return fail(std::move(r.error()).at(pointer));
      }
      out += '}';
      return {};
    }
  }
  return wrong("no JSON value", "");
}

struct Typed {
  ColumnType type = ColumnType::kNumber;
  Cell cell;
};

// A scalar that has a column type; nothing for null, arrays, objects and whole numbers above 2^63.
std::optional<Typed> typed(element value) {
  Typed out;
  out.cell.present = true;
  switch (value.type()) {
    case element_type::INT64: {
      const std::int64_t number(value);
      if (number > kExactInDouble || number < -kExactInDouble) {
        out.type = ColumnType::kInteger;
        out.cell.bits = static_cast<std::uint64_t>(number);
      } else {
        out.cell.bits = std::bit_cast<std::uint64_t>(static_cast<double>(number));
      }
      return out;
    }
    case element_type::DOUBLE: out.cell.bits = std::bit_cast<std::uint64_t>(double(value) + 0.0); return out;
    case element_type::BOOL:
      out.type = ColumnType::kFlag;
      out.cell.bits = bool(value) ? 1 : 0;
      return out;
    case element_type::STRING:
      out.type = ColumnType::kText;
      out.cell.text = std::string_view(value);
      return out;
    default: return std::nullopt;
  }
}

bool has_declared_type(const FieldConfig& config, element value) {
  if (config.type.empty() || value.is_null()) return true;
  if (config.type == "number") return value.is_number();
  return config.type == "text" ? value.is_string() : value.is_bool();
}

}  // namespace

struct LineReader::Impl {
  simdjson::dom::parser parser;
  const Catalog* catalog = nullptr;
  std::map<Kind, std::shared_ptr<const FieldTable>> tables;
  std::vector<std::uint64_t> feature_stamps;
  std::uint64_t stamp = 0;
  std::size_t next_feature = 0;
  std::string parts[kSections];  // of `extra`
  std::deque<std::string> owned;
  std::string_view written;  // the line's text
  Line* line = nullptr;
  Needs* needs = nullptr;
  const std::function<std::string(std::string_view)>* hash = nullptr;

  const FieldTable& table(Kind kind) {
    auto& slot = tables[kind];
    if (slot == nullptr) slot = table_of(*catalog, kind);
    return *slot;
  }

  std::string_view own(std::string text) { return owned.emplace_back(std::move(text)); }

  std::string_view text_of(element value) {
    if (value.is_string()) return std::string_view(value);
    std::string out;
    if (!append_value(out, value, 1)) out.clear();  // too deep: refused where it is stored
    return own(std::move(out));
  }

  Result<void> add_extra(Section section, std::string_view key, element value) {
    std::string& part = parts[section];
    if (!part.empty()) part += ',';
    append_json_string(part, key);
    part += ':';
    const std::size_t depth = section == kTop ? 2 : 3;
    if (auto r = append_value(part, value, depth); !r)
      return fail(std::move(r.error()).at("/" + pointer_token(key)));
    return {};
  }

  // False when the schema can hold no more columns.
  bool want(Kind kind, const std::string& path, ColumnType type) {
    const FieldTable& now = table(kind);
    auto& wanted = needs->columns[kind];
    const Column column{path, type};
    if (std::find(wanted.begin(), wanted.end(), column) != wanted.end()) return true;
    const bool fits = now.schema->columns.size() + wanted.size() < limits::kColumns &&
                      catalog->schemas.size() < limits::kSchemas;
    if (fits) wanted.push_back(column);
    if (wanted.empty()) needs->columns.erase(kind);
    return fits;
  }

  // Stores the value in the field's column of its type, or in `extra`.
  Result<void> place(const Field& field, element value, Section section) {
    if (field.is_subject && !value.is_null()) line->subject = text_of(value);
    if (!has_declared_type(field.config, value))
      return wrong(fmt::format("the stream declares '{}' as {}", field.name, field.config.type), field.path);
    if (field.undeclared) ++line->undeclared;
    if (field.config.keep == Keep::kDrop) return {};
    if (field.config.keep == Keep::kHash && !value.is_null()) {
      Typed hashed{ColumnType::kText, {true, 0, own((*hash)(text_of(value)))}};
      return put(field, hashed, value, section);
    }
    const auto scalar = typed(value);
    if (!scalar) return add_extra(section, field.name, value);
    return put(field, *scalar, value, section);
  }

  Result<void> put(const Field& field, const Typed& scalar, element value, Section section) {
    const int column = field.column[static_cast<std::size_t>(scalar.type)];
    if (column != kNoColumn) {
      line->cells[static_cast<std::size_t>(column)] = scalar.cell;
      return {};
    }
    if (want(line->kind, field.path, scalar.type)) return {};
    // A hashed value must not reach `extra` as it came.
    return field.config.keep == Keep::kHash ? Result<void>{} : add_extra(section, field.name, value);
  }

  Result<void> feature(std::string_view name, element value) {
    const FieldTable& fields = *line->table;
    std::size_t at = next_feature;
    if (at >= fields.features.size() || fields.features[at].name != name) {
      const auto found = fields.by_name.find(name);
      if (found == fields.by_name.end()) return new_feature(name, value);
      at = found->second;
    }
    next_feature = at + 1;
    const Field& field = fields.features[at];
    if (feature_stamps[at] == stamp) return wrong("this key appears twice in one object", field.path);
    feature_stamps[at] = stamp;
    return place(field, value, kFeatures);
  }

  std::set<std::string, std::less<>> unknown;  // new feature names of this line

  Result<void> new_feature(std::string_view name, element value) {
    Field field;
    field.name = name;
    field.path = "/features/" + pointer_token(name);
    field.column.fill(kNoColumn);
    if (name.size() > limits::kFieldName)
      return wrong(fmt::format("a feature's name has at most {} octets", limits::kFieldName), field.path);
    if (!unknown.insert(field.name).second) return wrong("this key appears twice in one object", field.path);
    field.undeclared = !catalog->config.fields.empty();
    for (const auto& [declared, config] : catalog->config.fields) {
      if (field_path(declared) != field.path) continue;
      field.config = config;
      field.undeclared = false;
    }
    field.is_subject = !catalog->config.subject.empty() && field_path(catalog->config.subject) == field.path;
    return place(field, value, kFeatures);
  }

  Result<std::string_view> text(element value, std::string pointer, std::size_t most) {
    if (!value.is_string()) return wrong("a string is expected", std::move(pointer));
    const std::string_view out(value);
    if (out.size() > most)
      return fail(Code::kTooLarge, fmt::format("longer than {} octets", most), std::move(pointer));
    return out;
  }

  // A core text, number or whole number with its own check; null counts as absent and is kept in `extra`.
  Result<void> core(Core which, element value, Section section) {
    const Field& field = line->table->core[static_cast<std::size_t>(which)];
    const auto column = [&](ColumnType type) -> Cell& {
      return line->cells[static_cast<std::size_t>(field.column[static_cast<std::size_t>(type)])];
    };
    if (value.is_null() && which != Core::kId && which != Core::kTime) return add_extra(section, field.name, value);
    switch (which) {
      case Core::kTime: {
        FIREBREAK_ASSIGN(const std::string_view rfc3339, text(value, field.path, limits::kIdBytes));
        auto time = parse_time(rfc3339);
        if (!time) return fail(std::move(time.error()).at(field.path));
        line->time = *time;
        column(ColumnType::kTime) = Cell{true, static_cast<std::uint64_t>(time->us), {}};
        return {};
      }
      case Core::kDisposition: {
        FIREBREAK_ASSIGN(const std::string_view name, text(value, field.path, limits::kIdBytes));
        auto disposition = parse_disposition(name);
        if (!disposition) return fail(std::move(disposition.error()).at(field.path));
        column(ColumnType::kDisposition) = Cell{true, static_cast<std::uint64_t>(*disposition), {}};
        return {};
      }
      case Core::kLatency: {
        if (!value.is_number()) return wrong("a number is expected", field.path);
        std::int64_t us = 0;
        if (value.get(us) != simdjson::SUCCESS || us < 0)
          return wrong("out of range: whole microseconds from 0 on are expected", field.path);
        column(ColumnType::kInteger) = Cell{true, static_cast<std::uint64_t>(us), {}};
        return {};
      }
      case Core::kScore: {
        double score = 0;
        if (value.get(score) != simdjson::SUCCESS) return wrong("a number is expected", field.path);
        column(ColumnType::kNumber) = Cell{true, std::bit_cast<std::uint64_t>(score + 0.0), {}};
        return {};
      }
      case Core::kLabel:
        if (value.is_object() || value.is_array()) return wrong("a string, a number or true/false is expected", field.path);
        return place(field, value, section);
      default: break;
    }
    const std::size_t most = which == Core::kViolation ? limits::kKiB : limits::kIdBytes;
    FIREBREAK_ASSIGN(const std::string_view checked, text(value, field.path, most));
    if (which == Core::kId && checked.empty()) return wrong("an id is not empty", field.path);
    return place(field, value, section);
  }

  Result<void> features(element value) {
    if (value.is_null()) return add_extra(kTop, "features", value);
    object members;
    if (value.get(members) != simdjson::SUCCESS) return wrong("an object is expected", "/features");
    bool any = false;
    for (const auto& [key, item] : members) {
      any = true;
      if (auto r = feature(key, item); !r) {
        if (r.error().pointer.starts_with("/features")) return r;
        return fail(std::move(r.error()).at("/features"));
      }
    }
    return any ? Result<void>{} : add_extra(kTop, "features", value);
  }

  Result<void> output(element value) {
    if (value.is_null()) return add_extra(kTop, "output", value);
    object members;
    if (value.get(members) != simdjson::SUCCESS) return wrong("an object is expected", "/output");
    std::set<std::string_view> seen;
    for (const auto& [key, item] : members) {
      if (!seen.insert(key).second) return wrong("this key appears twice in one object", "/output/" + pointer_token(key));
      auto r = key == "label"   ? core(Core::kLabel, item, kOutput)
               : key == "score" ? core(Core::kScore, item, kOutput)
                                : add_extra(kOutput, key, item);
      if (!r && !r.error().pointer.starts_with("/output/")) return fail(std::move(r.error()).at("/output"));
      FIREBREAK_TRY(std::move(r));
    }
    return seen.empty() ? add_extra(kTop, "output", value) : Result<void>{};
  }

  Result<void> model(element value) {
    if (value.is_null()) return add_extra(kTop, "model", value);
    object members;
    if (value.get(members) != simdjson::SUCCESS) return wrong("an object is expected", "/model");
    std::set<std::string_view> seen;
    for (const auto& [key, item] : members) {
      const std::string pointer = "/model/" + pointer_token(key);
      if (!seen.insert(key).second) return wrong("this key appears twice in one object", pointer);
      std::string_view* part = key == "name"      ? &line->release.model_name
                               : key == "version" ? &line->release.model_version
                               : key == "digest"  ? &line->release.model_digest
                                                  : nullptr;
      if (part != nullptr && !item.is_null()) {
        FIREBREAK_ASSIGN(*part, text(item, pointer, limits::kIdBytes));
      } else if (auto r = add_extra(kModel, key, item); !r) {
        return fail(std::move(r.error()).at("/model"));
      }
    }
    return seen.empty() ? add_extra(kTop, "model", value) : Result<void>{};
  }

  Result<void> unknown_member(std::string_view key, element value) {
    if (key.size() > limits::kFieldName)
      return wrong(fmt::format("a field's name has at most {} octets", limits::kFieldName), "/" + pointer_token(key));
    const std::string path = "/" + pointer_token(key);
    if (path == catalog->config.subject && !value.is_null()) line->subject = text_of(value);
    const auto declared = catalog->config.fields.find(path);
    if (declared == catalog->config.fields.end()) return add_extra(kTop, key, value);
    if (!has_declared_type(declared->second, value))
      return wrong(fmt::format("the stream declares '{}' as {}", path, declared->second.type), path);
    if (declared->second.keep == Keep::kDrop) return {};
    if (declared->second.keep != Keep::kHash || value.is_null()) return add_extra(kTop, key, value);
    if (!parts[kTop].empty()) parts[kTop] += ',';
    append_json_string(parts[kTop], key);
    parts[kTop] += ':';
    append_json_string(parts[kTop], (*hash)(text_of(value)));
    return {};
  }

  Result<void> member(std::string_view key, element value) {
    if (key == "type") return {};
    if (key == "id") return core(Core::kId, value, kTop);
    if (key == "time") return core(Core::kTime, value, kTop);
    if (key == "source") return core(Core::kSource, value, kTop);
    if (line->kind == Kind::kLabel && key == "label") return core(Core::kLabel, value, kTop);
    if (line->kind != Kind::kInference) return unknown_member(key, value);
    if (key == "features") return features(value);
    if (key == "output") return output(value);
    if (key == "model") return model(value);
    if (key == "caller") return core(Core::kCaller, value, kTop);
    if (key == "endpoint") return core(Core::kEndpoint, value, kTop);
    if (key == "disposition") return core(Core::kDisposition, value, kTop);
    if (key == "latency_us") return core(Core::kLatency, value, kTop);
    if (key == "trace_id") return core(Core::kTrace, value, kTop);
    if (key == "violation") return core(Core::kViolation, value, kTop);
    if (key == "release" && !value.is_null()) {
      FIREBREAK_ASSIGN(line->release.release, text(value, "/release", limits::kIdBytes));
      return {};
    }
    return unknown_member(key, value);
  }

  void compose_extra() {
    line->extra.clear();
    if (std::all_of(std::begin(parts), std::end(parts), [](const auto& part) { return part.empty(); })) return;
    line->extra = "{" + parts[kTop];
    for (const Section section : {kFeatures, kModel, kOutput}) {
      if (parts[section].empty()) continue;
      if (line->extra.size() > 1) line->extra += ',';
      line->extra += fmt::format("\"{}\":{{{}}}", kSectionNames[section], parts[section]);
    }
    line->extra += '}';
  }

  Result<void> begin(object members) {
    Kind kind = Kind::kInference;
    element type;
    if (members.at_key("type").get(type) == simdjson::SUCCESS) {
      FIREBREAK_ASSIGN(const std::string_view name, text(type, "/type", limits::kIdBytes));
      if (name == "gap") {
        line->kind = Kind::kControl;
        FIREBREAK_ASSIGN(line->gap, gap_control(written, line->gap_range));
        return {};
      }
      auto parsed = parse_kind(name);
      if (!parsed) return fail(std::move(parsed.error()).at("/type"));
      kind = *parsed;
    }
    if (!catalog->allows(kind))
      return wrong(fmt::format("stream '{}' takes no {} records", catalog->config.name, kind_name(kind)), "/type");
    line->kind = kind;
    line->table = &table(kind);
    line->cells.assign(line->table->schema->columns.size(), {});
    if (!catalog->current.contains(kind) && needs->columns[kind].empty()) needs->columns[kind] = core_columns(kind);
    feature_stamps.resize(std::max(feature_stamps.size(), line->table->features.size()));
    return {};
  }

  Result<void> finish() {
    const auto has = [&](Core which, ColumnType type) {
      const int column = line->table->core[static_cast<std::size_t>(which)].column[static_cast<std::size_t>(type)];
      return column != kNoColumn && line->cells[static_cast<std::size_t>(column)].present;
    };
    if (!has(Core::kTime, ColumnType::kTime)) return wrong("'time' is missing", "/time");
    const bool needs_id = line->kind == Kind::kInference || line->kind == Kind::kLabel;
    if (needs_id && !has(Core::kId, ColumnType::kText)) return wrong("'id' is missing", "/id");
    if (line->kind == Kind::kLabel && !seen_label) return wrong("'label' is missing", "/label");
    if (line->subject.empty() && has(Core::kCaller, ColumnType::kText)) {
      const int column = line->table->core[static_cast<std::size_t>(Core::kCaller)].column[static_cast<std::size_t>(ColumnType::kText)];
      line->subject = line->cells[static_cast<std::size_t>(column)].text;
    }
    compose_extra();
    return {};
  }

  bool seen_label = false;

  Result<void> record(object members) {
    FIREBREAK_TRY(begin(members));
    std::set<std::string_view> more;
    std::string_view keys[16];
    std::size_t count = 0;
    seen_label = false;
    for (const auto& [key, value] : members) {
      const bool twice = std::find(keys, keys + count, key) != keys + count || more.contains(key);
      if (twice) return wrong("this key appears twice in one object", "/" + pointer_token(key));
      if (count < std::size(keys)) {
        keys[count++] = key;
      } else {
        more.insert(key);
      }
      if (line->kind == Kind::kControl) continue;
      if (key == "label" && !value.is_null()) seen_label = true;
      FIREBREAK_TRY(member(key, value));
    }
    return line->kind == Kind::kControl ? Result<void>{} : finish();
  }
};

LineReader::LineReader() : impl_(std::make_unique<Impl>()) {}
LineReader::~LineReader() = default;

void LineReader::start(const Catalog& catalog, const std::function<std::string(std::string_view)>& hash) {
  impl_->catalog = &catalog;
  impl_->hash = &hash;
  impl_->tables.clear();
  impl_->feature_stamps.clear();
}

Result<void> LineReader::read(std::string_view text, Line& line, Needs& needs) {
  Impl& in = *impl_;
  line.release = {};
  line.subject = {};
  line.undeclared = 0;
  in.written = text;
  in.line = &line;
  in.needs = &needs;
  ++in.stamp;
  in.next_feature = 0;
  in.unknown.clear();
  in.owned.clear();
  for (std::string& part : in.parts) part.clear();
  element root;
  const auto code = in.parser.parse(text.data(), text.size(), false).get(root);
  if (code != simdjson::SUCCESS) {
    FIREBREAK_TRY(diagnose_line(text));
    return wrong(simdjson::error_message(code), "");
  }
  object members;
  if (root.get(members) != simdjson::SUCCESS) return wrong("a record is a JSON object", "");
  return in.record(members);
}

}  // namespace firebreak::record
