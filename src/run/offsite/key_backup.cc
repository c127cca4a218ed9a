#include "run/offsite/key_backup.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "read/evidence/bundle_files.h"

namespace firebreak::offsite {
namespace {

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = std::filesystem::weakly_canonical(path, error);
  std::string text = error ? path : full.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
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
  std::sort(names.begin(), names.end());
  std::string manifest;
  for (const std::string& name : names) {
    FIREBREAK_ASSIGN(const Bytes content, read_all(files, data_dir + "/" + name));
    FIREBREAK_TRY(files.make_dir(parent_of(out_dir + "/" + name)));
    FIREBREAK_TRY(write_atomic(files, out_dir + "/" + name, content));
    manifest += evidence::manifest_line(sha256(content), name);
  }
  FIREBREAK_TRY(write_atomic(files, out_dir + "/" + std::string(evidence::kManifest), manifest));
  return names;
}

Result<std::vector<std::string>> restore_keys(Files& files, const std::string& backup_dir, const std::string& data_dir) {
  auto text = read_all(files, backup_dir + "/" + std::string(evidence::kManifest));
  if (!text) return fail(std::move(text.error()).with("key backup"));
  auto manifest = evidence::parse_manifest(*text);
  if (!manifest) return fail(std::move(manifest.error()).with(fmt::format("{}/{}", backup_dir, evidence::kManifest)));
  std::vector<Bytes> contents;
  for (const evidence::ManifestEntry& entry : *manifest) {
    FIREBREAK_ASSIGN(Bytes content, read_all(files, backup_dir + "/" + entry.path));
    if (sha256(content) != entry.digest) return fail(Code::kCorrupt, fmt::format("{}/{} is not what the backup's manifest says", backup_dir, entry.path));
    contents.push_back(std::move(content));
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const std::string path = data_dir + "/" + (*manifest)[i].path;
    FIREBREAK_TRY(files.make_dir(parent_of(path)));
    FIREBREAK_TRY(write_atomic(files, path, contents[i]));
    names.push_back((*manifest)[i].path);
  }
  return names;
}

}  // namespace firebreak::offsite
