#include "log/record/batch.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "base/limits.h"
#include "log/record/leaf.h"
#include "log/record/line.h"
#include "log/record/record.h"
#include "log/vault/gcm.h"

namespace firebreak::record {
namespace {

constexpr std::size_t kKeysKept = 65'536;  // subjects whose keys an encoder remembers, about 200 octets each
constexpr std::size_t kNonceBaseBytes = 8;

struct CachedKey {
  vault::SubjectKey key;
  std::uint64_t batch = 0;   // that `number` belongs to
  std::uint32_t number = 0;  // in the batch's key entries
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
  Line line;
  Bytes padded;
  Bytes plain;
  vault::Gcm gcm;
  std::unordered_map<std::string, CachedKey, StringHash, std::equal_to<>> keys;
  const vault::EpochKeys* keys_of = nullptr;  // the epoch that `keys` belong to
  std::shared_ptr<const vault::EpochKeys> held;
  std::uint64_t batch = 0;

  // Of the batch under way.
  const EncodeContext* context = nullptr;
  EncodedBatch* out = nullptr;
  Bytes salts;
  std::uint32_t release = 0;                // of the line before: lines of a batch rarely differ
  const Release* last_release = nullptr;
  std::map<std::uint32_t, bool> known;      // by release ordinal

  // The ordinal, or 0 with a need noted.
  std::uint32_t release_ordinal() {
    const ReleaseView& view = line.release;
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
    if (found.batch != batch) {
      found.batch = batch;
      found.number = static_cast<std::uint32_t>(out->bodies.key_entries.size() / vault::kKeyEntryBytes);
      out->bodies.key_entries += found.key.entry;
    }
    return found;
  }

  std::uint8_t flags(std::uint32_t ordinal) {
    std::uint8_t set = 0;
    const std::int64_t ahead = line.time - context->admitted;
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

  void seal(std::uint32_t number) {
    const std::uint32_t ordinal = release_ordinal();
    out->undeclared_fields += line.undeclared;
    if (!out->needs.empty()) return;
    plain.assign(salts, number * kSaltBytes, kSaltBytes);
    encode_row(*line.table->schema, line.cells, line.extra, plain);
    const std::size_t leaf = out->leaves.size();
    put_leaf_head(out->leaves, line.kind, flags(ordinal), line.table->schema->id, ordinal, context->admitted);
    out->leaves += sha256(plain).view();
    const CachedKey& key = key_of(line.subject);
    Bytes nonce = out->bodies.nonce_base;
    put_le(nonce, number);
    const std::size_t before = out->bodies.octets.size();
    gcm.seal(key.key.key, nonce, ByteView(out->leaves).substr(leaf, kLeafHeadBytes), plain, out->bodies.octets);
    out->bodies.lengths.push_back(static_cast<std::uint32_t>(out->bodies.octets.size() - before));
    out->bodies.subjects.push_back(key.number);
  }

  Result<void> one(std::string_view text, std::uint32_t number) {
    if (text.size() > limits::kRecordBytes)
      return fail(Code::kTooLarge, fmt::format("the record has {} octets, more than {}", text.size(), limits::kRecordBytes));
    if (text.empty()) return fail(Code::kInvalid, "an empty line is no record");
    FIREBREAK_TRY(reader.read(text, line, out->needs));
    if (line.kind == Kind::kControl) {
      add_control(line.gap, context->admitted, context->random, out->leaves, out->bodies);
      out->gaps.push_back(line.gap_range);
    } else {
      seal(number);
    }
    return {};
  }

  void start(std::string_view ndjson, std::size_t lines) {
    padded.assign(ndjson);
    padded.append(LineReader::kPaddingBytes, ' ');
    ++batch;
    if (held != context->catalog.keys) {
      held = context->catalog.keys;
      keys_of = held.get();
      keys.clear();
    }
    last_release = nullptr;
    known.clear();
    out->needs.epoch = held == nullptr;
    out->bodies.epoch = held == nullptr ? 0 : context->catalog.epoch;
    out->bodies.nonce_base = context->random.bytes(kNonceBaseBytes);
    salts = context->random.bytes(lines * kSaltBytes);
    out->leaves.reserve(lines * kLeafBytes);
    out->bodies.octets.reserve(ndjson.size());
  }
};

BatchEncoder::BatchEncoder() : work_(std::make_unique<Work>()) {}
BatchEncoder::~BatchEncoder() = default;

Result<EncodedBatch> BatchEncoder::encode(std::string_view ndjson, const EncodeContext& context) {
  if (ndjson.size() > limits::kBatchBytes)
    return fail(Code::kTooLarge, fmt::format("the batch has {} octets, more than {}", ndjson.size(), limits::kBatchBytes));
  const std::size_t lines = line_count(ndjson);
  if (lines == 0) return fail(Code::kInvalid, "the batch has no records");
  if (lines > limits::kBatchLines)
    return fail(Code::kTooLarge, fmt::format("the batch has {} lines, more than {}", lines, limits::kBatchLines));
  EncodedBatch out;
  Work& work = *work_;
  work.context = &context;
  work.out = &out;
  work.start(ndjson, lines);
  const std::function<std::string(std::string_view)> hash = [&](std::string_view value) {
    return "hmac-sha256:" + context.vault.field_hash(context.catalog.config.name, value).hex();
  };
  work.reader.start(context.catalog, hash);
  std::size_t at = 0;
  for (std::uint32_t number = 0; number < lines; ++number) {
    const std::size_t end = std::min(work.padded.find('\n', at), ndjson.size());
    if (auto r = work.one(std::string_view(work.padded).substr(at, end - at), number); !r) {
      r.error().line = number + 1;
      return fail(std::move(r.error()));
    }
    at = end + 1;
  }
  return out;
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
