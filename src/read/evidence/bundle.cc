#include "read/evidence/bundle.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "base/files.h"
#include "log/ledger/export.h"
#include "log/ledger/verify.h"
#include "read/evidence/bundle_files.h"
#include "read/evidence/bundle_texts.h"
#include "read/evidence/exported_log.h"
#include "read/evidence/range.h"
#include "read/evidence/texts.h"
#include "types/exercise.h"

namespace firebreak::evidence {
namespace {

constexpr int kTries = 20;
constexpr std::chrono::milliseconds kPause(100);

std::string readme(const BundleInput& input, std::size_t items, const std::string& exercise) {
  return (exercise.empty() ? "" : exercise + "\n\n") + fmt::format(R"(Evidence of incident {0}
Exported by {1} at {2}; {3} items.

items/         the captured octets, one file an item; custody.json says what each is and who handled it
ledgers/       the journal and the streams, in the C2SP tlog-tiles layout: each folder has its key in `vkey`
proofs/        for each item, the proof (c2sp.org/tlog-proof@v1) that the journal names it with this digest
custody.json   items and who did what with them; every line names its journal index
texts/         what people typed about the incident; the journal holds "text:" and the SHA-256 of such a file: a salt
               and, from the second line on, the text. Those that were erased are not here

To check without Firebreak:   sha256sum -c MANIFEST.sha256
To check everything:          firebreak evidence verify DIR [--key VKEY]

Without a key that you had before, the check says "consistent": all parts agree with each other. With the
installation's key, kept elsewhere, it says "authentic": the installation has signed exactly this.
)",
                     input.incident, input.exported_by, format_time(input.exported_at), items);
}

class Writer {
 public:
  Writer(Files& files, const BlobStore& blobs, const BundleInput& input, const Path& dir)
      : files_(files), blobs_(blobs), input_(input), dir_(dir) {}

  Result<void> run() {
    FIREBREAK_TRY(check_target());
    FIREBREAK_TRY(export_log(std::string(kJournal)));
    FIREBREAK_ASSIGN(const ExportedLog journal,
                     ExportedLog::read(files_, dir_ + "/ledgers/" + std::string(kJournal)));
    FIREBREAK_ASSIGN(const std::vector<Entry> entries, parse_journal(journal.entries));
    Custody custody = custody_of(entries, input_.incident);
    if (custody.items.empty())
      return fail(Code::kNotFound,
                  fmt::format("the journal names no evidence of '{}' (it may stand under no checkpoint "
                              "yet: try again in a second)",
                              input_.incident));
    const std::size_t count = custody.items.size();
    FIREBREAK_TRY(write_items(custody.items, journal));
    FIREBREAK_TRY(write_texts(texts_of(entries, input_.incident)));
    const std::string exercise = exercise_banner_of(entries.front());
    JsonObject held{{"incident", input_.incident},
                    {"exported_by", input_.exported_by},
                    {"exported_at", format_time(input_.exported_at)},
                    {"items", std::move(custody.items)},
                    {"failures", std::move(custody.failures)}};
    if (!exercise.empty()) held["exercise"] = exercise;
    FIREBREAK_TRY(put("custody.json", pretty_json(held)));
    FIREBREAK_TRY(put("README.txt", readme(input_, count, exercise)));
    for (const auto& [name, content] : input_.extra) FIREBREAK_TRY(put(name, content));
    return write_manifest();
  }

 private:
  Result<void> check_target() {
    FIREBREAK_TRY(files_.make_dir(dir_));
    FIREBREAK_ASSIGN(const std::vector<std::string> names, files_.list(dir_));
    if (!names.empty()) return fail(Code::kConflict, fmt::format("the folder '{}' is not empty", dir_));
    return {};
  }

  // A range that was captured this moment may lie beyond what a running server has signed on the disk: that comes within
  // a second. When it does not, the log is as it is, and the verifier says so.
  Result<void> export_log(const std::string& name, std::uint64_t size = 0) {
    const Path target = dir_ + "/ledgers/" + name;
    FIREBREAK_TRY(files_.make_dir(target));
    for (int tries = 0;; ++tries) {
      const auto exported = ledger::export_tiles(files_, ledger::log_dir_of(input_.data_dir, name), target);
      if (!exported) return fail(Error(exported.error()).with(fmt::format("export log '{}'", name)));
      const auto text = read_all(files_, target + "/checkpoint");
      const auto checkpoint = text ? ledger::parse_checkpoint(*text) : Result<ledger::Checkpoint>(fail(Error(text.error())));
      if (tries == kTries || !checkpoint || checkpoint->size >= size) return {};
      std::this_thread::sleep_for(kPause);
    }
  }

  Result<void> write_items(const JsonArray& items, const ExportedLog& journal) {
    std::map<std::string, std::uint64_t> streams;  // and how much of each must be signed
    for (const Json& item : items) {
      FIREBREAK_ASSIGN(const std::string hex, get_string(item, "digest"));
      FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(hex));
      FIREBREAK_ASSIGN(const Bytes content, blobs_.get(digest));
      FIREBREAK_TRY(put(string_or(item, "file"), content));
      FIREBREAK_ASSIGN(const std::string proof,
                       journal.proof_text(static_cast<std::uint64_t>(int_or(item, "index"))));
      FIREBREAK_TRY(put(fmt::format("proofs/{}.tlog-proof", string_or(item, "id")), proof));
      if (const std::string stream = string_or(item, "stream"); is_name(stream)) {
        const auto range = parse_range(content);
        streams[stream] = std::max(streams[stream], range ? range->tree_size : 0);
      }
    }
    for (const auto& [stream, size] : streams) FIREBREAK_TRY(export_log(stream, size));
    return {};
  }

  // One that is lost is left out: the verifier misses it, as it should.
  Result<void> write_texts(const std::vector<NamedText>& texts) {
    if (texts.empty()) return {};
    FIREBREAK_ASSIGN(const BlobStore kept, BlobStore::open(files_, texts_dir(input_.data_dir)));
    for (const NamedText& text : texts) {
      if (text.erased_by) continue;  // also when a crash has left its file for a moment
      const auto content = kept.get(text.digest);
      if (!content && content.error().code == Code::kNotFound) continue;
      if (!content) return fail(Error(content.error()));
      FIREBREAK_TRY(put(text.path(), *content));
    }
    return {};
  }

  Result<void> write_manifest() {
    FIREBREAK_ASSIGN(const std::vector<std::string> names, walk(files_, dir_));
    std::string manifest;
    for (const std::string& name : names) {
      FIREBREAK_ASSIGN(const Bytes content, read_all(files_, dir_ + "/" + name));
      manifest += manifest_line(sha256(content), name);
    }
    return write_atomic(files_, dir_ + "/" + std::string(kManifest), manifest);
  }

  Result<void> put(const std::string& name, ByteView content) {
    const Path path = dir_ + "/" + name;
    FIREBREAK_TRY(files_.make_dir(parent_of(path)));
    return write_plain(files_, path, content, OpenMode::kWrite);
  }

  Files& files_;
  const BlobStore& blobs_;
  const BundleInput& input_;
  const Path& dir_;
};

}  // namespace

Result<void> write_bundle(Files& files, const BlobStore& blobs, const BundleInput& input,
                          const std::string& dir) {
  for (const auto& [name, content] : input.extra)
    if (name != "report.json" && name != "report.html")
      return fail(Code::kInvalid, fmt::format("a bundle takes no file '{}'", name));
  return Writer(files, blobs, input, dir).run();
}

}  // namespace firebreak::evidence
