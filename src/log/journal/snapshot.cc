#include "log/journal/snapshot.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::journal {
namespace {

constexpr int kFileVersion = 1;
constexpr std::size_t kKept = 2;
constexpr std::size_t kDepth = 2 * limits::kDocumentDepth;  // documents of entries stand inside the folds' states
constexpr std::string_view kPrefix = "snapshot-";
constexpr std::string_view kSuffix = ".json";

Result<void> restore_file(const ledger::Log& log, ByteView octets, Machine& machine) {
  FIREBREAK_ASSIGN(const Json document, parse_json(octets, kDepth));
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(document, "version"));
  if (version != kFileVersion) return fail(Code::kInvalid, fmt::format("version {} is not {}", version, kFileVersion));
  FIREBREAK_ASSIGN(const std::string origin, get_string(document, "log"));
  if (origin != log.origin()) return fail(Code::kInvalid, fmt::format("it is of the log '{}'", origin));
  FIREBREAK_ASSIGN(const std::int64_t index, get_int(document, "index"));
  const auto size = static_cast<std::uint64_t>(index);
  if (index <= 0 || size > log.size())
    return fail(Code::kInvalid, fmt::format("it is at {}, the log has {} entries", index, log.size()));
  FIREBREAK_ASSIGN(const std::string leaf, get_string(document, "leaf"));
  FIREBREAK_ASSIGN(const Digest expected, log.leaf_at(size - 1));
  if (leaf != expected.hex()) return fail(Code::kInvalid, "its last entry is not the log's");
  const Json* schemas = find(document, "schemas");
  if (schemas == nullptr || canonical_json(*schemas) != canonical_json(machine.schemas()))
    return fail(Code::kInvalid, "the folds' schema versions differ");
  const Json* state = find(document, "state");
  if (state == nullptr) return fail(Code::kInvalid, "it has no state");
  FIREBREAK_ASSIGN(const std::string digest, get_string(document, "digest"));
  if (digest != sha256(canonical_json(*state)).hex()) return fail(Code::kInvalid, "the digest is not the state's");
  return machine.restore(*state, size);
}

}  // namespace

Result<void> Snapshots::prepare() { return files_.make_dir(dir_); }

std::vector<std::string> Snapshots::names() const {
  std::vector<std::string> found;
  auto all = files_.list(dir_);
  if (!all) return found;
  for (const std::string& name : *all)
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) found.push_back(name);
  std::sort(found.rbegin(), found.rend());
  return found;
}

std::vector<std::string> Snapshots::load(const ledger::Log& log, Machine& machine) const {
  std::vector<std::string> discarded;
  for (const std::string& name : names()) {
    Machine candidate = machine.fresh();
    auto octets = read_all(files_, dir_ + "/" + name);
    auto restored = octets ? restore_file(log, *octets, candidate) : fail(std::move(octets.error()));
    if (restored) {
      machine = std::move(candidate);
      return discarded;
    }
    discarded.push_back(fmt::format("{}: {}", name, restored.error().message));
  }
  return discarded;
}

Result<void> Snapshots::save(const std::string& origin, const Digest& last_leaf, std::uint64_t index, Json schemas,
                             Json state, bool alone) {
  const std::string digest = sha256(canonical_json(state)).hex();
  const Json document = JsonObject{{"version", kFileVersion}, {"log", origin},
                                   {"index", index},          {"leaf", last_leaf.hex()},
                                   {"schemas", std::move(schemas)}, {"digest", digest},
                                   {"state", std::move(state)}};
  // Zero-padded, so that the order of names is the order of indexes.
  const std::string name = fmt::format("{}{:020}{}", kPrefix, index, kSuffix);
  FIREBREAK_TRY(write_atomic(files_, dir_ + "/" + name, canonical_json(document)));
  const std::vector<std::string> kept = names();
  for (std::size_t i = alone ? 0 : kKept; i < kept.size(); ++i) {
    if (kept[i] == name) continue;
    if (alone) {
      if (auto file = files_.open(dir_ + "/" + kept[i], OpenMode::kWrite)) overwrite(**file);
    }
    FIREBREAK_TRY(files_.remove(dir_ + "/" + kept[i]));
  }
  return {};
}

}  // namespace firebreak::journal
