// Commands that need files only: evidence bundles and completeness statements.
#include <fmt/core.h>

#include <cstdio>

#include "base/clock.h"
#include "base/files.h"
#include "log/ledger/note.h"
#include "read/archive/manifest.h"
#include "read/archive/statement.h"
#include "read/evidence/bundle.h"
#include "run/main/commands.h"

namespace firebreak::cli {

int evidence_export(const std::string& data, const std::string& incident, const std::string& out,
                    const std::string& report, bool json) {
  PosixFiles files;
  auto blobs = evidence::BlobStore::open(files, data + "/blobs");
  if (!blobs) return report_error(blobs.error(), json);
  evidence::BundleInput input;
  input.incident = incident;
  input.data_dir = data;
  input.exported_by = "firebreak evidence export";
  input.exported_at = SystemClock().now();
  for (const char* name : {"report.json", "report.html"}) {
    if (report.empty()) continue;
    auto content = read_all(files, report + "/" + name);
    if (!content) return report_error(content.error(), json);
    input.extra[name] = std::move(*content);
  }
  if (auto written = evidence::write_bundle(files, *blobs, input, out); !written)
    return report_error(written.error(), json);
  if (json) {
    std::fputs(pretty_json(JsonObject{{"incident", incident}, {"out", out}}).c_str(), stdout);
  } else {
    fmt::print("{}: evidence of {}; check it with 'firebreak evidence verify {}' or 'sha256sum -c MANIFEST.sha256'\n",
               out, incident, out);
  }
  return kDone;
}

int evidence_verify(const std::string& dir, const std::vector<std::string>& pinned, bool json) {
  PosixFiles files;
  std::map<std::string, std::string> keys;
  for (const std::string& text : pinned) {
    const auto key = ledger::parse_vkey(text);
    if (!key) return report_error(Error(key.error()).with("--key"), json);
    keys[key->name] = text;
  }
  const auto report = evidence::verify_bundle(files, dir, keys);
  if (!report) return report_error(report.error(), json);
  std::fputs(json ? pretty_json(report->to_json()).c_str() : report->to_text().c_str(), stdout);
  return report->good() ? kDone : kNegative;
}

namespace {

// The keys of `--key`, by whose they are; one that the statement's logs do not bear is a mistake to be told.
Result<archive::Pinned> pinned_for(const Json& statement, const std::vector<std::string>& keys) {
  archive::Pinned pinned;
  for (const std::string& text : keys) {
    FIREBREAK_ASSIGN(const ledger::VerifierKey key, ledger::parse_vkey(text));
    bool used = false;
    for (auto& [name, place] : {std::pair("stream", &pinned.stream), std::pair("journal", &pinned.journal)}) {
      const Json* own = find_pointer(statement, std::string("/vkeys/") + name);
      if (own == nullptr || !own->is_string()) continue;
      FIREBREAK_ASSIGN(const ledger::VerifierKey said, ledger::parse_vkey(own->get_string()));
      if (said.name != key.name) continue;
      *place = text;
      used = true;
    }
    if (!used) return fail(Code::kInvalid, fmt::format("--key {}: the statement names no such log", key.name));
  }
  return pinned;
}

// Without --archive: the statement's own folder, where `impact --bundle` put both.
Result<std::string> archive_beside(Files& files, const std::string& file, const std::string& archive_dir, const Json& statement) {
  if (!archive_dir.empty()) return archive_dir;
  const std::string beside = parent_of(file);
  archive::Manifest first;
  if (const Json* const one = find_pointer(statement, "/segments/0")) {
    first.segment = static_cast<std::uint64_t>(int_or(*one, "segment"));
    first.generation = static_cast<std::uint64_t>(int_or(*one, "generation"));
  }
  if (exists(files, beside + "/" + first.file_name())) return beside;
  return fail(Code::kInvalid, "--archive says where the stream's archive is: DATA/archive/STREAM, or a copy of it");
}

}  // namespace

int statement_verify(const std::string& file, const std::string& archive_dir, const std::vector<std::string>& keys, bool json) {
  PosixFiles files;
  const auto check = [&]() -> Result<Json> {
    FIREBREAK_ASSIGN(const Bytes text, read_all(files, file));
    FIREBREAK_ASSIGN(Json statement, parse_json(text));
    FIREBREAK_ASSIGN(const archive::Pinned pinned, pinned_for(statement, keys));
    FIREBREAK_ASSIGN(const std::string folder, archive_beside(files, file, archive_dir, statement));
    FIREBREAK_TRY(archive::verify_impact(files, folder, statement, pinned, {}));
    return statement;
  };
  const auto statement = check();
  if (!statement) return report_error(statement.error(), json);
  const bool authentic = keys.size() >= 2;
  const Json& tail = statement->at("tail");
  if (json) {
    std::fputs(pretty_json(JsonObject{{"verdict", authentic ? "authentic" : "consistent"},
                                      {"segments", statement->at("segments").as_array().size()},
                                      {"count", int_or(statement->at("answer"), "count", 0)},
                                      {"tail", tail}})
                   .c_str(),
               stdout);
    return kDone;
  }
  fmt::print("{} segments, records 0 to {}, each as the server's journal named it when it was made\n"
             "counted anew: {}\n"
             "after them: {} records that the answer does not cover\n{}\n",
             statement->at("segments").as_array().size(), int_or(tail, "first", 0), int_or(statement->at("answer"), "count", 0),
             int_or(tail, "end", 0) - int_or(tail, "first", 0),
             authentic ? "authentic" : "consistent (pin the logs' keys with --key to know whose it is)");
  return kDone;
}

}  // namespace firebreak::cli
