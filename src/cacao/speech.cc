#include "cacao/speech.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace firebreak::cacao {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string from(const std::vector<std::string>& words, std::size_t first) {
  std::string out;
  for (std::size_t i = first; i < words.size(); ++i) out += (out.empty() ? "" : " ") + words[i];
  return out;
}

std::string option(const std::vector<std::string>& words, std::string_view name) {
  const auto found = std::find(words.begin(), words.end(), name);
  return found == words.end() || found + 1 == words.end() ? "" : *(found + 1);
}

// "route --to fallback --for 4h" -> "route, to fallback, for 4h"
std::string measure(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool is_option = words[i].starts_with("--");
    std::string word = is_option ? words[i].substr(2) : words[i];
    if (is_option) std::ranges::replace(word, '-', ' ');
    out += (out.empty() ? "" : is_option ? ", " : " ") + word;
  }
  return out;
}

std::string items(std::string text) {
  for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',', at + 2)) text.replace(at, 1, ", ");
  return text;
}

}  // namespace

std::string spoken(std::string_view command) {
  const std::vector<std::string> words = words_of(command);
  if (words.empty()) return std::string(command);
  const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string("?"); };
  const std::string& verb = words[0];
  if (verb == "capture" || verb == "evidence.capture") return fmt::format("captures as evidence: {}", items(from(words, 1)));
  if (verb == "options" || verb == "options.offer") return fmt::format("replays {} days and shows what each measure would stop and hurt", words.size() > 1 ? words[1] : "3");
  if (verb == "wait" || verb == "containment.wait" || command == "contain wait") return "waits until a measure of this incident is in force";
  if (verb == "contain") return fmt::format("proposes a measure: {}; it is in force when a second person approves it", measure(words));
  if (verb == "lift") return fmt::format("ends the measure {}", word(1));
  if (verb == "impact") return "counts the inferences, callers and answers of the incident";
  if (verb == "replay2x2") return fmt::format("replays two releases, {} and {}, on inputs of before and of the incident", word(1), word(2));
  if (verb == "gate") return fmt::format("runs the gates of recovery on the release {}", word(1));
  if (verb == "page") return fmt::format("wakes {}: {}", word(1), from(words, 2));
  if (verb == "notify") return fmt::format("tells {}: {}", word(1), from(words, 2));
  if (verb == "task" || verb == "task.open") return fmt::format("gives a task to {}: {}", word(1), from(words, 2));
  if (verb == "phase") return fmt::format("moves the incident to {}: {}", word(1), from(words, 2));
  if (verb == "deadline" && word(1) == "start") {
    if (option(words, "--within").empty()) {
      const std::string event = option(words, "--from");
      return fmt::format("starts the reporting deadlines of {}{}", word(2), event.empty() ? "" : " from " + event);
    }
    const std::string owner = option(words, "--owner");
    return fmt::format("starts the deadline {}: {}, for {}", word(2), option(words, "--within"), owner.empty() ? "legal" : owner);
  }
  if (verb == "connector") return fmt::format("asks {}: {}", word(1), from(words, 2));
  return std::string(command);
}

}  // namespace firebreak::cacao
