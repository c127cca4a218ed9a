// What a stream is configured to hold, and the schemas its rows were written under.
//
// A schema is an ordered list of typed columns of one record kind; it stands in the log as a control record before
// the first row that uses it. Columns are only ever added: a new field, or a known field with a new type, opens a
// schema that has all the old columns and the new one. Bytes and JSON: docs/formats/record.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::record {

// What a record is. The numbers are in the leaf and are never reused.
enum class Kind : std::uint8_t {
  kControl = 1,  // written by the recorder: stream, schema, keys, release_seen, gap, gap_filled
  kInference = 2,
  kLabel = 3,
  kPipeline = 4,
  kAccess = 5,
  kRegistry = 6,
  kSignal = 7,
};
std::string_view kind_name(Kind kind);
Result<Kind> parse_kind(std::string_view name);

// How a declared field is kept. Rows are encrypted in any case; `encrypt` also stays out of derived tables.
enum class Keep : std::uint8_t { kColumn, kEncrypt, kHash, kDrop };

struct FieldConfig {
  Keep keep = Keep::kColumn;
  std::string type = {};  // "number", "text", "flag", or empty = as it comes. A declared type is enforced: refused otherwise
  std::string role = {};  // free text for people: "feature", "amount", "subject"
  bool operator==(const FieldConfig&) const = default;
};

struct StreamConfig {
  std::string name;
  std::vector<Kind> kinds = {Kind::kInference, Kind::kLabel};
  // Field name -> how. A plain name means a feature ("age" = /features/age), or a top-level field of this name
  // (caller, source, trace_id …); a JSON Pointer says it exactly. Empty: everything is a column, as it comes.
  std::map<std::string, FieldConfig> fields = {};
  std::string subject = {};  // the field that names the person, same notation; empty = "not erasable by person"
  std::string purpose = {};         // what the records are kept for, for people
  std::int64_t retention_days = 0;  // after that their keys are destroyed; 0: never
  bool operator==(const StreamConfig&) const = default;
};
Json to_json(const StreamConfig& config);
// JSON Pointer of a field named in a configuration; RFC 6901 escaping of one name, and back.
std::string field_path(std::string_view name);
std::string pointer_token(std::string_view name);
std::string pointer_name(std::string_view token);
// Body of PUT /api/v1/streams/{stream}: {"kinds":[…], "fields"?:{name:{keep,type,role}}, "subject"?, "purpose"?,
// "retention_days"?}.
Result<StreamConfig> stream_config_from_json(std::string_view name, const Json& document);

enum class ColumnType : std::uint8_t { kTime, kNumber, kInteger, kFlag, kText, kDisposition };
std::string_view column_type_name(ColumnType type);

struct Column {
  std::string path;  // JSON Pointer: "/features/age"
  ColumnType type = ColumnType::kText;
  bool operator==(const Column&) const = default;
};

struct Schema {
  std::uint16_t id = 0;  // 1 = the first of its log; 0 = control records
  Kind kind = Kind::kInference;
  std::vector<Column> columns;
  bool operator==(const Schema&) const = default;
};
Json to_json(const Schema& schema);
Result<Schema> schema_from_json(const Json& document);

// What answered: release and model, named once in a release_seen control record and by its ordinal in each leaf.
struct Release {
  std::string release, model_name, model_version, model_digest;  // each may be empty
  auto operator<=>(const Release&) const = default;
};

}  // namespace firebreak::record
