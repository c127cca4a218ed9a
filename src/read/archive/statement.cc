#include "read/archive/statement.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "log/ledger/note.h"
#include "log/ledger/proof.h"
#include "log/ledger/tree.h"
#include "types/entry.h"

namespace firebreak::archive {
namespace {

constexpr const char* kStatement = "firebreak-impact 1";

Result<ledger::VerifierKey> key_of(const Json& statement, const char* name, const std::string& pinned) {
  const Json* vkeys = find(statement, "vkeys");
  const std::string own = vkeys == nullptr ? std::string() : string_or(*vkeys, name);
  return ledger::parse_vkey(pinned.empty() ? own : pinned);
}

// The journal's server said, when the part was made, that its manifest has this digest.
Result<void> check_journaled(const Json& segment, const std::string& digest, const ledger::VerifierKey& journal) {
  const std::string place = fmt::format("segment {}: ", int_or(segment, "segment"));
  const std::string text = string_or(segment, "journal_entry");
  FIREBREAK_ASSIGN(const ledger::Proof proof, ledger::parse_proof(string_or(segment, "journal_proof")));
  if (const auto holds = ledger::check_proof(proof, text, journal); !holds)
    return fail(Code::kCorrupt, place + "the proof of its journal entry does not hold: " + holds.error().message);
  FIREBREAK_ASSIGN(const Entry entry, parse_entry(proof.index, text));
  if (entry.kind != "segment_archived" || string_or(entry.body, "manifest_sha256") != digest)
    return fail(Code::kCorrupt, place + "its journal entry is about something else");
  return {};
}

Result<Manifest> manifest_of(Files& files, const std::string& folder, const Json& segment, const ledger::VerifierKey& journal) {
  Manifest named;
  named.segment = static_cast<std::uint64_t>(int_or(segment, "segment"));
  named.generation = static_cast<std::uint64_t>(int_or(segment, "generation"));
  const auto text = read_all(files, folder + "/" + named.file_name());
  if (!text)
    return fail(Code::kCorrupt, fmt::format("segment {} generation {} is not in {}: a later generation replaced it, or it was "
                                            "taken away; a statement goes with a copy of the archive made at the same time", named.segment, named.generation, folder));
  const std::string digest = sha256(*text).hex();
  if (digest != string_or(segment, "manifest_sha256"))
    return fail(Code::kCorrupt, fmt::format("{}/{} is not the manifest that the statement names", folder, named.file_name()));
  FIREBREAK_TRY(check_journaled(segment, digest, journal));
  FIREBREAK_ASSIGN(const Json document, parse_json(*text));
  FIREBREAK_ASSIGN(Manifest manifest, manifest_from_json(document));
  FIREBREAK_TRY(check_files(files, folder, manifest));
  return manifest;
}

// The archive's last root is one of the log that the checkpoint signs.
Result<void> check_root(const Json& statement, const Manifest& last, const ledger::Checkpoint& checkpoint) {
  ledger::Hashes path;
  for (const std::string& text : strings_or_empty(statement, "consistency")) {
    FIREBREAK_ASSIGN(const Digest hash, Digest::from_hex(text));
    path.push_back(hash);
  }
  FIREBREAK_ASSIGN(const Digest root, Digest::from_hex(last.tree_root));
  if (!ledger::verify_consistency(last.end, root, checkpoint.size, checkpoint.root, path))
    return fail(Code::kCorrupt, "the archive was made of another log than the one the checkpoint signs");
  return {};
}

}  // namespace

std::string manifest_digest(const Manifest& manifest) { return sha256(pretty_json(to_json(manifest))).hex(); }

Result<Json> prove_impact(Files& files, const std::string& folder, const ledger::Log& log, const Json& vkeys,
                          const std::vector<Manifest>& manifests, const Question& q, const Impact& impact,
                          const JournaledBy& journaled) {
  JsonArray segments, consistency;
  for (const Manifest& manifest : manifests) {
    FIREBREAK_TRY(check_files(files, folder, manifest));
    const std::string digest = manifest_digest(manifest);
    FIREBREAK_ASSIGN(const Journaled said, journaled(digest));
    segments.push_back(JsonObject{{"segment", manifest.segment},
                                  {"generation", manifest.generation},
                                  {"first", manifest.first},
                                  {"end", manifest.end},
                                  {"manifest_sha256", digest},
                                  {"journal_entry", said.entry},
                                  {"journal_proof", said.proof}});
  }
  const ledger::Checkpoint checkpoint = log.checkpoint();
  if (!manifests.empty()) {
    FIREBREAK_ASSIGN(const ledger::Hashes path, log.consistency_proof(manifests.back().end, checkpoint.size));
    for (const Digest& hash : path) consistency.emplace_back(hash.hex());
  }
  return Json(JsonObject{{"format", kStatement},
                         {"answer", to_json(q, impact)},
                         {"checkpoint", checkpoint.text()},
                         {"vkeys", vkeys},
                         {"segments", std::move(segments)},
                         {"consistency", std::move(consistency)},
                         {"tail", JsonObject{{"first", impact.covered_end}, {"end", checkpoint.size}}}});
}

Result<void> verify_impact(Files& files, const std::string& folder, const Json& statement, const Pinned& pinned,
                           const Engine& engine) {
  if (string_or(statement, "format") != kStatement) return fail(Code::kInvalid, "this is no completeness statement of Firebreak");
  FIREBREAK_ASSIGN(const ledger::VerifierKey key, key_of(statement, "stream", pinned.stream));
  FIREBREAK_ASSIGN(const ledger::VerifierKey journal, key_of(statement, "journal", pinned.journal));
  FIREBREAK_ASSIGN(const std::string note, get_string(statement, "checkpoint"));
  FIREBREAK_ASSIGN(const ledger::Checkpoint checkpoint, ledger::parse_checkpoint(note));
  if (auto signature = ledger::check_checkpoint(checkpoint, key); !signature)
    return fail(std::move(signature.error()).with("the statement's checkpoint"));
  const Json* answer = find(statement, "answer");
  const Json* asked = answer == nullptr ? nullptr : find(*answer, "question");
  const Json* segments = find(statement, "segments");
  const Json* tail = find(statement, "tail");
  if (asked == nullptr || segments == nullptr || !segments->is_array() || tail == nullptr)
    return fail(Code::kInvalid, "the statement is not whole");
  FIREBREAK_ASSIGN(const Question q, question_from_json(*asked));
  std::vector<Manifest> manifests;
  std::uint64_t next = 0;
  for (const Json& one : segments->as_array()) {
    FIREBREAK_ASSIGN(Manifest manifest, manifest_of(files, folder, one, journal));
    if (manifest.stream != q.stream) return fail(Code::kCorrupt, fmt::format("segment {} is of another stream", manifest.segment));
    // The statement's own words about the range say nothing that is used, and must not say something else.
    if (static_cast<std::uint64_t>(int_or(one, "first", -1)) != manifest.first || static_cast<std::uint64_t>(int_or(one, "end", -1)) != manifest.end)
      return fail(Code::kCorrupt, fmt::format("segment {} holds records {} to {}, the statement says others", manifest.segment, manifest.first, manifest.end));
    if (manifest.first != next)
      return fail(Code::kCorrupt, fmt::format("records {} to {} are missing: the statement leaves out a segment", next, manifest.first));
    next = manifest.end;
    manifests.push_back(std::move(manifest));
  }
  if (static_cast<std::uint64_t>(int_or(*tail, "first", -1)) != next ||
      static_cast<std::uint64_t>(int_or(*tail, "end", -1)) != checkpoint.size)
    return fail(Code::kCorrupt, fmt::format("segments and tail do not reach from record 0 to the checkpoint's {}: something was cut off", checkpoint.size));
  if (!manifests.empty()) FIREBREAK_TRY(check_root(statement, manifests.back(), checkpoint));
  FIREBREAK_ASSIGN(const Impact again, impact(files, folder, manifests, q, engine));
  if (canonical_json(to_json(q, again)) != canonical_json(*answer))
    return fail(Code::kCorrupt, "the archive gives another answer than the statement");
  return {};
}

}  // namespace firebreak::archive
