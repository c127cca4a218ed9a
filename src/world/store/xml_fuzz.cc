// A store's answers come from outside: any octets, and what is read is written and read back the same.
#include <cstddef>
#include <cstdint>

#include "base/markup.h"
#include "world/store/xml.h"

namespace {

std::string written(const firebreak::store::XmlElement& element) {
  std::string out = "<" + element.name + ">" + firebreak::escape_markup(element.text);
  for (const auto& child : element.children) out += written(child);
  return out + "</" + element.name + ">";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = firebreak::store::parse_xml({reinterpret_cast<const char*>(data), size});
  if (!read || read->name.empty()) return 0;
  const std::string text = written(*read);
  const auto again = firebreak::store::parse_xml(text);
  // A prefix alone ("a:") leaves an empty local name, which cannot be written again.
  if (text.find("<>") == std::string::npos && (!again || written(*again) != text)) __builtin_trap();
  return 0;
}
