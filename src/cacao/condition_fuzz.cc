// Conditions come from outside: any text is read or refused, what is read is told the same twice, and NOT turns it round.
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "cacao/condition.h"
#include "cacao/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  // Before the first NUL the condition, behind it what every variable holds; the first octet says of which type.
  if (size == 0) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = all.find('\0');
  const std::string_view text = all.substr(0, cut), held = cut == std::string_view::npos ? "" : all.substr(cut + 1);
  constexpr const char* kTypes[] = {"string", "integer", "float", "bool", "ipv4-addr", "ipv6-addr", "hexstring", "long"};
  const std::string type = kTypes[data[0] % std::size(kTypes)];

  const auto condition = cacao::Condition::parse(text);
  if (!condition) {
    if (condition.error().code != Code::kInvalid || condition.error().message.find("column") == std::string::npos) __builtin_trap();
    return 0;
  }
  for (const std::string& name : condition->variables())
    if (!cacao::is_variable_name(name)) __builtin_trap();
  const auto lookup = [&](std::string_view) { return std::optional(cacao::Value{type, std::string(held)}); };
  const auto once = condition->holds(lookup), twice = condition->holds(lookup);
  if (once.has_value() != twice.has_value() || (once && *once != *twice)) __builtin_trap();
  const auto turned = cacao::Condition::parse("NOT (" + std::string(text) + ")");
  if (!turned) return 0;  // in brackets, too long or too deep by this
  const auto other = turned->holds(lookup);
  if (once.has_value() != other.has_value() || (once && *once == *other)) __builtin_trap();
  return 0;
}
