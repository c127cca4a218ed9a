#include "cacao/effect.h"

#include <algorithm>
#include <span>

namespace firebreak::cacao {
namespace {

constexpr std::string_view kDestroying[] = {"rm", "rmdir", "del", "remove", "truncate", "delete", "wipe", "shred", "mkfs",
                                            "terminate", "destroy", "purge", "erase", "uninstall", "format"};
constexpr std::string_view kEvidence[] = {"evidence", "snapshot", "snapshots", "capture", "captures", "preserve", "forensic", "forensics", "acquire"};
constexpr std::string_view kApproval[] = {"approve", "approval", "approves", "approved", "authorise", "authorize", "authorisation", "authorization",
                                          "confirm", "confirms", "confirmation", "consent", "permission", "signoff"};
// Activities of the vocabulary that look or tell and change nothing.
constexpr std::string_view kLooking[] = {"compose-content", "deliver-content", "identify-audience", "identify-channel", "scan-system", "match-indicator",
                                         "analyze-collected-data", "identify-indicators", "scan-vulnerabilities", "map-network", "identify-steps",
                                         "step-sequence", "analyze-engagement-results"};
constexpr std::string_view kQueries[] = {"sigma", "yara", "elastic", "kestrel", "jupyter"};

bool is_in(std::span<const std::string_view> words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

// Whether one of the words of `text` (runs of letters and digits, in lower case) is among `words`.
bool speaks_of(std::string_view text, std::span<const std::string_view> words) {
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    const bool inside = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (inside) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else {
      if (is_in(words, word)) return true;
      word.clear();
    }
  }
  return false;
}

// "drop" throws away a table or a volume; as the last word, or after -j, it is what a switch or a packet filter does with traffic, which
// the next rule undoes.
bool drops(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  while (lower.ends_with(' ') || lower.ends_with('\n')) lower.pop_back();
  for (std::size_t at = lower.find("drop"); at != std::string::npos; at = lower.find("drop", at + 1)) {
    const std::string_view before = std::string_view(lower).substr(0, at), after = std::string_view(lower).substr(at + 4);
    const auto inside = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if ((!before.empty() && inside(before.back())) || (!after.empty() && inside(after.front()))) continue;  // a part of another word
    if (!(before.ends_with(' ') && after.empty()) && !before.ends_with("-j ")) return true;
  }
  return false;
}

Effect effect_of_http(std::string_view line) {
  const std::string_view method = line.substr(0, line.find(' '));
  if (method == "GET" || method == "HEAD" || method == "OPTIONS") return Effect::kNone;
  return method == "DELETE" ? Effect::kDestroys : Effect::kActs;
}

Effect effect_of_openc2(std::string_view content) {
  const auto message = parse_json(content);
  const std::string action = message ? string_or(*message, "action") : "";
  if (action == "query" || action == "scan" || action == "locate" || action == "detect" || action == "investigate") return Effect::kNone;
  return action == "delete" || action == "remediate" ? Effect::kDestroys : Effect::kActs;
}

bool is_ours(const Command& command) { return command.type == "firebreak" || command.type == "x-firebreak"; }

bool is_verb(const Command& command, std::span<const std::string_view> verbs) {
  return is_ours(command) && is_in(verbs, std::string_view(command.text).substr(0, command.text.find(' ')));
}
// Firebreak's own words: what captures evidence, what changes what serves here or elsewhere, and what waits for a measure, which a
// second person approved. All others look or tell.
constexpr std::string_view kCapturing[] = {"capture", "evidence.capture"};
constexpr std::string_view kActing[] = {"contain", "lift", "connector"};
constexpr std::string_view kReading[] = {"read", "recent", "snapshot"};  // what a connector is asked without a change
constexpr std::string_view kWaiting[] = {"wait", "containment.wait"};
constexpr std::string_view kWaitingInTwoWords = "contain wait";

std::string_view word_at(std::string_view text, std::size_t n) {
  for (; n > 0; --n) text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
  return text.substr(0, text.find(' '));
}

Effect effect_of_verb(const Command& command) {
  const bool reads = command.text == kWaitingInTwoWords || (word_at(command.text, 0) == "connector" && is_in(kReading, word_at(command.text, 2)));
  return is_verb(command, kActing) && !reads ? Effect::kActs : Effect::kNone;
}

}  // namespace

Effect effect_of(const Command& command) {
  if (command.type == "manual" || is_in(kQueries, command.type)) return Effect::kNone;
  if (is_ours(command)) return effect_of_verb(command);
  const Effect effect = command.type == "http-api"      ? effect_of_http(command.text)
                        : command.type == "openc2-http" ? effect_of_openc2(command.content)
                        : speaks_of(command.text, kDestroying) || drops(command.text) ? Effect::kDestroys
                                                               : Effect::kActs;
  return effect == Effect::kActs && is_in(kLooking, command.activity) ? Effect::kNone : effect;
}

Effect effect_of(const Step& step) {
  Effect strongest = Effect::kNone;
  for (const Command& command : step.commands) strongest = std::max(strongest, effect_of(command));
  return strongest;
}

bool captures_evidence(const Step& step) {
  if (step.type != "action" && step.type != "playbook-action") return false;
  if (effect_of(step) == Effect::kDestroys) return false;
  return speaks_of(step.name, kEvidence) ||
         std::any_of(step.commands.begin(), step.commands.end(), [](const Command& command) {
           return is_ours(command) ? is_verb(command, kCapturing) : speaks_of(command.text, kEvidence);
         });
}

bool asks_for_approval(const Step& step) {
  return std::any_of(step.commands.begin(), step.commands.end(), [&](const Command& command) {
    if (is_ours(command)) return command.text == kWaitingInTwoWords || is_verb(command, kWaiting);
    return command.type == "manual" && (speaks_of(command.text, kApproval) || speaks_of(step.name, kApproval));
  });
}

}  // namespace firebreak::cacao
