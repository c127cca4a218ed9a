#include "log/record/record.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "log/record/catalog.h"
#include "log/record/leaf.h"
#include "log/record/row.h"

namespace firebreak::record {
namespace {

Json value_of(const Column& column, const Cell& cell) {
  switch (column.type) {
    case ColumnType::kTime: return Json(format_time({cell.integer()}));
    case ColumnType::kNumber: return Json(cell.number());
    case ColumnType::kInteger: return Json(cell.integer());
    case ColumnType::kFlag: return Json(cell.bits != 0);
    case ColumnType::kText: return Json(cell.text);
    case ColumnType::kDisposition: return Json(disposition_name(static_cast<Disposition>(cell.bits)));
  }
  return {};
}

JsonObject& object_in(JsonObject& parent, std::string_view key) {
  Json& member = parent[key];
  if (!member.is_object()) member = JsonObject{};
  return member.get_object();
}

// Puts `value` at a path of one or two steps: columns have no other.
void set_path(JsonObject& out, std::string_view path, Json value) {
  const std::size_t second = path.find('/', 1);
  if (second == std::string_view::npos) {
    out[path.substr(1)] = std::move(value);
  } else {
    object_in(out, path.substr(1, second - 1))[pointer_name(path.substr(second + 1))] = std::move(value);
  }
}

void merge(JsonObject& out, const JsonObject& extra) {
  for (const auto& member : extra) {
    Json& slot = out[member.key()];
    if (slot.is_object() && member.value().is_object()) {
      for (const auto& inner : member.value().get_object()) slot.get_object()[inner.key()] = inner.value();
    } else {
      slot = member.value();
    }
  }
}

void set_release(JsonObject& out, const Release& release) {
  if (!release.release.empty()) out["release"] = release.release;
  const std::pair<std::string_view, const std::string*> parts[] = {
      {"name", &release.model_name}, {"version", &release.model_version}, {"digest", &release.model_digest}};
  for (const auto& [key, text] : parts)
    if (!text->empty()) object_in(out, "model")[key] = *text;
}

}  // namespace

Json Record::fields() const {
  if (erased) {
    JsonObject out{{"type", kind_name(kind)}, {"erased", true}};
    if (release != nullptr) set_release(out, *release);
    return out;
  }
  if (schema == nullptr) return parse_json(ByteView(row).substr(2)).value_or(Json());
  Row decoded;
  const auto read = decode_row(*schema, row, decoded);
  FIREBREAK_ASSERT(read.has_value());  // a record is only made of a row that was decoded before
  JsonObject out{{"type", kind_name(kind)}};
  for (std::size_t i = 0; i < decoded.cells.size(); ++i) {
    if (!decoded.cells[i].present) continue;
    set_path(out, schema->columns[i].path, value_of(schema->columns[i], decoded.cells[i]));
  }
  if (release != nullptr) set_release(out, *release);
  if (!decoded.extra.empty()) {
    const auto extra = parse_json(decoded.extra);
    if (extra && extra->is_object()) merge(out, extra->get_object());
  }
  return out;
}

Bytes leaf_of(const Record& record) {
  Bytes out;
  const std::uint8_t flags = static_cast<std::uint8_t>((record.time_outside ? kTimeOutside : 0) |
                                                       (record.model_known ? 0 : kModelUnknown));
  put_leaf_head(out, record.kind, flags, record.schema == nullptr ? std::uint16_t{0} : record.schema->id,
                record.release_ordinal, record.admitted);
  out += sha256(record.salt, record.row).view();
  return out;
}

}  // namespace firebreak::record
