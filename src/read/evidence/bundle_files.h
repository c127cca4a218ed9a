// What the writer and the verifier of a bundle share: names, the manifest, walking a folder.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/json.h"
#include "types/entry.h"

namespace firebreak::evidence {

inline constexpr std::string_view kManifest = "MANIFEST.sha256";
inline constexpr std::string_view kJournal = "journal";

// Every file below `dir`, relative, sorted.
Result<std::vector<std::string>> walk(Files& files, const Path& dir);

// "<64 lower-case hex>  <path>" a line: what `sha256sum -c` reads.
std::string manifest_line(const Digest& digest, const std::string& path);
struct ManifestEntry {
  Digest digest;
  std::string path;
};
// Strict, so that no changed octet can hide: lower case, two spaces, sorted, no path that leaves the folder.
Result<std::vector<ManifestEntry>> parse_manifest(std::string_view text);

// "items/ev-17.json"
std::string item_path(const Json& item);

// The custody document that the journal's entries give for an incident: items with their custody lines,
// failures.
struct Custody {
  JsonArray items;     // evidence_captured bodies with "id", "index", "time", "file", "custody":[…]
  JsonArray failures;  // evidence_failed
};
Custody custody_of(const std::vector<Entry>& journal, const std::string& incident);

Result<std::vector<Entry>> parse_journal(const std::vector<Bytes>& entries);

}  // namespace firebreak::evidence
