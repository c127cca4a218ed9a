// Which texts (types/free_text.h) belong to the evidence of an incident: what people typed into commands about it and its actions.
// References are taken from there alone: an outsider's words, as a caller's name in a finding, may look like one. Both the
// writer and the verifier of a bundle ask the exported journal, so neither takes the other's word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "types/entry.h"

namespace firebreak::evidence {

struct NamedText {
  Digest digest;
  std::uint64_t named_by = 0;              // the entry that brought it in
  std::optional<std::uint64_t> erased_by;  // the entry that says so
  std::string path() const { return "texts/" + digest.hex(); }
};
// In the order in which the journal names them.
std::vector<NamedText> texts_of(const std::vector<Entry>& journal, const std::string& incident);

}  // namespace firebreak::evidence
