// What people type in their own words into a command: reasons, notes, summaries. A journal is never changed, and somebody may
// have typed a patient's name; so the text stands outside, where it can be erased, and the journal holds a reference to it:
// "text:" and the SHA-256 (64 lower-case hex digits) of salt and text. Folds carry references on as the opaque strings that they
// are, also within a sentence of their own ("closed from recovery: text:…"). docs/formats/journal.md, "Free text".
//
// Entries from before have their texts in plain; a string without a reference is what it says.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace firebreak {

// Words that decide something stay in plain; references stand for what is around them.
enum class PlainWords { kNone, kLeadingFail, kIncidents };

struct FreeText {
  std::string_view command, argument;
  std::size_t most;  // octets
  PlainWords plain = PlainWords::kNone;
};
std::span<const FreeText> free_texts();

using KeepText = std::function<Result<std::string>(std::string_view text)>;  // -> what stands in its place
// `args` with every free text of the command replaced by what `keep` gives; empty and blank ones stay. kTooLarge with the pointer.
Result<Json> keep_free_texts(std::string_view command, const Json& args, const KeepText& keep);

std::string text_reference(const Digest& digest);
std::optional<Digest> text_digest(std::string_view reference);  // when it is a reference and nothing else

// The references in all strings of a document (not in names of members), in order, each as often as it stands there.
std::vector<std::string> text_references(const Json& document);

using ShowText = std::function<std::string(const std::string& reference)>;
// The document with each reference replaced. What comes in its place is not searched again.
Json show_texts(Json document, const ShowText& show);

}  // namespace firebreak
