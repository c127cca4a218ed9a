#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "log/ledger/cosigned.h"
#include "log/ledger/proof.h"
#include "read/evidence/bundle.h"
#include "read/evidence/bundle_files.h"
#include "read/evidence/bundle_texts.h"
#include "read/evidence/exported_log.h"
#include "read/evidence/range.h"

namespace firebreak::evidence {
namespace {

class Verifier {
 public:
  Verifier(Files& files, const Path& dir, const std::map<std::string, std::string>& pinned)
      : files_(files), dir_(dir), pinned_(pinned) {}

  Result<VerifyReport> run() {
    FIREBREAK_ASSIGN(names_, walk(files_, dir_));
    manifest();
    ledgers();
    custody();
    report_.authentic = report_.good() && !logs_.empty() && pinned_logs_ == logs_.size();
    return std::move(report_);
  }

 private:
  void line(bool good, std::string what, std::string detail) {
    report_.lines.push_back({good, std::move(what), std::move(detail)});
  }
  void bad(std::string what, const Error& error) { line(false, std::move(what), error.message); }

  void manifest() {
    const std::string name(kManifest);
    const Result<Bytes> text = read_all(files_, dir_ + "/" + name);
    if (!text) return bad(name, text.error());
    const Result<std::vector<ManifestEntry>> entries = parse_manifest(*text);
    if (!entries) return bad(name, entries.error());
    std::set<std::string> listed = {name};
    std::size_t wrong = 0;
    for (const ManifestEntry& entry : *entries) {
      listed.insert(entry.path);
      const Result<Bytes> content = read_all(files_, dir_ + "/" + entry.path);
      if (content && sha256(*content) == entry.digest) continue;
      ++wrong;
      line(false, entry.path, content ? "its digest is not the manifest's" : content.error().message);
    }
    for (const std::string& found : names_)
      if (!listed.contains(found)) {
        ++wrong;
        line(false, found, "the manifest does not list it");
      }
    if (wrong == 0) line(true, name, fmt::format("{} files have the listed SHA-256", entries->size()));
  }

  void ledgers() {
    const Result<std::vector<std::string>> names = files_.list(dir_ + "/ledgers");
    if (!names) return bad("ledgers", names.error());
    for (const std::string& folder : *names) {
      if (!folder.ends_with('/')) continue;
      const std::string name = folder.substr(0, folder.size() - 1);
      Result<ExportedLog> log = ExportedLog::read(files_, dir_ + "/ledgers/" + name);
      if (!log) {
        bad("ledgers/" + name, log.error());
        continue;
      }
      check_pin(name, *log);
      line(true, "ledgers/" + name,
           fmt::format("{} entries, tiles and signature agree, root {}", log->entries.size(),
                       log->checkpoint.root.hex()));
      vouched(name, *log);
      logs_.emplace(name, std::move(*log));
    }
  }

  // What witnesses and time-stamping authorities said of the log: each is of a past of this tree.
  void vouched(const std::string& name, const ExportedLog& log) {
    const auto known = ledger::read_vouched(files_, dir_ + "/ledgers/" + name);
    if (!known) return bad("ledgers/" + name, known.error());
    ledger::VerifyReport report;
    ledger::judge_kept(log.key, ledger::past_view(log.tree), {}, *known, report);
    for (const ledger::KeptAnswer& answer : report.kept)
      line(answer.problem.empty(), "ledgers/" + name + "/" + answer.name,
           answer.problem.empty() ? fmt::format("is of the first {} entries", answer.size) : answer.problem);
  }

  void check_pin(const std::string& name, const ExportedLog& log) {
    const auto pin = pinned_.find(log.checkpoint.origin);
    if (pin == pinned_.end()) return;
    const Result<ledger::VerifierKey> key = ledger::parse_vkey(pin->second);
    if (key && *key == log.key) {
      ++pinned_logs_;
    } else {
      line(false, "ledgers/" + name, "it is signed by another key than the pinned one");
    }
  }

  void custody() {
    const auto journal = logs_.find(std::string(kJournal));
    if (journal == logs_.end())
      return line(false, "custody.json", "without a journal nothing vouches for it");
    const Result<Bytes> text = read_all(files_, dir_ + "/custody.json");
    if (!text) return bad("custody.json", text.error());
    const Result<Json> document = parse_json(*text);
    if (!document) return bad("custody.json", document.error());
    const Result<std::vector<Entry>> entries = parse_journal(journal->second.entries);
    if (!entries) return bad("ledgers/journal", entries.error());
    const std::string incident = string_or(*document, "incident");
    // The journal is the authority: the document must be exactly what its entries give.
    const Custody expected = custody_of(*entries, incident);
    const Json* items = find(*document, "items");
    const Json* failures = find(*document, "failures");
    const bool same = items != nullptr && failures != nullptr &&
                      canonical_json(*items) == canonical_json(Json(expected.items)) &&
                      canonical_json(*failures) == canonical_json(Json(expected.failures));
    line(same, "custody.json",
         same ? fmt::format("{} items of {}, as the journal says", expected.items.size(), incident)
              : "it is not what the journal's entries say");
    if (expected.items.empty())
      line(false, "custody.json", fmt::format("the journal names no evidence of '{}'", incident));
    for (const Json& item : expected.items) check_item(item, journal->second);
    texts(texts_of(*entries, incident));
  }

  // What the journal refers to is here as it was typed, unless the journal itself says that it was erased.
  void texts(const std::vector<NamedText>& named) {
    std::size_t right = 0, erased = 0;
    for (const NamedText& text : named) {
      const std::string file = text.path();
      const Result<Bytes> content = read_all(files_, dir_ + "/" + file);
      if (content && sha256(*content) == text.digest) {
        ++right;
      } else if (content) {
        line(false, file, fmt::format("its digest is not the one that journal entry {} refers to", text.named_by));
      } else if (text.erased_by && content.error().code == Code::kNotFound) {
        ++erased;
      } else {
        line(false, file, fmt::format("journal entry {} refers to it, and no entry says that it was erased: {}", text.named_by, content.error().message));
      }
    }
    if (right + erased > 0)
      line(true, "texts", fmt::format("{} have the digest that the journal refers to{}", right,
                                      erased == 0 ? "" : fmt::format("; {} were erased", erased)));
  }

  void check_item(const Json& item, const ExportedLog& journal) {
    const std::string file = string_or(item, "file"), id = string_or(item, "id");
    const auto index = static_cast<std::uint64_t>(int_or(item, "index"));
    const Result<Bytes> content = read_all(files_, dir_ + "/" + file);
    if (!content) return bad(file, content.error());
    const std::string digest = sha256(*content).hex();
    if (digest != string_or(item, "digest"))
      return line(
          false, file,
          fmt::format("digest {}, but journal entry {} names {}", digest, index, string_or(item, "digest")));
    line(true, file, fmt::format("has the digest that journal entry {} names", index));
    check_journal_proof(fmt::format("proofs/{}.tlog-proof", id), index, journal);
    if (string_or(item, "item") == "inferences") check_inferences(file, item, *content);
  }

  void check_journal_proof(const std::string& file, std::uint64_t index, const ExportedLog& journal) {
    const Result<Bytes> text = read_all(files_, dir_ + "/" + file);
    if (!text) return bad(file, text.error());
    const Result<ledger::Proof> proof = ledger::parse_proof(*text);
    if (!proof) return bad(file, proof.error());
    if (proof->index != index)
      return line(false, file, fmt::format("it proves entry {}, not {}", proof->index, index));
    const Result<void> holds = ledger::check_proof(*proof, journal.entries[index], journal.key);
    if (!holds) return bad(file, holds.error());
    if (const Result<void> same = journal.check_checkpoint(proof->checkpoint.text()); !same)
      return bad(file, same.error());
    line(true, file, fmt::format("journal entry {} stands in the signed tree", index));
  }

  void check_inferences(const std::string& file, const Json& item, const Bytes& content) {
    const Result<OpenedRange> range = parse_range(content);
    if (!range) return bad(file, range.error());
    if (const Result<void> holds = check_range(*range); !holds) return bad(file, holds.error());
    const auto stream = logs_.find(range->stream);
    if (stream == logs_.end()) return line(false, file, fmt::format("ledgers/{} is missing", range->stream));
    if (const Result<void> same = stream->second.check_checkpoint(range->checkpoint); !same)
      return bad(file, same.error());
    const Result<ledger::Checkpoint> checkpoint = ledger::parse_checkpoint(range->checkpoint);
    if (!checkpoint || checkpoint->root != range->root || checkpoint->size != range->tree_size)
      return line(false, file, "the head's root and size are not its checkpoint's");
    if (int_or(item, "first") != static_cast<std::int64_t>(range->first) ||
        int_or(item, "last") != static_cast<std::int64_t>(range->last) ||
        string_or(item, "root") != range->root.hex())
      return line(false, file, "it holds another range than the journal names");
    const std::size_t erased = erased_in(*range);
    line(true, file,
         fmt::format("records {} to {} open their leaves in the signed tree of '{}'{}", range->first, range->last,
                     range->stream, erased == 0 ? "" : fmt::format("; {} were erased and have their leaf alone", erased)));
  }

  Files& files_;
  const Path& dir_;
  const std::map<std::string, std::string>& pinned_;
  std::vector<std::string> names_;
  std::map<std::string, ExportedLog> logs_;
  std::size_t pinned_logs_ = 0;
  VerifyReport report_;
};

std::string_view verdict(const VerifyReport& report) {
  if (!report.good()) return "damaged";
  return report.authentic ? "authentic" : "consistent";
}

}  // namespace

bool VerifyReport::good() const {
  return !lines.empty() &&
         std::all_of(lines.begin(), lines.end(), [](const Line& line) { return line.good; });
}

Json VerifyReport::to_json() const {
  JsonArray checks;
  for (const Line& line : lines)
    checks.push_back(JsonObject{{"good", line.good}, {"what", line.what}, {"detail", line.detail}});
  return JsonObject{{"verdict", verdict(*this)}, {"checks", std::move(checks)}};
}

std::string VerifyReport::to_text() const {
  std::string text;
  for (const Line& line : lines)
    text += fmt::format("{} {}: {}\n", line.good ? "ok  " : "FAIL", line.what, line.detail);
  return text + fmt::format("{}\n", verdict(*this));
}

Result<VerifyReport> verify_bundle(Files& files, const std::string& dir,
                                   const std::map<std::string, std::string>& pinned) {
  return Verifier(files, dir, pinned).run();
}

}  // namespace firebreak::evidence
