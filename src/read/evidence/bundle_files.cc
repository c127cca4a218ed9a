#include "read/evidence/bundle_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace firebreak::evidence {
namespace {

Result<void> walk_into(Files& files, const Path& root, const std::string& below,
                       std::vector<std::string>& found) {
  FIREBREAK_ASSIGN(const std::vector<std::string> names,
                   files.list(below.empty() ? root : root + "/" + below));
  for (const std::string& name : names) {
    const std::string prefix = below.empty() ? "" : below + "/";
    if (name.ends_with('/')) {
      FIREBREAK_TRY(walk_into(files, root, prefix + name.substr(0, name.size() - 1), found));
    } else {
      found.push_back(prefix + name);
    }
  }
  return {};
}

bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/') return false;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

}  // namespace

Result<std::vector<std::string>> walk(Files& files, const Path& dir) {
  std::vector<std::string> found;
  FIREBREAK_TRY(walk_into(files, dir, "", found));
  std::sort(found.begin(), found.end());
  return found;
}

std::string manifest_line(const Digest& digest, const std::string& path) {
  return fmt::format("{}  {}\n", digest.hex(), path);
}

Result<std::vector<ManifestEntry>> parse_manifest(std::string_view text) {
  std::vector<ManifestEntry> entries;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string where = fmt::format("{} line {}", kManifest, entries.size() + 1);
    if (end == std::string_view::npos || end < 67) return fail(Code::kCorrupt, where + ": the line is cut");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const Result<Digest> digest = Digest::from_hex(line.substr(0, 64));
    if (!digest || digest->hex() != line.substr(0, 64) || line.substr(64, 2) != "  ")
      return fail(Code::kCorrupt, where + ": not '<sha-256>  <path>'");
    const std::string path(line.substr(66));
    if (!stays_inside(path)) return fail(Code::kCorrupt, where + ": the path leaves the folder");
    if (!entries.empty() && path <= entries.back().path)
      return fail(Code::kCorrupt, where + ": not in order");
    entries.push_back({*digest, path});
  }
  return entries;
}

std::string item_path(const Json& item) {
  const std::string media = string_or(item, "media_type");
  std::string_view extension = "bin";
  if (media == "application/json") extension = "json";
  if (media == "application/x-ndjson") extension = "ndjson";
  if (media == "text/csv") extension = "csv";
  return fmt::format("items/{}.{}", string_or(item, "id"), extension);
}

Custody custody_of(const std::vector<Entry>& journal, const std::string& incident) {
  std::map<std::string, JsonObject> items;
  std::vector<std::string> order;
  Custody custody;
  for (const Entry& entry : journal) {
    const std::string id = entry.id("ev");
    if (entry.kind == "evidence_captured" && string_or(entry.body, "incident") == incident) {
      JsonObject item = entry.body.is_object() ? entry.body.get_object() : JsonObject{};
      item["id"] = id;
      item["index"] = entry.index;
      item["time"] = format_time(entry.time);
      item["captured_by"] = entry.actor;
      item["file"] = item_path(item);
      item["custody"] = JsonArray{};
      items[id] = std::move(item);
      order.push_back(id);
    } else if (entry.kind == "evidence_failed" && string_or(entry.body, "incident") == incident) {
      JsonObject failure = entry.body.is_object() ? entry.body.get_object() : JsonObject{};
      failure["index"] = entry.index;
      failure["time"] = format_time(entry.time);
      custody.failures.push_back(std::move(failure));
    } else if (entry.kind == "evidence_custody") {
      const auto item = items.find(string_or(entry.body, "evidence"));
      if (item == items.end()) continue;
      JsonObject line{{"index", entry.index},
                                                              {"time", format_time(entry.time)},
                                                              {"action", string_or(entry.body, "action")},
                                                              {"by", string_or(entry.body, "by")},
                                                              {"actor", entry.actor},
                                                              {"reason", string_or(entry.body, "reason")}};
      for (const char* key : {"offer", "from", "to", "digest", "at"})  // of a hand-over between two people
        if (const Json* value = find(entry.body, key)) line[key] = *value;
      item->second["custody"].as_array().push_back(std::move(line));
    }
  }
  for (const std::string& id : order) custody.items.push_back(std::move(items[id]));
  return custody;
}

Result<std::vector<Entry>> parse_journal(const std::vector<Bytes>& entries) {
  std::vector<Entry> parsed;
  parsed.reserve(entries.size());
  for (std::uint64_t index = 0; index < entries.size(); ++index) {
    Result<Entry> entry = parse_entry(index, entries[index]);
    if (!entry) return fail(std::move(entry.error()).with(fmt::format("journal entry {}", index)));
    parsed.push_back(std::move(*entry));
  }
  return parsed;
}

}  // namespace firebreak::evidence
