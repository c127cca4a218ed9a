#include "log/record/batch.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "base/limits.h"
#include "log/record/leaf.h"
#include "log/record/line.h"
#include "log/record/record.h"
#include "log/record/row_check.h"
#include "log/record/rows.h"
#include "log/vault/gcm.h"

namespace firebreak::record {
namespace {

constexpr std::size_t kKeysKept = 65'536;  // subjects whose keys an encoder remembers, about 200 octets each
constexpr std::size_t kNonceBaseBytes = 8;

// A record whose body stands in the arena and waits to be hashed and sealed with the others.
struct Staged {
  std::size_t begin = 0, size = 0;
  Digest key;
  std::uint32_t subject = kInClear;
};

struct CachedKey {
  vault::SubjectKey key;
  std::uint64_t round = 0;   // that `number` belongs to
  std::uint32_t number = 0;  // in the batch's key entries
};

// What a record's leaf says, and whose key seals it.
struct Staging {
  Kind kind = Kind::kInference;
  std::uint16_t schema = 0;
  std::uint32_t release = 0;
  Time time;
  std::string_view subject;
};

bool equal(const Release& release, const ReleaseView& view) {
  return release.release == view.release && release.model_digest == view.model_digest &&
         release.model_version == view.model_version && release.model_name == view.model_name;
}

std::size_t line_count(std::string_view ndjson) {
  const auto breaks = static_cast<std::size_t>(std::count(ndjson.begin(), ndjson.end(), '\n'));
  return breaks + (ndjson.empty() || ndjson.back() == '\n' ? 0 : 1);
}

}  // namespace

struct BatchEncoder::Work {
  LineReader reader;
  RowChecks checks;
  Line line;
  Bytes padded;
  Bytes arena;  // bodies of the batch in the clear: salt and row
  std::vector<Staged> staged;
  vault::Gcm gcm;
  std::unordered_map<std::string, CachedKey, StringHash, std::equal_to<>> keys;
  const vault::EpochKeys* keys_of = nullptr;  // the epoch that `keys` belong to
  std::shared_ptr<const vault::EpochKeys> held;
  std::uint64_t round = 0;  // number of the batch

  // Of the batch under way.
  const EncodeContext* context = nullptr;
  EncodedBatch* out = nullptr;
  Bytes salts;
  std::uint32_t release = 0;                // of the line before: lines of a batch rarely differ
  const Release* last_release = nullptr;
  std::map<std::uint32_t, bool> known;      // by release ordinal

  // The ordinal, or 0 with a need noted.
  std::uint32_t release_ordinal(const ReleaseView& view) {
    if (view.empty()) return 0;
    if (last_release != nullptr && equal(*last_release, view)) return release;
    Release wanted{std::string(view.release), std::string(view.model_name), std::string(view.model_version),
                   std::string(view.model_digest)};
    const auto found = context->catalog.ordinals.find(wanted);
    if (found == context->catalog.ordinals.end()) {
      auto& list = out->needs.releases;
      if (std::find(list.begin(), list.end(), wanted) == list.end()) list.push_back(std::move(wanted));
      return 0;
    }
    last_release = &found->first;
    release = found->second;
    return release;
  }

  bool is_known(std::uint32_t ordinal) {
    if (ordinal == 0 || !context->known_model) return true;
    const auto [at, fresh] = known.try_emplace(ordinal, true);
    const std::string& digest = context->catalog.releases[ordinal - 1]->model_digest;
    if (fresh && !digest.empty()) at->second = context->known_model(digest);
    return at->second;
  }

  CachedKey& key_of(std::string_view subject) {
    auto at = keys.find(subject);
    if (at == keys.end()) {
      if (keys.size() >= kKeysKept) keys.clear();
      at = keys.emplace(std::string(subject), CachedKey{keys_of->subject_key(subject), 0, 0}).first;
    }
    CachedKey& found = at->second;
    if (found.round != round) {
      found.round = round;
      found.number = static_cast<std::uint32_t>(out->bodies.key_entries.size() / vault::kKeyEntryBytes);
      out->bodies.key_entries += found.key.entry;
    }
    return found;
  }

  std::uint8_t flags(Time time, std::uint32_t ordinal) {
    std::uint8_t set = 0;
    const std::int64_t ahead = time - context->admitted;
    if (ahead > limits::kFutureSkewUs || ahead < -limits::kPastSkewUs) {
      set |= kTimeOutside;
      ++out->time_outside;
    }
    if (!is_known(ordinal)) {
      set |= kModelUnknown;
      ++out->unknown_model;
    }
    return set;
  }

  // The salt of the next record goes into the arena; its row follows.
  std::size_t begin_body() {
    const std::size_t begin = arena.size();
    arena.append(salts, staged.size() * kSaltBytes, kSaltBytes);
    return begin;
  }

  // The body from `begin` to the arena's end is a record.
  void stage(std::size_t begin, const Staging& record) {
    put_leaf_head(out->leaves, record.kind, flags(record.time, record.release), record.schema, record.release,
                  context->admitted);
    out->leaves.append(kLeafBytes - kLeafHeadBytes, '\0');
    const CachedKey& key = key_of(record.subject);
    staged.push_back({begin, arena.size() - begin, key.key.key, key.number});
  }

  void stage_control(const Json& control) {
    const std::size_t begin = begin_body();
    put_le(arena, std::uint16_t{0});
    arena += canonical_json(control);
    put_leaf_head(out->leaves, Kind::kControl, 0, 0, 0, context->admitted);
    out->leaves.append(kLeafBytes - kLeafHeadBytes, '\0');
    staged.push_back({begin, arena.size() - begin, {}, kInClear});
  }

  // Leaves' commitments two at a time; bodies subject by subject, because setting up a key costs as much as sealing.
  void seal_all() {
    const std::size_t n = staged.size();
    std::vector<ByteView> plain(n);
    std::vector<Digest> digests(n);
    std::vector<std::size_t> to(n);
    std::vector<std::uint32_t> order(n);
    std::size_t octets = 0;
    for (std::size_t i = 0; i < n; ++i) {
      plain[i] = ByteView(arena).substr(staged[i].begin, staged[i].size);
      to[i] = octets;
      order[i] = static_cast<std::uint32_t>(i);
      const std::size_t size = staged[i].size + (staged[i].subject == kInClear ? 0 : vault::Gcm::kTagBytes);
      octets += size;
      out->bodies.lengths.push_back(static_cast<std::uint32_t>(size));
      out->bodies.subjects.push_back(staged[i].subject);
    }
    sha256_each({}, plain, digests);
    for (std::size_t i = 0; i < n; ++i)
      std::memcpy(out->leaves.data() + i * kLeafBytes + kLeafHeadBytes, digests[i].bytes.data(), digests[i].bytes.size());
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return staged[a].subject < staged[b].subject; });
    out->bodies.octets.resize(octets);
    Bytes nonce;
    for (const std::uint32_t i : order) {
      char* const place = out->bodies.octets.data() + to[i];
      if (staged[i].subject == kInClear) {
        std::memcpy(place, plain[i].data(), plain[i].size());
        continue;
      }
      nonce = out->bodies.nonce_base;
      put_le(nonce, i);
      gcm.seal_to(staged[i].key, nonce, ByteView(out->leaves).substr(i * kLeafBytes, kLeafHeadBytes), plain[i], place);
    }
  }

  void take_line() {
    const std::uint32_t ordinal = release_ordinal(line.release);
    out->undeclared_fields += line.undeclared;
    if (!out->needs.empty()) return;
    const std::size_t begin = begin_body();
    encode_row(*line.table->schema, line.cells, line.extra, arena);
    stage(begin, {line.kind, line.table->schema->id, ordinal, line.time, line.subject});
  }

  Result<void> one(std::string_view text) {
    if (text.size() > limits::kRecordBytes)
      return fail(Code::kTooLarge, fmt::format("the record has {} octets, more than {}", text.size(), limits::kRecordBytes));
    if (text.empty()) return fail(Code::kInvalid, "an empty line is no record");
    FIREBREAK_TRY(reader.read(text, line, out->needs));
    if (line.kind == Kind::kControl) {
      stage_control(line.gap);
      out->gaps.push_back(line.gap_range);
    } else {
      take_line();
    }
    return {};
  }

  // A row as a line says it: for what the stream changes before it keeps it, and what only a line's reader checks.
  Result<void> one_by_line(const RowView& row, const RowCheck& check, const RowsBatch& batch) {
    Record record;
    record.kind = check.schema().kind;
    record.schema = check.shared_schema();
    record.row = row.octets;
    if (row.release != 0) record.release = std::make_shared<const Release>(batch.releases[row.release - 1]);
    Bytes text = canonical_json(record.fields());
    const std::size_t size = text.size();
    text.append(LineReader::kPaddingBytes, ' ');
    return one(std::string_view(text).substr(0, size));
  }

  Result<void> one_row(const RowView& row, const RowsBatch& batch) {
    FIREBREAK_ASSIGN(const RowCheck* const check, checks.of(row.octets, context->catalog));
    FIREBREAK_ASSIGN(const RowFacts facts, check->check(row.octets));
    if (!facts.verbatim) return one_by_line(row, *check, batch);
    std::uint32_t ordinal = 0;
    if (row.release != 0) {
      const Release& named = batch.releases[row.release - 1];
      ordinal = release_ordinal({named.release, named.model_name, named.model_version, named.model_digest});
    }
    if (!out->needs.empty()) return {};
    const std::size_t begin = begin_body();
    arena += row.octets;
    stage(begin, {check->schema().kind, check->schema().id, ordinal, facts.time, facts.subject});
    return {};
  }

  void start(std::size_t lines, std::size_t octets) {
    ++round;
    if (held != context->catalog.keys) {
      held = context->catalog.keys;
      keys_of = held.get();
      keys.clear();
    }
    last_release = nullptr;
    known.clear();
    arena.clear();
    staged.clear();
    out->needs.epoch = held == nullptr;
    out->bodies.epoch = held == nullptr ? 0 : context->catalog.epoch;
    out->bodies.nonce_base = context->random.bytes(kNonceBaseBytes);
    salts = context->random.bytes(lines * kSaltBytes);
    out->leaves.reserve(lines * kLeafBytes);
    arena.reserve(octets + lines * kSaltBytes);
  }
};

BatchEncoder::BatchEncoder() : work_(std::make_unique<Work>()) {}
BatchEncoder::~BatchEncoder() = default;

// Runs `each` for every record; the number of one that is refused goes into its error.
template <class Each>
Result<EncodedBatch> BatchEncoder::run(const EncodeContext& context, std::size_t records, std::size_t octets, Each each) {
  EncodedBatch out;
  Work& work = *work_;
  work.context = &context;
  work.out = &out;
  work.start(records, octets);
  const std::function<std::string(std::string_view)> hash = [&](std::string_view value) {
    return "hmac-sha256:" + context.vault.field_hash(context.catalog.config.name, value).hex();
  };
  work.reader.start(context.catalog, hash);
  work.checks.start(context.catalog);
  for (std::size_t number = 0; number < records; ++number) {
    if (Result<void> taken = each(work, number); !taken) {
      taken.error().line = number + 1;
      return fail(std::move(taken.error()));
    }
  }
  if (out.needs.empty()) work.seal_all();
  return out;
}

Result<EncodedBatch> BatchEncoder::encode(std::string_view ndjson, const EncodeContext& context) {
  if (ndjson.size() > limits::kBatchBytes)
    return fail(Code::kTooLarge, fmt::format("the batch has {} octets, more than {}", ndjson.size(), limits::kBatchBytes));
  const std::size_t lines = line_count(ndjson);
  if (lines == 0) return fail(Code::kInvalid, "the batch has no records");
  if (lines > limits::kBatchLines)
    return fail(Code::kTooLarge, fmt::format("the batch has {} lines, more than {}", lines, limits::kBatchLines));
  Bytes& padded = work_->padded;
  padded.assign(ndjson);
  padded.append(LineReader::kPaddingBytes, ' ');
  std::size_t at = 0;
  return run(context, lines, ndjson.size(), [&](Work& work, std::size_t) {
    const std::size_t end = std::min(padded.find('\n', at), ndjson.size());
    const std::string_view text = std::string_view(padded).substr(at, end - at);
    at = end + 1;
    return work.one(text);
  });
}

Result<EncodedBatch> BatchEncoder::encode_rows(ByteView rows, const EncodeContext& context) {
  FIREBREAK_ASSIGN(const RowsBatch batch, parse_rows(rows));
  return run(context, batch.rows.size(), rows.size(),
             [&](Work& work, std::size_t number) { return work.one_row(batch.rows[number], batch); });
}

void add_control(const Json& control, Time admitted, Random& random, Bytes& leaves, Bodies& bodies) {
  Bytes body = random.bytes(kSaltBytes);
  put_le(body, std::uint16_t{0});
  body += canonical_json(control);
  put_leaf_head(leaves, Kind::kControl, 0, 0, 0, admitted);
  leaves += sha256(body).view();
  bodies.add_clear(body);
}

}  // namespace firebreak::record
