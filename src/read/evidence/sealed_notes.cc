#include "read/evidence/sealed_notes.h"

#include <fmt/core.h>

#include "base/files.h"
#include "log/vault/gcm.h"

namespace firebreak::evidence {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kHead = 1 + 4 + vault::Gcm::kNonceBytes;
constexpr std::string_view kPurpose = "privileged note";

std::string log_of(const std::string& incident) { return "counsel-" + incident; }
std::string bound_to(const std::string& incident) { return fmt::format("firebreak privileged note v1\n{}", incident); }

Result<std::uint32_t> epoch_of(ByteView sealed) {
  if (sealed.size() < kHead + vault::Gcm::kTagBytes || sealed.front() != kVersion) return fail(Code::kCorrupt, "this is no sealed note");
  return get_le<std::uint32_t>(sealed, 1);
}

}  // namespace

Result<std::unique_ptr<SealedNotes>> SealedNotes::open(Files& files, Random& random, const std::string& data_dir) {
  FIREBREAK_ASSIGN(BlobStore blobs, BlobStore::open(files, sealed_dir(data_dir)));
  FIREBREAK_ASSIGN(auto opened, vault::Vault::open(files, random, data_dir));
  return std::unique_ptr<SealedNotes>(new SealedNotes(random, std::move(blobs), std::move(opened)));
}

Result<Digest> SealedNotes::seal(const std::string& incident, std::string_view text) {
  const std::lock_guard lock(mutex_);
  const auto epoch = get_le<std::uint32_t>(random_.bytes(4), 0);
  FIREBREAK_ASSIGN(const vault::EpochKeys keys, vault_->create_epoch(log_of(incident), epoch));
  const Bytes nonce = random_.bytes(vault::Gcm::kNonceBytes);
  Bytes sealed(1, kVersion);
  put_le(sealed, epoch);
  sealed += nonce;
  vault::Gcm gcm;
  gcm.seal(keys.subject_key(kPurpose).key, nonce, bound_to(incident), text, sealed);
  auto digest = blobs_.put(sealed);
  if (!digest) return fail(std::move(digest.error()).with("keep a sealed note"));
  return *digest;
}

Result<std::string> SealedNotes::text_of(const std::string& incident, const Digest& sealed) const {
  FIREBREAK_ASSIGN(const Bytes content, blobs_.get(sealed));
  FIREBREAK_ASSIGN(const std::uint32_t epoch, epoch_of(content));
  const std::lock_guard lock(mutex_);
  FIREBREAK_ASSIGN(const vault::EpochKeys keys, vault_->open_epoch(log_of(incident), epoch));
  const ByteView view = content;
  Bytes text;
  vault::Gcm gcm;
  FIREBREAK_TRY(gcm.open(keys.subject_key(kPurpose).key, view.substr(5, vault::Gcm::kNonceBytes), bound_to(incident), view.substr(kHead), text));
  return text;
}

Result<void> SealedNotes::destroy(const std::string& incident, const Digest& sealed) {
  const auto content = blobs_.get(sealed);
  if (!content && content.error().code == Code::kNotFound) return {};
  if (content) {  // the key first: what a copy of the folder still has of the note opens with nothing
    FIREBREAK_ASSIGN(const std::uint32_t epoch, epoch_of(*content));
    const std::lock_guard lock(mutex_);
    FIREBREAK_TRY(vault_->expire(log_of(incident), epoch, {}));
  }
  return blobs_.forget(sealed);
}

Result<void> SealedNotes::apply(const Entry& entry) {
  if (entry.kind != "privileged_note_released") return {};
  const auto sealed = Digest::from_hex(string_or(entry.body, "sealed"));
  return sealed ? destroy(string_or(entry.body, "incident"), *sealed) : Result<void>();
}

}  // namespace firebreak::evidence
