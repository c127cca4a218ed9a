#include "run/main/archive_bundle.h"

#include <fmt/core.h>

#include <map>

#include "base/files.h"
#include "read/archive/manifest.h"
#include "read/evidence/bundle_files.h"
#include "run/offsite/key_backup.h"

namespace firebreak::cli {
namespace {

constexpr int kAttempts = 5;
constexpr const char* kStatementFile = "statement.json";

constexpr const char* kReadme =
    R"(This folder states what a model answered, and shows that no record was left out.

statement.json   the question, the answer, and for each part of the archive the entry of the server's
                 signed journal that named it when it was made
NNNNNN-gG.*      those parts: a manifest, the records as Parquet files, a count cube

Check it without a server:  firebreak evidence verify .  [--key VKEY ...]
Who has the keys of the logs from elsewhere pins them with --key. docs/formats/archive.md says each step,
so that anybody can write another checker. The Parquet files hold what was recorded: keep them accordingly.
)";

// Of one attempt, written when it is whole.
class Fetched {
 public:
  explicit Fetched(Client& client, std::string stream, PosixFiles& files, std::string dir)
      : client_(client), stream_(std::move(stream)), files_(files), dir_(std::move(dir)) {}

  Result<Bytes> file(const std::string& name, const std::string& sha256_hex) {
    FIREBREAK_ASSIGN(Bytes octets, client_.get_text("/api/v1/archive/" + stream_ + "/" + name));
    if (sha256(octets).hex() != sha256_hex) return fail(Code::kNotFound, fmt::format("{} was replaced meanwhile", name));
    FIREBREAK_TRY(keep(name, octets));
    return octets;
  }
  Result<void> keep(const std::string& name, ByteView octets) {
    FIREBREAK_TRY(write_atomic(files_, dir_ + "/" + name, octets));
    lines_[name] = evidence::manifest_line(sha256(octets), name);
    return {};
  }
  std::string lines() const {
    std::string all;
    for (const auto& [name, line] : lines_) all += line;
    return all;
  }
  void drop() {
    for (const auto& [name, line] : lines_) (void)files_.remove(dir_ + "/" + name);
  }

 private:
  Client& client_;
  const std::string stream_;
  PosixFiles& files_;
  const std::string dir_;
  std::map<std::string, std::string> lines_;  // by name
};

Result<void> fetch_parts(const Json& statement, Fetched& into) {
  const Json* const segments = find(statement, "segments");
  if (segments == nullptr || !segments->is_array()) return fail(Code::kInvalid, "the server gave no statement");
  for (const Json& segment : segments->get_array()) {
    archive::Manifest named;
    named.segment = static_cast<std::uint64_t>(int_or(segment, "segment"));
    named.generation = static_cast<std::uint64_t>(int_or(segment, "generation"));
    FIREBREAK_ASSIGN(const Bytes text, into.file(named.file_name(), string_or(segment, "manifest_sha256")));
    FIREBREAK_ASSIGN(const Json document, parse_json(text));
    FIREBREAK_ASSIGN(const archive::Manifest manifest, archive::manifest_from_json(document));
    FIREBREAK_TRY(into.file(manifest.cube.name, manifest.cube.sha256));
    for (const archive::ArchivedTable& table : manifest.tables) FIREBREAK_TRY(into.file(table.file.name, table.file.sha256));
  }
  return {};
}

}  // namespace

Result<Json> prove_into(Client& client, const std::string& dir, JsonObject body) {
  PosixFiles files;
  FIREBREAK_TRY(offsite::must_be_empty(files, dir));
  body["prove"] = true;
  const std::string stream = string_or(Json(body), "stream");
  for (int attempt = 1;; ++attempt) {
    FIREBREAK_ASSIGN(const std::string text, client.ask_archive("impact", body));
    FIREBREAK_ASSIGN(const Json statement, parse_json(text));
    FIREBREAK_TRY(files.make_dir(dir));
    Fetched fetched(client, stream, files, dir);
    auto done = fetch_parts(statement, fetched);
    if (done) {
      FIREBREAK_TRY(fetched.keep(kStatementFile, pretty_json(statement)));
      FIREBREAK_TRY(fetched.keep("README.txt", kReadme));
      FIREBREAK_TRY(write_atomic(files, dir + "/" + std::string(evidence::kManifest), fetched.lines()));
      return statement.at("answer");
    }
    fetched.drop();
    if (done.error().code != Code::kNotFound) return fail(std::move(done.error()));
    if (attempt == kAttempts)
      return fail(Code::kConflict, fmt::format("the archive was replaced {} times while it was fetched ({}): ask again with --as-is, which brings in nothing new", kAttempts, done.error().message));
  }
}

}  // namespace firebreak::cli
