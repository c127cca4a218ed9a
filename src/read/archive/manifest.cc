#include "read/archive/manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"

namespace firebreak::archive {
namespace {

constexpr const char* kFormat = "firebreak-archive 1";

Json to_json(const ArchivedFile& file) {
  return JsonObject{{"name", file.name}, {"sha256", file.sha256}, {"octets", file.octets}};
}

Result<ArchivedFile> file_from_json(const Json* document) {
  if (document == nullptr) return fail(Code::kInvalid, "a file is missing");
  ArchivedFile file;
  FIREBREAK_ASSIGN(file.name, get_string(*document, "name"));
  if (file.name.empty() || file.name.find('/') != std::string::npos) return fail(Code::kInvalid, "a file name with a folder in it");
  FIREBREAK_ASSIGN(file.sha256, get_string(*document, "sha256"));
  FIREBREAK_ASSIGN(const std::int64_t octets, get_int(*document, "octets"));
  file.octets = static_cast<std::uint64_t>(octets);
  return file;
}

// Each part that was made replaces those whose records it holds, so those that stand share none.
std::vector<Manifest> standing(std::vector<Manifest> all) {
  std::sort(all.begin(), all.end(), [](const Manifest& a, const Manifest& b) { return a.generation > b.generation; });
  std::vector<Manifest> kept;
  for (Manifest& one : all) {
    const bool replaced = std::any_of(kept.begin(), kept.end(), [&](const Manifest& newer) { return one.first < newer.end && newer.first < one.end; });
    if (!replaced) kept.push_back(std::move(one));
  }
  std::sort(kept.begin(), kept.end(), [](const Manifest& a, const Manifest& b) { return a.first < b.first; });
  return kept;
}

}  // namespace

std::string Manifest::file_name() const { return fmt::format("{:06}-g{}.json", segment, generation); }

std::string folder_of(const std::string& data, const std::string& stream) { return data + "/archive/" + stream; }

Json to_json(const Manifest& m) {
  JsonArray tables;
  for (const ArchivedTable& table : m.tables)
    tables.push_back(JsonObject{{"layout", to_json(table.layout)}, {"file", to_json(table.file)}, {"rows", table.rows}});
  return JsonObject{{"format", kFormat},
                    {"stream", m.stream},
                    {"segment", m.segment},
                    {"generation", m.generation},
                    {"closed", m.closed},
                    {"first", m.first},
                    {"end", m.end},
                    {"erased", m.erased},
                    {"erasures", m.erasures},
                    {"hidden", m.hidden},
                    {"first_us", m.first_us},
                    {"last_us", m.last_us},
                    {"tree_root", m.tree_root},
                    {"records_digest", m.records_digest},
                    {"cube", to_json(m.cube)},
                    {"tables", std::move(tables)}};
}

Result<Manifest> manifest_from_json(const Json& document) {
  if (string_or(document, "format") != kFormat) return fail(Code::kInvalid, "this is no manifest of an archived segment");
  Manifest m;
  FIREBREAK_ASSIGN(m.stream, get_string(document, "stream"));
  const std::pair<const char*, std::uint64_t*> numbers[] = {{"segment", &m.segment}, {"generation", &m.generation},
                                                            {"first", &m.first},     {"end", &m.end},
                                                            {"erased", &m.erased},  {"erasures", &m.erasures}};
  for (const auto& [key, number] : numbers) {
    FIREBREAK_ASSIGN(const std::int64_t value, get_int(document, key));
    *number = static_cast<std::uint64_t>(value);
  }
  FIREBREAK_ASSIGN(m.hidden, get_string(document, "hidden"));
  FIREBREAK_ASSIGN(m.closed, get_bool(document, "closed"));
  FIREBREAK_ASSIGN(m.first_us, get_int(document, "first_us"));
  FIREBREAK_ASSIGN(m.last_us, get_int(document, "last_us"));
  FIREBREAK_ASSIGN(m.tree_root, get_string(document, "tree_root"));
  FIREBREAK_ASSIGN(m.records_digest, get_string(document, "records_digest"));
  FIREBREAK_ASSIGN(m.cube, file_from_json(find(document, "cube")));
  const Json* tables = find(document, "tables");
  if (tables == nullptr || !tables->is_array()) return fail(Code::kInvalid, "a manifest without tables", "/tables");
  std::uint64_t rows = 0;
  for (const Json& one : tables->as_array()) {
    ArchivedTable table;
    const Json* layout = find(one, "layout");
    if (layout == nullptr) return fail(Code::kInvalid, "a table without a layout");
    FIREBREAK_ASSIGN(table.layout, table_from_json(*layout));
    FIREBREAK_ASSIGN(table.file, file_from_json(find(one, "file")));
    FIREBREAK_ASSIGN(const std::int64_t count, get_int(one, "rows"));
    table.rows = static_cast<std::uint64_t>(count);
    rows += table.rows;
    m.tables.push_back(std::move(table));
  }
  if (m.end < m.first || rows != m.end - m.first) return fail(Code::kCorrupt, "its tables hold another number of records than its range");
  return m;
}

Result<std::vector<Manifest>> load_manifests(Files& files, const std::string& folder) {
  std::vector<Manifest> newest;
  const auto names = files.list(folder);
  if (!names && names.error().code == Code::kNotFound) return newest;
  if (!names) return fail(Error(names.error()));
  std::map<std::uint64_t, std::vector<Manifest>> by_segment;
  for (const std::string& name : *names) {
    if (!name.ends_with(".json")) continue;
    FIREBREAK_ASSIGN(const Bytes text, read_all(files, folder + "/" + name));
    const auto document = parse_json(text);
    auto manifest = document ? manifest_from_json(*document) : Result<Manifest>(fail(Error(document.error())));
    if (!manifest) return fail(Code::kCorrupt, fmt::format("{}/{}: {}: delete it and build the archive anew", folder, name, manifest.error().message));
    if (manifest->file_name() != name) return fail(Code::kCorrupt, fmt::format("{}/{} is the manifest of another segment", folder, name));
    by_segment[manifest->segment].push_back(std::move(*manifest));
  }
  for (auto& [segment, all] : by_segment)
    for (Manifest& manifest : standing(std::move(all))) newest.push_back(std::move(manifest));
  return newest;
}

Result<void> remove_superseded(Files& files, const std::string& folder) {
  FIREBREAK_ASSIGN(const auto newest, load_manifests(files, folder));
  std::set<std::string> named;
  for (const Manifest& manifest : newest) {
    named.insert({manifest.file_name(), manifest.cube.name});
    for (const ArchivedTable& table : manifest.tables) named.insert(table.file.name);
  }
  auto names = files.list(folder);
  if (!names) return names.error().code == Code::kNotFound ? Result<void>() : fail(Error(names.error()));
  // Manifests first: what is left without one is nobody's.
  std::stable_partition(names->begin(), names->end(), [](const std::string& name) { return name.ends_with(".json"); });
  for (const std::string& name : *names)
    if (!named.contains(name) && !name.ends_with('/')) FIREBREAK_TRY(files.remove(folder + "/" + name));
  return {};
}

Result<ArchivedFile> measure(Files& files, const std::string& folder, const std::string& name) {
  FIREBREAK_ASSIGN(const auto file, files.open(folder + "/" + name, OpenMode::kRead));
  Sha256 hash;
  ArchivedFile out{name, {}, 0};
  for (;;) {
    FIREBREAK_ASSIGN(const Bytes piece, file->read_at(out.octets, 1 << 20));
    if (piece.empty()) break;
    hash.update(piece);
    out.octets += piece.size();
  }
  out.sha256 = hash.finish().hex();
  return out;
}

namespace {

std::vector<const ArchivedFile*> files_of(const Manifest& manifest) {
  std::vector<const ArchivedFile*> all{&manifest.cube};
  for (const ArchivedTable& table : manifest.tables) all.push_back(&table.file);
  return all;
}

}  // namespace

bool has_files(Files& files, const std::string& folder, const Manifest& manifest) {
  for (const ArchivedFile* one : files_of(manifest)) {
    const auto file = files.open(folder + "/" + one->name, OpenMode::kRead);
    const auto size = file ? (*file)->size() : Result<std::uint64_t>(fail(Error(file.error())));
    if (!size || *size != one->octets) return false;
  }
  return true;
}

Result<void> check_files(Files& files, const std::string& folder, const Manifest& manifest) {
  for (const ArchivedFile* one : files_of(manifest)) {
    const auto found = measure(files, folder, one->name);
    if (!found && found.error().code == Code::kNotFound)
      return fail(Code::kCorrupt, fmt::format("{}/{} is missing: build the archive anew", folder, one->name));
    if (!found) return fail(Error(found.error()));
    if (found->sha256 != one->sha256)
      return fail(Code::kCorrupt, fmt::format("{}/{} is not the file that its manifest names: it was altered", folder, one->name));
  }
  return {};
}

}  // namespace firebreak::archive
