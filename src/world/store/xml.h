// Reads the XML that S3-compatible stores answer with: elements and their text, nothing else.
//
// Names are local names: servers differ in their prefixes and name spaces. Attributes are checked and dropped. What no such
// answer needs is refused: document types, processing instructions behind the first line, CDATA, comments, entities but the
// five of XML and characters by number. So nothing that is read can grow, or fetch.
// Limits: kXmlDepth, and the caller's limit on the answer's octets. Pure; any thread. Errors: kInvalid with the octet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace firebreak::store {

inline constexpr std::size_t kXmlDepth = 16;

struct XmlElement {
  std::string name;
  std::string text;  // its own, in one piece; white space around it is dropped
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view wanted) const;     // the first of this name, or nullptr
  std::string text_of(std::string_view wanted) const;         // of that child; empty when there is none
};

Result<XmlElement> parse_xml(std::string_view text);

}  // namespace firebreak::store
