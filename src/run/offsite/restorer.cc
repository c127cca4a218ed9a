#include "run/offsite/restorer.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "log/ledger/folder.h"
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
      if (number != next) miss(fmt::format("log {}: segments {} to {}", name, ledger::segment_name(next), ledger::segment_name(number - 1)));
      next = number + 1;
      FIREBREAK_TRY(segment(name, dir + "/" + ledger::segment_name(number), pieces));
    }
    if (stored.checkpoints.empty()) {
      miss(fmt::format("log {}: the bucket has no checkpoint of it", name));
    } else {
      FIREBREAK_TRY(checkpoint(name, stored, dir));
    }
    return verify(name, dir);
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

  // The newest that the log's key signed: anybody who may write to the bucket can name one of any size.
  Result<void> checkpoint(const std::string& log, const StoredLog& stored, const Path& dir) {
    std::optional<ledger::VerifierKey> key;
    if (const auto own = read_all(files_, ledger::key_path_of(out_dir_, log))) {
      FIREBREAK_ASSIGN(const auto signing, ledger::SigningKey::parse(*own));
      key = signing.verifier();
    } else if (auto text = read_all(files_, dir + "/vkey")) {
      while (text->ends_with('\n')) text->pop_back();
      if (const auto parsed = ledger::parse_vkey(*text)) key = *parsed;
    }
    for (auto at = stored.checkpoints.rbegin(); at != stored.checkpoints.rend(); ++at) {
      auto note = store_.get(at->second.key, at->second.version);
      if (!note) {
        FIREBREAK_TRY(lost(at->second.key, std::move(note.error())));
        continue;
      }
      const auto parsed = ledger::parse_checkpoint(*note);
      if (!parsed || parsed->size != at->first || (key && !ledger::check_checkpoint(*parsed, *key))) {
        miss(fmt::format("log {}: {} is no checkpoint of it: somebody else wrote it", log, at->second.key));
        continue;
      }
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
        miss(fmt::format("log {}: octets {} to {} of {}", log, end, offset, path.substr(path.rfind('/') + 1)));
        break;  // what lies behind a hole cannot be read as a log
      }
      auto content = store_.get(version.key, version.version);
      if (!content) {
        FIREBREAK_TRY(lost(version.key, std::move(content.error())));
        break;
      }
      // Octets that are there stay: a piece that somebody else put within another changes nothing.
      if (offset + content->size() > end) FIREBREAK_TRY(out->write_at(end, ByteView(*content).substr(end - offset)));
      end = std::max(end, offset + content->size());
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
  }
  for (const auto& [name, log] : stored.logs) FIREBREAK_TRY(restorer.log(name, log));
  for (const auto& [hex, version] : stored.blobs) FIREBREAK_TRY(restorer.blob(hex, version));
  return std::move(restorer.done);
}

}  // namespace firebreak::offsite
