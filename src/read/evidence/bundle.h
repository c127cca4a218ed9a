// The evidence of one incident as a folder that anyone can check without Firebreak running.
//
//   MANIFEST.sha256      every other file, for `sha256sum -c MANIFEST.sha256`
//   README.txt           what this is and how to check it
//   custody.json         items, who did what with them and when, the journal indexes that say so
//   items/ev-N.<ext>     the captured bytes
//   ledgers/<log>/       C2SP export of the journal and of each stream (with `vkey` and `origin`)
//   proofs/ev-N.tlog-proof   inclusion of each evidence_captured entry in the journal
//   report.json, report.html when given
//
// docs/formats/evidence-bundle.md has a worked example.
//
// Errors: kNotFound (no such incident, no evidence), kConflict (the folder is not empty), kCorrupt, kIo.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "read/evidence/blob_store.h"
#include "types/entry.h"

namespace firebreak::evidence {

struct BundleInput {
  std::string incident;
  std::vector<Entry> entries;  // evidence_captured, evidence_failed and evidence_custody of this incident
  std::string exported_by;
  Time exported_at;
  std::map<std::string, std::string> extra;  // file name -> content: report.json, report.html
};

// How the bundle reaches the logs; the caller binds these to the ledger room.
struct BundleLogs {
  // Writes the C2SP export of `log` into `dir`.
  std::function<Result<void>(const std::string& log, const std::string& dir)> export_log;
  // The tlog-proof text of the journal's entry `index`, against the checkpoint that export_log wrote.
  std::function<Result<std::string>(std::uint64_t index)> prove_journal;
  std::string journal = "journal";
  std::vector<std::string> streams;  // those that evidence points into
};

Result<void> write_bundle(Files& files, const BlobStore& blobs, const BundleLogs& logs, const BundleInput& input,
                          const std::string& dir);

struct VerifyReport {
  struct Line {
    bool good = false;
    std::string what;  // "items/ev-17.json: digest", "ledgers/journal: tree of 1,204 entries"
    std::string detail;
  };
  std::vector<Line> lines;
  bool authentic = false;  // every ledger's key was pinned by the caller
  bool good() const;
  Json to_json() const;
  std::string to_text() const;  // one line each, then the verdict
};

// Off-line. `pinned` maps a log's origin to its vkey; without it the verdict says "consistent", with it "authentic".
// Never stops at the first fault. An error only when the folder cannot be read at all.
Result<VerifyReport> verify_bundle(Files& files, const std::string& dir,
                                   const std::map<std::string, std::string>& pinned = {});

}  // namespace firebreak::evidence
