#include "read/archive/builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "base/digest.h"
#include "log/ledger/log.h"
#include "log/record/row.h"
#include "read/archive/cube.h"
#include "read/archive/outdated.h"

namespace firebreak::archive {
namespace {

using record::ColumnType;
using record::Kind;

constexpr std::size_t kSendBytes = 256 * 1024;
constexpr std::size_t kFixed = 11;  // columns of every table before the row's own

CellType cell_type(ColumnType type) {
  switch (type) {
    case ColumnType::kTime: return CellType::kTime;
    case ColumnType::kNumber: return CellType::kNumber;
    case ColumnType::kInteger: return CellType::kInteger;
    case ColumnType::kFlag: return CellType::kFlag;
    case ColumnType::kText:
    case ColumnType::kDisposition: return CellType::kText;
  }
  return CellType::kText;
}

// "/features/age" -> "features.age"
std::string column_name(std::string_view path) {
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return record::pointer_name(path);
  return std::string(path.substr(0, slash)) + "." + record::pointer_name(path.substr(slash + 1));
}

std::set<std::string> hidden_paths(const record::StreamConfig& config) {
  std::set<std::string> out;
  for (const auto& [name, field] : config.fields)
    if (field.keep == record::Keep::kEncrypt) {
      out.insert(record::field_path(name));
      if (!name.starts_with('/')) out.insert("/" + name);  // a plain name of a top-level field
    }
  return out;
}

// Removes the member that a JSON Pointer names, if it is there; an object that is empty then goes too.
void erase_at(Json& document, std::string_view path) {
  if (!document.is_object() || !path.starts_with('/')) return;
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  JsonObject& object = document.as_object();
  const auto member = object.find(record::pointer_name(path.substr(0, slash)));
  if (member == object.end()) return;
  if (slash != std::string_view::npos) {
    erase_at(member->value(), path.substr(slash));
    if (!member->value().is_object() || !member->value().as_object().empty()) return;
  }
  object.erase(member);
}

std::string digest_of(const std::set<std::string>& paths) {
  std::string all;
  for (const std::string& path : paths) all += path + "\n";
  return sha256(all).hex();
}

Table fixed_table(Kind kind) {
  Table table;
  table.name = record::kind_name(kind);
  table.add("index", CellType::kUnsigned);
  table.add("admitted", CellType::kTime);
  table.add("schema", CellType::kInteger);
  table.add("time_outside", CellType::kFlag);
  table.add("model_known", CellType::kFlag);
  table.add("release_ordinal", CellType::kInteger);
  table.add("release", CellType::kText);
  table.add("model_name", CellType::kText);
  table.add("model_version", CellType::kText);
  table.add("model_digest", CellType::kText);
  table.add("extra", CellType::kText);
  return table;
}

constexpr std::array kKinds = {Kind::kControl, Kind::kInference, Kind::kLabel, Kind::kPipeline, Kind::kAccess, Kind::kRegistry, Kind::kSignal};

// What the count cube counts by, but for release and hour; 0 in a layout: no such column.
constexpr std::array<std::pair<const char*, ColumnType>, 3> kCounted = {
    {{"/disposition", ColumnType::kDisposition}, {"/output/label", ColumnType::kText}, {"/caller", ColumnType::kText}}};

struct Layout {
  Table table;
  std::map<std::pair<std::string, ColumnType>, std::size_t> places;  // in the table
  std::map<const record::Schema*, std::vector<std::size_t>> plans;   // schema's column -> place; 0 = stays out
  std::array<std::size_t, kCounted.size()> counted{};
  std::uint16_t number = 0;
  std::uint64_t rows = 0;
};

// Reads the part once: a table is told to the child when its first row comes, and again when a schema brings columns.
class PartBuilder {
 public:
  PartBuilder(record::Stream& stream, const Part& part, std::string folder, std::string stem)
      : stream_(stream), part_(part), hidden_(hidden_paths(stream.config())), folder_(std::move(folder)), stem_(std::move(stem)) {}

  JsonArray paths() const {
    JsonArray paths;
    for (const Kind kind : kKinds) paths.emplace_back(folder_ + "/" + file_of(kind));
    return paths;
  }

  Result<void> send_rows(Child& child) {
    std::uint64_t expected = part_.first;
    Result<void> outcome;
    FIREBREAK_ASSIGN(const std::uint64_t next,
                     stream_.read_from(part_.first, part_.end - part_.first, [&](const record::Record& record) {
                       if (record.index == expected) ++expected;
                       if (!outcome) return;
                       put(record);
                       if (out_.size() < kSendBytes) return;
                       outcome = child.send(out_);
                       out_.clear();
                     }, record::Erased::kDeliver));
    FIREBREAK_TRY(std::move(outcome));
    if (next != part_.end || expected != part_.end)
      return fail(Code::kCorrupt, fmt::format("stream '{}' gave records up to {} where {} were expected", stream_.config().name, next, part_.end));
    put_le(out_, kLastRow);
    return child.send(out_);
  }

  void fill(Manifest& manifest) {
    manifest.records_digest = digest_.finish().hex();
    manifest.first_us = first_us_;
    manifest.last_us = last_us_;
    manifest.erased = erased_;
    for (auto& [kind, layout] : layouts_) manifest.tables.push_back({layout.table, {}, layout.rows});
  }
  Cube cube() const {
    Cube cube;
    for (const auto& [octets, cell] : cells_) cube[key_of(octets)].add(cell);
    return cube;
  }

 private:
  std::string file_of(Kind kind) const { return fmt::format("{}.{}.parquet", stem_, record::kind_name(kind)); }

  Layout& layout_for(const record::Record& record) {
    auto [slot, fresh] = layouts_.try_emplace(record.kind);
    Layout& layout = slot->second;
    if (fresh) {
      layout.number = static_cast<std::uint16_t>(layouts_.size() - 1);
      layout.table = fixed_table(record.kind);
      layout.table.file = folder_ + "/" + file_of(record.kind);
    }
    const bool schema = record.schema != nullptr && !layout.plans.contains(record.schema.get());
    if (schema) plan(layout, record.schema);
    if (fresh || schema) tell(layout);
    return layout;
  }

  void plan(Layout& layout, const std::shared_ptr<const record::Schema>& schema) {
    held_.push_back(schema);
    auto& plan = layout.plans[schema.get()];
    for (const record::Column& column : schema->columns) {
      if (hidden_.contains(column.path)) {
        plan.push_back(0);
        continue;
      }
      const auto [place, added] = layout.places.try_emplace({column.path, column.type}, layout.table.columns.size());
      if (added)
        layout.table.add(column_name(column.path), cell_type(column.type), column.path,
                         std::string(record::column_type_name(column.type)));
      plan.push_back(place->second);
      for (std::size_t i = 0; i < kCounted.size(); ++i)
        if (column.path == kCounted[i].first && column.type == kCounted[i].second) layout.counted[i] = place->second;
    }
  }

  void tell(const Layout& layout) {
    const std::string text = canonical_json(to_json(layout.table));
    put_le(out_, kTableComes);
    put_le(out_, layout.number);
    put_le(out_, static_cast<std::uint32_t>(text.size()));
    out_ += text;
  }

  void put(const record::Record& record) {
    Layout& layout = layout_for(record);
    digest_.update(sha256(ByteView("\0", 1), record.leaf).view());
    first_us_ = any_ ? std::min(first_us_, record.admitted.us) : record.admitted.us;
    last_us_ = any_ ? std::max(last_us_, record.admitted.us) : record.admitted.us;
    any_ = true;
    ++layout.rows;
    row_.cells.clear();
    row_.extra = {};
    const bool gone = record.erased;
    if (gone) ++erased_;
    if (!gone && record.schema != nullptr) {
      const auto read = decode_row(*record.schema, record.row, row_);
      FIREBREAK_ASSERT(read.has_value());  // a record is only made of a row that was decoded before
    }
    const ByteView extra = gone ? ByteView() : record.schema == nullptr ? ByteView(record.row).substr(2) : visible(row_.extra);
    put_le(out_, layout.number);
    put_bits(out_, record.index);
    put_bits(out_, static_cast<std::uint64_t>(record.admitted.us));
    put_bits(out_, record.schema == nullptr ? 0 : record.schema->id);
    put_bits(out_, record.time_outside ? 1 : 0);
    put_bits(out_, record.model_known ? 1 : 0);
    put_bits(out_, record.release_ordinal);
    for (const std::string record::Release::* field : {&record::Release::release, &record::Release::model_name,
                                                       &record::Release::model_version, &record::Release::model_digest})
      put_text_or_null(record.release == nullptr ? std::string_view() : (*record.release).*field);
    put_text_or_null(extra);
    put_cells(layout, record);
    if (record.kind == Kind::kInference) count(layout, record);
  }

  // What has no column, without what stays out of derived tables: valid until the next call.
  ByteView visible(ByteView extra) {
    if (hidden_.empty() || extra.empty()) return extra;
    auto document = parse_json(extra);
    if (!document || !document->is_object()) return {};
    for (const std::string& path : hidden_) erase_at(*document, path);
    visible_ = document->as_object().empty() ? std::string() : canonical_json(*document);
    return visible_;
  }

  void put_text_or_null(std::string_view text) {
    if (text.empty()) {
      put_null(out_);
    } else {
      put_text(out_, text);
    }
  }

  void put_cells(const Layout& layout, const record::Record& record) {
    const std::size_t width = layout.table.columns.size();
    from_.assign(width, nullptr);
    types_.assign(width, ColumnType::kText);
    if (!row_.cells.empty()) {
      const std::vector<std::size_t>& plan = layout.plans.at(record.schema.get());
      for (std::size_t i = 0; i < row_.cells.size(); ++i) {
        if (plan[i] == 0 || !row_.cells[i].present) continue;
        from_[plan[i]] = &row_.cells[i];
        types_[plan[i]] = record.schema->columns[i].type;
      }
    }
    for (std::size_t place = kFixed; place < width; ++place) {
      if (from_[place] == nullptr) {
        put_null(out_);
      } else if (types_[place] == ColumnType::kText) {
        put_text(out_, from_[place]->text);
      } else if (types_[place] == ColumnType::kDisposition) {
        put_text(out_, disposition_name(static_cast<Disposition>(from_[place]->bits)));
      } else {
        put_bits(out_, from_[place]->bits);
      }
    }
  }

  // A cell's key as octets, so that a record costs one look into a hash table: texts with their lengths, then the hour.
  void count(const Layout& layout, const record::Record& record) {
    key_.clear();
    put_key(record.release == nullptr ? std::string_view() : record.release->release);
    for (std::size_t i = 0; i < kCounted.size(); ++i) {
      const record::Cell* const cell = layout.counted[i] == 0 ? nullptr : from_[layout.counted[i]];
      if (cell == nullptr) {
        put_key({});
      } else {
        put_key(kCounted[i].second == ColumnType::kText ? std::string_view(cell->text)
                                                        : disposition_name(static_cast<Disposition>(cell->bits)));
      }
    }
    put_le(key_, record.admitted.us / kHour);
    cells_[key_].add({1, record.index, record.index, record.admitted.us, record.admitted.us});
  }

  void put_key(std::string_view text) {
    put_le(key_, static_cast<std::uint32_t>(text.size()));
    key_ += text;
  }

  static CubeKey key_of(ByteView octets) {
    std::array<std::string, 1 + kCounted.size()> texts;
    for (std::string& text : texts) {
      const auto length = get_le<std::uint32_t>(octets, 0);
      text = octets.substr(4, length);
      octets.remove_prefix(4 + length);
    }
    return {texts[0], texts[1], texts[2], texts[3], get_le<std::int64_t>(octets, 0)};
  }

  record::Stream& stream_;
  const Part part_;
  const std::set<std::string> hidden_;
  const std::string folder_, stem_;
  std::map<Kind, Layout> layouts_;
  std::vector<std::shared_ptr<const record::Schema>> held_;  // plans are by address
  record::Row row_;
  std::vector<const record::Cell*> from_;
  std::vector<ColumnType> types_;
  Bytes out_;
  Sha256 digest_;
  Bytes key_, visible_;
  std::unordered_map<Bytes, CubeCell> cells_;
  std::int64_t first_us_ = 0, last_us_ = 0;
  std::uint64_t erased_ = 0;
  bool any_ = false;
};

}  // namespace

Result<Manifest> build_part(Files& files, record::Stream& stream, const std::string& data, const Part& part,
                            std::uint64_t generation, const Engine& engine) {
  Manifest manifest;
  manifest.stream = stream.config().name;
  manifest.segment = part.segment;
  manifest.generation = generation;
  manifest.first = part.first;
  manifest.end = part.end;
  manifest.closed = part.closed;
  manifest.erasures = stream.gone().size();  // before the first row is read
  manifest.hidden = digest_of(hidden_paths(stream.config()));
  FIREBREAK_ASSIGN(const Digest root, stream.log().root_at(part.end));
  manifest.tree_root = root.hex();
  const std::string folder = folder_of(data, manifest.stream);
  const std::string stem = fmt::format("{:06}-g{}", part.segment, generation);
  FIREBREAK_TRY(files.make_dir(folder));
  PartBuilder builder(stream, part, folder, stem);
  FIREBREAK_ASSIGN(Child child, Child::start(engine, {{"mode", "build"}, {"paths", builder.paths()}}));
  FIREBREAK_TRY(builder.send_rows(child));
  FIREBREAK_TRY(child.finish({}));
  builder.fill(manifest);
  for (ArchivedTable& table : manifest.tables) {
    const std::string name = table.layout.file.substr(folder.size() + 1);
    table.layout.file = name;
    FIREBREAK_ASSIGN(table.file, measure(files, folder, name));
    FIREBREAK_ASSIGN(const auto file, files.open(folder + "/" + name, OpenMode::kWrite));
    FIREBREAK_TRY(file->sync());
  }
  const std::string cube = stem + ".cube";
  FIREBREAK_TRY(write_atomic(files, folder + "/" + cube, encode_cube(builder.cube())));
  FIREBREAK_ASSIGN(manifest.cube, measure(files, folder, cube));
  FIREBREAK_TRY(write_atomic(files, folder + "/" + manifest.file_name(), pretty_json(to_json(manifest))));
  return manifest;
}

Result<std::vector<Manifest>> build_stream(Files& files, record::Stream& stream, const std::string& data, bool open,
                                           const Engine& engine) {
  const std::string name = stream.config().name, folder = folder_of(data, name);
  FIREBREAK_ASSIGN(const auto parts, parts_of(files, data, name, stream.size()));
  FIREBREAK_ASSIGN(const auto known, load_manifests(files, folder));
  std::map<std::uint64_t, std::vector<const Manifest*>> have;
  for (const Manifest& manifest : known) have[manifest.segment].push_back(&manifest);
  const std::string hidden = digest_of(hidden_paths(stream.config()));
  const auto gone = stream.gone();
  const auto stale = [&](const Manifest* one) { return holds_what_is_gone(*one, gone) || one->hidden != hidden || !has_files(files, folder, *one); };
  std::vector<Manifest> made;
  for (const Part& part : parts) {
    const auto& before = have[part.segment];
    const auto missing = still_to_make(part, before, std::any_of(before.begin(), before.end(), stale), open);
    if (!missing) continue;
    std::uint64_t generation = 0;
    for (const Manifest* one : before) generation = std::max(generation, one->generation);
    FIREBREAK_ASSIGN(Manifest now, build_part(files, stream, data, *missing, generation + 1, engine));
    made.push_back(std::move(now));
  }
  return made;
}

}  // namespace firebreak::archive
