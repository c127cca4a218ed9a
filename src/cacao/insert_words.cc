// Values in the words of a command: the template is split first, so a value is inside of one word whatever it holds.
#include "cacao/insert.h"
#include "cacao/insert_parts.h"

namespace firebreak::cacao {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Result<std::vector<std::string>> split(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;  // of a word: "" is one
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && is_space(c)) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote == '"' && c == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) {
      words.back() += text[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') return fail(Code::kInvalid, fmt::format("a quote ({}) is not closed", quote));
  return words;
}

}  // namespace

Result<std::vector<Word>> insert_words(std::string_view text, const Lookup& lookup) {
  FIREBREAK_TRY(check_inserted_size(text.size()));
  if (text.find('\0') != std::string_view::npos) return fail(Code::kInvalid, "a command has no NUL");
  FIREBREAK_ASSIGN(const std::vector<std::string> templates, split(text));
  std::vector<Word> words;
  std::size_t size = 0;
  for (const std::string& word : templates) {
    FIREBREAK_ASSIGN(std::string put, weave(word, lookup, as_it_is, [](std::string_view name, std::string_view value) -> Result<std::string> {
                       if (value.find('\0') != std::string_view::npos) return fail(Code::kInvalid, fmt::format("the value of {} has a NUL, which no word of a command can carry", name));
                       return std::string(value);
                     }));
    size += put.size() + 1;
    FIREBREAK_TRY(check_inserted_size(size));
    const auto references = find_references(word);
    words.push_back({std::move(put), !references.empty() && references.front().at == 0});
  }
  return words;
}

}  // namespace firebreak::cacao
