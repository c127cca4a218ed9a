#include "run/offsite/restorer.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/clock.h"
#include "log/ledger/folder.h"
#include "log/ledger/timestamp.h"
#include "log/ledger/segment.h"
#include "log/record/payload.h"
#include "log/record/record.h"
#include "log/vault/vault.h"
#include "run/offsite/bucket_layout.h"
#include "run/offsite/key_backup.h"

namespace firebreak::offsite {
namespace {

using store::ObjectVersion;

struct StoredLog {
  std::optional<ObjectVersion> vkey;
  std::map<std::uint64_t, std::map<std::uint64_t, ObjectVersion>> pieces;  // by segment, by offset
  std::map<std::uint64_t, ObjectVersion> checkpoints;                      // by size
  std::map<std::string, std::vector<std::pair<Named, ObjectVersion>>> vouched;  // by path, sizes ascending
};

struct Stored {
  std::optional<ObjectVersion> layout;
  std::map<std::string, StoredLog> logs;
  std::map<std::string, ObjectVersion> blobs;
};

Result<Stored> look(store::ObjectStore& store) {
  FIREBREAK_ASSIGN(const auto all, store.versions(""));
  Stored out;
  for (const ObjectVersion& one : all) {  // of one key the newest first: the oldest is what stays
    if (one.deletion) continue;
    if (one.key == kLayoutKey) out.layout = one;
    const auto named = parse_key(one.key);
    if (!named) continue;
    if (named->kind == Named::kBlob) out.blobs[named->log] = one;
    else if (named->kind == Named::kVkey) out.logs[named->log].vkey = one;
    else if (named->kind == Named::kCheckpoint) out.logs[named->log].checkpoints[named->number] = one;
    else if (named->kind == Named::kVouched) {
      auto& said = out.logs[named->log].vouched[named->path];
      if (!said.empty() && said.back().second.key == one.key) said.pop_back();
      said.emplace_back(*named, one);
    }
    else out.logs[named->log].pieces[named->segment][named->number] = one;
  }
  if (!out.layout)
    return fail(Code::kNotFound, fmt::format("there is no copy of a Firebreak installation in {}/{}/{}: compare url, bucket and prefix", store.place().url,
                                             store.place().bucket, store.place().prefix));
  FIREBREAK_ASSIGN(const Bytes layout, store.get(kLayoutKey, out.layout->version));
  if (layout != kLayoutText) return fail(Code::kInvalid, fmt::format("the copy is of another format ('{}'): use the version that wrote it", layout.substr(0, 32)));
  return out;
}

class Restorer {
 public:
  Restorer(Files& files, store::ObjectStore& store, std::string out_dir) : files_(files), store_(store), out_dir_(std::move(out_dir)) {}

  Result<void> log(const std::string& name, const StoredLog& stored) {
    const Path dir = ledger::log_dir_of(out_dir_, name);
    FIREBREAK_TRY(files_.make_dir(dir));
    if (!stored.vkey) return miss(fmt::format("log {}: the bucket has no vkey of it", name));
    FIREBREAK_TRY(file(*stored.vkey, dir + "/vkey"));
    std::uint64_t next = 1;
    for (const auto& [number, pieces] : stored.pieces) {
      if (number != next) {
        beyond_.push_back(fmt::format("log {}: segments {} to {}, before {}", name, ledger::segment_name(next), ledger::segment_name(number - 1), pieces.begin()->second.key));
        break;  // what lies behind a gap cannot be read as a log
      }
      ++next;
      FIREBREAK_TRY(segment(name, dir + "/" + ledger::segment_name(number), pieces));
    }
    if (stored.checkpoints.empty()) {
      miss(fmt::format("log {}: the bucket has no checkpoint of it", name));
    } else {
      FIREBREAK_TRY(checkpoint(name, stored, dir));
    }
    for (const auto& [path, candidates] : stored.vouched) FIREBREAK_TRY(vouched(name, path, candidates));
    FIREBREAK_TRY(verify(name, dir));
    settle(name);
    return {};
  }

  Result<void> blob(const std::string& hex, const ObjectVersion& version) {
    auto content = store_.get(version.key, version.version);
    if (content && sha256(*content).hex() != hex) content = fail(Code::kCorrupt, fmt::format("{}: its digest is {}", version.key, sha256(*content).hex()));
    if (!content) return lost(version.key, std::move(content.error()));
    const Path dir = fmt::format("{}/blobs/{}", out_dir_, hex.substr(0, 2));
    FIREBREAK_TRY(files_.make_dir(dir));
    FIREBREAK_TRY(write_atomic(files_, dir + "/" + hex, *content));
    ++done.blobs;
    done.octets += content->size();
    return {};
  }

  Restored done;

 private:
  Result<void> miss(std::string what) {
    done.missing.push_back(std::move(what));
    return {};
  }

  // An object that cannot be had, while the store can.
  Result<void> lost(const std::string& key, Error error) {
    if (error.code == Code::kNotFound || error.code == Code::kCorrupt || error.code == Code::kForbidden) return miss(fmt::format("{}: {}", key, error.message));
    return fail(std::move(error));
  }

  Result<void> file(const ObjectVersion& version, const Path& path) {
    auto content = store_.get(version.key, version.version);
    if (!content) return lost(version.key, std::move(content.error()));
    done.octets += content->size();
    return write_atomic(files_, path, *content, OpenMode::kWritePublic);
  }

  // A hole with an object behind it is a loss, unless the log is whole as far as its newest checkpoint goes: pieces of ours leave none,
  // so somebody else put that object there.
  void settle(const std::string& name) {
    const bool whole = newest_ > 0 && !done.logs.empty() && done.logs.back().name == name && ledger::is_good(done.logs.back().report.verdict) &&
                       done.logs.back().report.checkpoint_size == newest_;
    for (std::string& one : beyond_) (whole ? done.foreign : done.missing).push_back(std::move(one));
    beyond_.clear();
    newest_ = 0;
  }

  // The newest that holds, of one path: of a checkpoint that the log's key signed, or a time stamp. Whose cosignatures they are is
  // judged by who knows the witness ('ledger verify --witness').
  Result<void> vouched(const std::string& log, const std::string& path, const std::vector<std::pair<Named, ObjectVersion>>& candidates) {
    const Path dir = ledger::log_dir_of(out_dir_, log);
    FIREBREAK_ASSIGN(const auto key, key_of(log, dir));
    for (auto at = candidates.rbegin(); at != candidates.rend(); ++at) {
      const auto& [named, version] = *at;
      auto content = store_.get(version.key, version.version);
      if (!content) {
        FIREBREAK_TRY(lost(version.key, std::move(content.error())));
        continue;
      }
      const auto said = path.ends_with(".tsr") ? Result<ledger::Checkpoint>(ledger::Checkpoint()) : ledger::parse_checkpoint(*content);
      const bool holds = sha256(*content).hex() == named.hex &&
                         (path.ends_with(".tsr") ? ledger::read_timestamp(*content).has_value()
                                                 : said && said->size == named.number && (!key || ledger::check_checkpoint(*said, *key)));
      if (!holds) {
        done.foreign.push_back(fmt::format("log {}: {} does not vouch for it", log, version.key));
        continue;
      }
      done.octets += content->size();
      FIREBREAK_TRY(files_.make_dir(parent_of(dir + "/" + path)));
      return write_atomic(files_, dir + "/" + path, *content, OpenMode::kWritePublic);
    }
    return {};
  }

  // The log's own key, as far as it is known: of the backup, else of the bucket.
  Result<std::optional<ledger::VerifierKey>> key_of(const std::string& log, const Path& dir) {
    if (const auto own = read_all(files_, ledger::key_path_of(out_dir_, log))) {
      FIREBREAK_ASSIGN(const auto signing, ledger::SigningKey::parse(*own));
      return std::optional(signing.verifier());
    }
    auto text = read_all(files_, dir + "/vkey");
    if (!text) return std::optional<ledger::VerifierKey>();
    while (text->ends_with('\n')) text->pop_back();
    const auto parsed = ledger::parse_vkey(*text);
    return parsed ? std::optional(*parsed) : std::nullopt;
  }

  // The newest that the log's key signed: anybody who may write to the bucket can name one of any size.
  Result<void> checkpoint(const std::string& log, const StoredLog& stored, const Path& dir) {
    FIREBREAK_ASSIGN(const auto key, key_of(log, dir));
    for (auto at = stored.checkpoints.rbegin(); at != stored.checkpoints.rend(); ++at) {
      auto note = store_.get(at->second.key, at->second.version);
      if (!note) {
        FIREBREAK_TRY(lost(at->second.key, std::move(note.error())));
        continue;
      }
      const auto parsed = ledger::parse_checkpoint(*note);
      if (!parsed || parsed->size != at->first || (key && !ledger::check_checkpoint(*parsed, *key))) {
        done.foreign.push_back(fmt::format("log {}: {} is no checkpoint of it", log, at->second.key));
        continue;
      }
      newest_ = parsed->size;
      done.octets += note->size();
      return write_atomic(files_, dir + "/checkpoint", *note, OpenMode::kWritePublic);
    }
    return miss(fmt::format("log {}: the bucket has no checkpoint of it that holds", log));
  }

  Result<void> segment(const std::string& log, const Path& path, const std::map<std::uint64_t, ObjectVersion>& pieces) {
    FIREBREAK_ASSIGN(const auto out, files_.open(path, OpenMode::kWrite));
    std::uint64_t end = 0;
    for (const auto& [offset, version] : pieces) {
      if (offset > end) {
        beyond_.push_back(fmt::format("log {}: octets {} to {} of {}, before {}", log, end, offset, path.substr(path.rfind('/') + 1), version.key));
        break;  // what lies behind a hole cannot be read as a log
      }
      if (offset < end) {  // pieces of ours follow one another: somebody else put it within one of them
        done.foreign.push_back(fmt::format("log {}: {} begins where no piece ends", log, version.key));
        continue;
      }
      auto content = store_.get(version.key, version.version);
      if (!content) {
        FIREBREAK_TRY(lost(version.key, std::move(content.error())));
        break;
      }
      FIREBREAK_TRY(out->write_at(end, *content));
      end += content->size();
      done.octets += content->size();
    }
    FIREBREAK_TRY(out->sync());
    return files_.sync_dir(parent_of(path));
  }

  Result<void> verify(const std::string& name, const Path& dir) {
    RestoredLog restored;
    restored.name = name;
    std::optional<std::string> pinned;
    if (const auto text = read_all(files_, ledger::key_path_of(out_dir_, name))) {
      FIREBREAK_ASSIGN(const auto key, ledger::SigningKey::parse(*text));
      pinned = key.verifier().text();
      restored.has_key = true;
    }
    auto report = ledger::verify(files_, dir, pinned);
    if (!report) return miss(fmt::format("log {}: {}", name, report.error().message));
    restored.report = std::move(*report);
    const bool keyed = restored.has_key;
    done.logs.push_back(std::move(restored));
    return keyed && name != "journal" ? seeds(name, dir) : Result<void>();
  }

  // A server makes a new key epoch at each start: a backup from before has not its seed.
  Result<void> seeds(const std::string& name, const Path& dir) {
    std::map<std::uint32_t, std::uint64_t> records;  // by epoch
    std::set<std::uint32_t> expired;                 // past their retention: their seeds are gone for good
    const auto count = [&](const ledger::Folder&, const ledger::ScannedFrame& frame) {
      const auto payload = record::decode_payload(frame.body.payload, frame.header.count);
      if (!payload) return;
      if (payload->epoch != 0) records[payload->epoch] += frame.header.count;
      for (const record::Payload::Body& body : payload->bodies)
        if (body.subject == record::kInClear) note_expired(body.octets, expired);
    };
    FIREBREAK_TRY(ledger::read_folder(files_, dir, count));
    for (const auto& [epoch, many] : records)
      if (!expired.contains(epoch) && !exists(files_, vault::seed_path_of(out_dir_, name, epoch)))
        miss(fmt::format("log {}: the key of epoch {}: {} records cannot be read. The key backup is older than that epoch; look for a newer one", name, epoch, many));
    return {};
  }

  // A control record `expired` (docs/formats/record.md): epochs of which nothing was kept.
  static void note_expired(ByteView body, std::set<std::uint32_t>& expired) {
    constexpr std::size_t kJson = record::kSaltBytes + 2;  // behind salt and schema id
    if (body.size() <= kJson || body.find("\"expired\"", kJson) == ByteView::npos) return;
    const auto control = parse_json(body.substr(kJson));
    if (!control || string_or(*control, "control") != "expired") return;
    const Json* const epochs = find(*control, "epochs");
    if (epochs == nullptr || !epochs->is_array()) return;
    for (const Json& one : epochs->get_array())
      if (find(one, "kept") == nullptr) expired.insert(static_cast<std::uint32_t>(int_or(one, "epoch", 0)));
  }

  Files& files_;
  store::ObjectStore& store_;
  const std::string out_dir_;
  std::vector<std::string> beyond_;  // of the log at hand: objects behind holes
  std::uint64_t newest_ = 0;         // of the log at hand: entries under its newest checkpoint
};

}  // namespace

bool Restored::whole() const {
  return missing.empty() && std::all_of(logs.begin(), logs.end(), [](const RestoredLog& log) { return ledger::is_good(log.report.verdict); });
}

Result<Restored> restore(Files& files, store::ObjectStore& store, const std::string& keys_dir, const std::string& out_dir) {
  FIREBREAK_TRY(must_be_empty(files, out_dir));
  FIREBREAK_ASSIGN(const Stored stored, look(store));
  FIREBREAK_TRY(files.make_dir(out_dir));
  Restorer restorer(files, store, out_dir);
  if (!keys_dir.empty()) {
    FIREBREAK_ASSIGN(restorer.done.keys, restore_keys(files, keys_dir, out_dir));
    const SystemClock clock;
    FIREBREAK_TRY(note_key_backup(files, out_dir, keys_dir, clock.now()));
  }
  for (const auto& [name, log] : stored.logs) FIREBREAK_TRY(restorer.log(name, log));
  for (const auto& [hex, version] : stored.blobs) FIREBREAK_TRY(restorer.blob(hex, version));
  return std::move(restorer.done);
}

}  // namespace firebreak::offsite
