// What people typed, kept apart from the journal (types/free_text.h): blobs of their own under DIR/texts, so that no evidence can
// be taken for a text, and no text goes where it cannot be erased. Content: 32 hex digits of salt, a line feed, the text: the
// digest alone gives no short text away.
//
// Promise: when keep() returns, the text is on disk, and in no other file; later its words stand in the index of the views as well
// (DIR/views.sqlite), which forgets them when the journal says that the text is erased. When destroy() returns, it is in none here.
// What the journal says is erased is never shown, also when a crash came before its file went; apply() does that again.
//
// Threads: all functions from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/json.h"
#include "base/random.h"
#include "read/evidence/blob_store.h"
#include "types/entry.h"
#include "types/free_text.h"

namespace firebreak::evidence {

// The text of a blob's content; kCorrupt when it is none.
Result<std::string> text_in(ByteView content);

class Texts {
 public:
  // For the one process that writes: what a crash left half-written under DIR/texts is removed.
  static Result<std::unique_ptr<Texts>> open(Files& files, Random& random, const std::string& data_dir);

  Result<std::string> keep(std::string_view text);  // its reference
  bool has(std::string_view reference) const;

  // For every entry of the journal, in order: carries out `text_erased`. Free when it was carried out before.
  Result<void> apply(const Entry& entry);

  // The text; "[erased]"; "[not here]" when it is lost, as after a restore from a copy without texts; "[unreadable]".
  std::string shown(const std::string& reference) const;
  // The document with its references shown. At most kShownOctets of text: behind them references stay as they are.
  Json shown_in(Json document) const;
  static constexpr std::size_t kShownOctets = 16 * limits::kMiB;

 private:
  Texts(Random& random, BlobStore blobs) : random_(random), blobs_(std::move(blobs)) {}

  Random& random_;
  BlobStore blobs_;
  mutable std::mutex mutex_;
  std::set<Digest> erased_;
};

inline std::string texts_dir(const std::string& data_dir) { return data_dir + "/texts"; }

}  // namespace firebreak::evidence
