#include "read/evidence/texts.h"

#include "base/encoding.h"
#include "base/files.h"

namespace firebreak::evidence {
namespace {

constexpr std::size_t kSaltOctets = 16;

// Of a text that was being written when the power went: nobody has its reference, so nobody could ever erase it.
Result<void> drop_unfinished(Files& files, const std::string& dir) {
  FIREBREAK_ASSIGN(const auto folders, files.list(dir));
  for (const std::string& folder : folders) {
    if (!folder.ends_with('/')) continue;
    const std::string inside = dir + "/" + folder.substr(0, folder.size() - 1);
    FIREBREAK_ASSIGN(const auto names, files.list(inside));
    for (const std::string& name : names) {
      if (Digest::from_hex(name)) continue;
      const std::string path = inside + "/" + name;
      if (const auto file = files.open(path, OpenMode::kWrite)) overwrite(**file);
      FIREBREAK_TRY(files.remove(path));
    }
  }
  return {};
}

}  // namespace

Result<std::string> text_in(ByteView content) {
  constexpr std::size_t kHead = 2 * kSaltOctets;
  if (content.size() <= kHead || content[kHead] != '\n') return fail(Code::kCorrupt, "this is no text of a person: it has no salt");
  return std::string(content.substr(kHead + 1));
}

Result<std::unique_ptr<Texts>> Texts::open(Files& files, Random& random, const std::string& data_dir) {
  FIREBREAK_ASSIGN(BlobStore blobs, BlobStore::open(files, texts_dir(data_dir)));
  FIREBREAK_TRY(drop_unfinished(files, texts_dir(data_dir)));
  return std::unique_ptr<Texts>(new Texts(random, std::move(blobs)));
}

Result<std::string> Texts::keep(std::string_view text) {
  auto digest = blobs_.put(to_hex(random_.bytes(kSaltOctets)) + "\n" + std::string(text));
  if (!digest) return fail(std::move(digest.error()).with("keep what was typed"));
  return text_reference(*digest);
}

bool Texts::has(std::string_view reference) const {
  const auto digest = text_digest(reference);
  return digest && blobs_.has(*digest);
}

Result<void> Texts::apply(const Entry& entry) {
  if (entry.kind != "text_erased") return {};
  const auto digest = text_digest(string_or(entry.body, "text"));
  if (!digest) return {};
  {
    const std::lock_guard lock(mutex_);
    erased_.insert(*digest);
  }
  return blobs_.forget(*digest);
}

std::string Texts::shown(const std::string& reference) const {
  const auto digest = text_digest(reference);
  if (!digest) return reference;
  {
    const std::lock_guard lock(mutex_);
    if (erased_.contains(*digest)) return "[erased]";
  }
  const auto content = blobs_.get(*digest);
  if (!content) return content.error().code == Code::kNotFound ? "[not here]" : "[unreadable]";
  return text_in(*content).value_or("[unreadable]");
}

Json Texts::shown_in(Json document) const {
  std::size_t octets = 0;
  return show_texts(std::move(document), [&](const std::string& reference) {
    if (octets >= kShownOctets) return reference;
    std::string text = shown(reference);
    octets += text.size();
    return text;
  });
}

}  // namespace firebreak::evidence
