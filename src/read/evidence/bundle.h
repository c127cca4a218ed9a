// The evidence of one incident as a folder that anyone can check without Firebreak running.
//
//   MANIFEST.sha256      every other file, for `sha256sum -c MANIFEST.sha256`
//   README.txt           what this is and how to check it
//   custody.json         items, who did what with them and when, the journal indexes that say so
//   items/ev-N.<ext>     the captured bytes
//   texts/<digest>       what people typed about the incident and was not erased
//   ledgers/<log>/       C2SP export of the journal and of each stream that evidence points into (with
//   `vkey`, `origin`) proofs/ev-N.tlog-proof   inclusion of each evidence_captured entry in the journal
//   report.json, report.html when given
//
// docs/formats/evidence-bundle.md has a worked example.
// Limit: the exported logs are held in memory while writing and verifying.
//
// Errors: kNotFound (no such incident, no evidence), kConflict (the folder is not empty), kCorrupt, kIo.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "read/evidence/blob_store.h"

namespace firebreak::evidence {

struct BundleInput {
  std::string incident;
  std::string data_dir;  // DIR of the logs: DIR/logs/<name>
  std::string exported_by;
  Time exported_at;
  std::map<std::string, std::string> extra;  // file name -> content: report.json, report.html
};

// Reads the logs' folders: works beside a running server and on a copied data folder alike. The evidence is
// what the exported journal says about the incident. kBusy when its newest evidence stands under no
// checkpoint yet (≤ 1 s).
Result<void> write_bundle(Files& files, const BlobStore& blobs, const BundleInput& input,
                          const std::string& dir);

struct VerifyReport {
  struct Line {
    bool good = false;
    std::string what;    // "ledgers/journal", "items/ev-17.json"
    std::string detail;  // what was found, or what is wrong
  };
  std::vector<Line> lines;
  bool authentic = false;  // every ledger's key was pinned by the caller
  bool good() const;       // every line is
  Json to_json() const;
  std::string to_text() const;  // one line each, then the verdict
};

// Off-line. `pinned` maps a log's origin to its vkey; without it the verdict says "consistent", with it
// "authentic". Never stops at the first fault. An error only when the folder cannot be read at all.
Result<VerifyReport> verify_bundle(Files& files, const std::string& dir,
                                   const std::map<std::string, std::string>& pinned = {});

}  // namespace firebreak::evidence
