#include "run/offsite/key_backup.h"

#include <fmt/core.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/json.h"
#include "read/evidence/bundle_files.h"
#include "read/evidence/sealed_notes.h"
#include "read/evidence/texts.h"

namespace firebreak::offsite {
namespace {

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = std::filesystem::weakly_canonical(path, error);
  std::string text = error ? path : full.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

constexpr const char* kNote = "key-backup.json";
constexpr const char* kNoteFormat = "firebreak-key-backup 1";
const std::string kKeys = "keys/", kEpochs = "keys/epochs/", kFolder = "firebreak-keys-";

using Contents = std::vector<std::pair<std::string, Bytes>>;  // by name

// The whole backup, each file as its manifest says.
Result<Contents> contents_of(Files& files, const std::string& backup_dir) {
  auto text = read_all(files, backup_dir + "/" + std::string(evidence::kManifest));
  if (!text) return fail(std::move(text.error()).with("key backup"));
  auto manifest = evidence::parse_manifest(*text);
  if (!manifest) return fail(std::move(manifest.error()).with(fmt::format("{}/{}", backup_dir, evidence::kManifest)));
  Contents contents;
  for (const evidence::ManifestEntry& entry : *manifest) {
    FIREBREAK_ASSIGN(Bytes content, read_all(files, backup_dir + "/" + entry.path));
    if (sha256(content) != entry.digest) return fail(Code::kCorrupt, fmt::format("{}/{} is not what the backup's manifest says", backup_dir, entry.path));
    contents.emplace_back(entry.path, std::move(content));
  }
  return contents;
}

std::optional<Time> written_at(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return Time{found.st_mtim.tv_sec * kSecond + found.st_mtim.tv_nsec / 1'000};
}

// "firebreak-keys-2026-11-28T21.45.30Z": sorts by time, and any file system takes it.
std::string folder_name(Time now) {
  std::string text = format_time(now);
  std::replace(text.begin(), text.end(), ':', '.');
  return kFolder + text;
}

std::optional<Time> folder_time(std::string_view name) {
  if (!name.starts_with(kFolder)) return std::nullopt;
  std::string text(name.substr(kFolder.size()));
  for (int colon = 0; colon < 2; ++colon)
    if (const std::size_t dot = text.find('.'); dot != std::string::npos) text[dot] = ':';
  const auto time = parse_time(text);
  return time ? std::optional(*time) : std::nullopt;
}

Result<void> remove_backup(Files& files, const std::string& dir) {
  FIREBREAK_ASSIGN(const auto names, evidence::walk(files, dir));
  std::set<std::string, std::greater<>> folders{dir};  // the deepest first
  for (const std::string& name : names) {
    const std::string path = dir + "/" + name;
    if (const auto file = files.open(path, OpenMode::kWrite)) overwrite(**file);
    FIREBREAK_TRY(files.remove(path));
    for (std::string folder = parent_of(path); folder.size() > dir.size(); folder = parent_of(folder)) folders.insert(folder);
  }
  for (const std::string& folder : folders) FIREBREAK_TRY(files.remove(folder));
  return {};
}

}  // namespace

Result<void> must_be_empty(Files& files, const std::string& dir) {
  const auto names = files.list(dir);
  if (!names) return names.error().code == Code::kNotFound ? Result<void>() : fail(Error(names.error()));
  if (names->empty()) return {};
  return fail(Code::kConflict, fmt::format("{} holds something already ({}); name a folder that is empty or does not exist", dir, names->front()));
}

Result<std::vector<std::string>> backup_keys(Files& files, const std::string& data_dir, const std::string& out_dir) {
  if ((absolute(out_dir) + "/").starts_with(absolute(data_dir) + "/"))
    return fail(Code::kInvalid, fmt::format("{} lies in the data folder: whoever loses that would lose the backup with it", out_dir));
  FIREBREAK_TRY(must_be_empty(files, out_dir));
  std::vector<std::string> names;
  if (exists(files, data_dir + "/keys/master.key") || !files.list(data_dir + "/keys").value_or(std::vector<std::string>()).empty()) {
    FIREBREAK_ASSIGN(const auto keys, evidence::walk(files, data_dir + "/keys"));
    for (const std::string& name : keys) names.push_back("keys/" + name);
  }
  if (names.empty()) return fail(Code::kNotFound, fmt::format("there are no keys under {}/keys; name the server's data folder with --data", data_dir));
  FIREBREAK_ASSIGN(const auto beside, files.list(data_dir));
  for (const std::string& name : beside)
    if (name.ends_with(".token")) names.push_back(name);
  if (const auto texts = evidence::walk(files, evidence::texts_dir(data_dir)))  // none typed yet: no folder
    for (const std::string& name : *texts)
      if (!name.ends_with(".tmp")) names.push_back("texts/" + name);
  if (const auto sealed = evidence::walk(files, evidence::sealed_dir(data_dir)))  // none under privilege: no folder
    for (const std::string& name : *sealed)
      if (!name.ends_with(".tmp")) names.push_back("sealed/" + name);
  std::sort(names.begin(), names.end());
  std::string manifest;
  std::vector<std::string> written;
  for (const std::string& name : names) {
    auto content_now = read_all(files, data_dir + "/" + name);
    if (!content_now && content_now.error().code == Code::kNotFound && (name.starts_with("texts/") || name.starts_with("sealed/"))) continue;  // erased or released meanwhile
    FIREBREAK_ASSIGN(const Bytes content, std::move(content_now));
    FIREBREAK_TRY(files.make_dir(parent_of(out_dir + "/" + name)));
    FIREBREAK_TRY(write_atomic(files, out_dir + "/" + name, content));
    manifest += evidence::manifest_line(sha256(content), name);
    written.push_back(name);
  }
  FIREBREAK_TRY(write_atomic(files, out_dir + "/" + std::string(evidence::kManifest), manifest));
  return written;
}

Result<std::vector<std::string>> restore_keys(Files& files, const std::string& backup_dir, const std::string& data_dir) {
  FIREBREAK_ASSIGN(const Contents contents, contents_of(files, backup_dir));
  std::vector<std::string> names;
  for (const auto& [name, content] : contents) {
    const std::string path = data_dir + "/" + name;
    FIREBREAK_TRY(files.make_dir(parent_of(path)));
    FIREBREAK_TRY(write_atomic(files, path, content));
    names.push_back(name);
  }
  return names;
}

Result<std::map<std::string, Digest>> check_key_backup(Files& files, const std::string& backup_dir) {
  FIREBREAK_ASSIGN(const Contents contents, contents_of(files, backup_dir));
  std::map<std::string, Digest> out;
  for (const auto& [name, content] : contents) out[name] = sha256(content);
  return out;
}

Result<void> note_key_backup(Files& files, const std::string& data_dir, const std::string& backup_dir, Time now) {
  FIREBREAK_ASSIGN(const auto held, check_key_backup(files, backup_dir));
  JsonObject names;
  for (const auto& [name, digest] : held)
    if (name.starts_with(kKeys)) names[name] = digest.hex();
  const JsonObject note{{"format", kNoteFormat}, {"time", format_time(now)}, {"out", absolute(backup_dir)}, {"files", std::move(names)}};
  // Another user may have made the backup: the server's reads it, too.
  return write_atomic(files, data_dir + "/" + kNote, pretty_json(note), OpenMode::kWritePublic);
}

Result<KeyState> key_state(Files& files, const std::string& data_dir) {
  KeyState state;
  JsonObject held;
  if (const auto text = read_all(files, data_dir + "/" + kNote)) {
    const auto note = parse_json(*text);
    if (!note || string_or(*note, "format") != kNoteFormat) return fail(Code::kCorrupt, fmt::format("{}/{} cannot be read: remove it and make a new backup", data_dir, kNote));
    const auto time = parse_time(string_or(*note, "time"));
    if (time) state.backed_up = *time;
    state.where = string_or(*note, "out");
    if (const Json* const names = find(*note, "files"); names != nullptr && names->is_object()) held = names->get_object();
  } else if (text.error().code != Code::kNotFound) {
    return fail(Error(text.error()));
  }
  const auto keys = evidence::walk(files, data_dir + "/keys");
  if (!keys && keys.error().code != Code::kNotFound) return fail(Error(keys.error()));
  std::size_t known = 0;
  for (const std::string& key : keys ? *keys : std::vector<std::string>()) {
    const std::string name = kKeys + key;
    if (name.ends_with(".tmp")) continue;
    ++state.keys;
    const auto content = read_all(files, data_dir + "/" + name);
    if (!content && content.error().code == Code::kNotFound) continue;  // it went meanwhile
    if (!content) return fail(Error(content.error()));
    const Json* const there = held.if_contains(name);
    const bool same = there != nullptr && there->is_string() && there->get_string() == sha256(*content).hex();
    if (there != nullptr) ++known;
    if (there != nullptr && !same) state.outdated = true;
    if (there != nullptr && (same || name.starts_with(kEpochs))) continue;  // what was an epoch's seed opens more than what is left of it
    state.missing.push_back(name);
    const auto written = written_at(data_dir + "/" + name);
    if (written && (!state.since || *written < *state.since)) state.since = written;
  }
  state.outdated = state.outdated || known < held.size();
  return state;
}

Result<std::string> renew_key_backup(Files& files, const std::string& data_dir, const std::string& place, Time now) {
  auto names = files.list(place);
  if (!names) return fail(std::move(names.error()).with("the place for key backups"));
  const std::string folder = place + "/" + folder_name(now);
  FIREBREAK_TRY(backup_keys(files, data_dir, folder));
  FIREBREAK_TRY(note_key_backup(files, data_dir, folder, now));
  FIREBREAK_ASSIGN(const auto held, check_key_backup(files, folder));
  for (std::string& name : *names) {
    if (!name.ends_with('/')) continue;
    name.pop_back();
    const auto made = folder_time(name);
    if (!made || place + "/" + name == folder) continue;
    const auto older = check_key_backup(files, place + "/" + name);
    const bool replaced = older && std::all_of(older->begin(), older->end(), [&](const auto& one) {
                            const auto found = held.find(one.first);
                            return found != held.end() && (found->second == one.second || !one.first.starts_with(kKeys) || one.first.starts_with(kEpochs));
                          });
    if (replaced || now - *made > kKeepReplaced) FIREBREAK_TRY(remove_backup(files, place + "/" + name));
  }
  return folder;
}

}  // namespace firebreak::offsite
