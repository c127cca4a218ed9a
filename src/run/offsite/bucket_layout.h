// Names of the objects that Firebreak keeps in a bucket (docs/formats/store.md). Each is written once and never changed, so that the
// first version of a name is the one that counts, whatever somebody put over it.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firebreak::offsite {

inline constexpr const char* kLayoutKey = "FORMAT";
inline constexpr const char* kLayoutText = "firebreak-store 1\n";

std::string vkey_key(const std::string& log);                                                            // logs/<log>/vkey
std::string piece_key(const std::string& log, std::uint64_t segment, std::uint64_t offset);  // logs/<log>/000001.seg/<offset>
std::string checkpoint_key(const std::string& log, std::uint64_t size);                                  // logs/<log>/checkpoints/<size>
std::string blob_key(const std::string& hex);                                                            // blobs/ab/<hex>
// logs/<log>/vouched/<path>/<size>-<hex>: what somebody said of the first `size` entries. Its digest is in the name, for a witness
// says something new of the same size whenever it is asked.
std::string vouched_key(const std::string& log, const std::string& path, std::uint64_t size, const std::string& hex);
// `path`, relative to the log: cosigned, witness/<name>, timestamps/<authority>/<size>.checkpoint or .tsr (log/ledger/cosigned.h).
bool is_vouched_path(std::string_view path);

struct Named {
  enum Kind { kVkey, kPiece, kCheckpoint, kBlob, kVouched } kind = kBlob;
  std::string log;            // or the blob's digest
  std::uint64_t segment = 0;  // of a piece
  std::uint64_t number = 0;   // a piece's offset, a checkpoint's size, how much is vouched for
  std::string path = {}, hex = {};  // of what is vouched
};
std::optional<Named> parse_key(std::string_view key);  // nothing: none of ours

}  // namespace firebreak::offsite
