// What was archived of a segment: which records, in which files, with which digests. docs/formats/archive.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "read/archive/table.h"

namespace firebreak::archive {

struct ArchivedFile {
  std::string name, sha256;  // name within the stream's archive folder
  std::uint64_t octets = 0;
};

struct ArchivedTable {
  Table layout;  // layout.name is the kind
  ArchivedFile file;
  std::uint64_t rows = 0;
};

struct Manifest {
  std::string stream;
  std::uint64_t segment = 0, generation = 1, first = 0, end = 0;
  std::uint64_t erased = 0;    // records whose rows are gone
  std::uint64_t erasures = 0;  // erasures and expiries that the stream knew of when this was made
  std::string hidden;          // SHA-256 of the paths that stay out, hex: with others it is out of date
  bool closed = true;
  std::int64_t first_us = 0, last_us = 0;  // earliest and latest admission
  std::string tree_root;                   // RFC 6962 root of the log at size `end`, hex
  std::string records_digest;              // SHA-256 of the records' RFC 6962 leaf hashes, one after another, hex
  ArchivedFile cube;
  std::vector<ArchivedTable> tables;

  std::string file_name() const;  // "000001-g1.json"
};
Json to_json(const Manifest& manifest);
Result<Manifest> manifest_from_json(const Json& document);

std::string folder_of(const std::string& data, const std::string& stream);  // DATA/archive/<stream>
// What is archived now, by its records: of parts that share any the one of the newest generation. An empty list when nothing is archived.
Result<std::vector<Manifest>> load_manifests(Files& files, const std::string& folder);
// Removes what the newest generations do not name: older ones, and files that a crash left without a manifest. Nobody may
// be reading them.
Result<void> remove_superseded(Files& files, const std::string& folder);
// SHA-256 in pieces; kNotFound, kIo.
Result<ArchivedFile> measure(Files& files, const std::string& folder, const std::string& name);
// All of its files are there and as long as they were. Quick: contents are not read.
bool has_files(Files& files, const std::string& folder, const Manifest& manifest);
// kCorrupt when a file of `manifest` is missing or is not the one it names.
Result<void> check_files(Files& files, const std::string& folder, const Manifest& manifest);

}  // namespace firebreak::archive
