#include "run/main/onboard_questions.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <istream>
#include <ostream>

#include "base/files.h"
#include "run/app/content.h"
#include "run/main/onboard_baseline.h"
#include "run/main/print.h"
#include "world/gateway/fallback.h"

namespace firebreak::cli {
namespace {

constexpr std::string_view kNone = "none";

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string() : std::string(text.substr(begin, end - begin + 1));
}

std::vector<std::string> names_of(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (std::string name = trimmed(text.substr(begin, end - begin)); !name.empty()) names.push_back(std::move(name));
    begin = end + 1;
  }
  return names;
}

std::string joined(const std::vector<std::string>& names, std::string_view nothing = {}) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text.empty() ? std::string(nothing) : text;
}

tl::unexpected<Error> wrong(std::string why) { return fail(Code::kInvalid, std::move(why)); }

Result<void> one_of(const std::string& answer, const std::vector<std::string>& known, std::string_view what) {
  if (known.empty() || std::find(known.begin(), known.end(), answer) != known.end()) return {};
  return wrong(fmt::format("'{}' is no {}; there are: {}", answer, what, joined(known)));
}

// The document as the server would read it: its reasons are the reasons here.
Result<void> set(OnboardPlan& plan, const JsonObject& members) {
  Json document = plan.document;
  for (const auto& member : members) document.as_object()[member.key()] = member.value();
  FIREBREAK_ASSIGN(const Endpoint endpoint, endpoint_from_json(document));
  FIREBREAK_TRY(check_plain_texts(endpoint));
  plan.document = std::move(document);
  return {};
}

std::string text_of(const OnboardPlan& plan, std::string_view key) {
  const std::string text = string_or(plan.document, key);
  return text.empty() ? std::string(kNone) : text;
}
Result<void> set_text(OnboardPlan& plan, std::string_view key, const std::string& answer) { return set(plan, JsonObject{{key, answer == kNone ? std::string() : answer}}); }

Result<void> take_on_call(OnboardPlan& plan, const OnboardKnown& known, const std::string& answer) {
  if (answer != kNone) FIREBREAK_TRY(one_of(answer, known.on_call, "contact and no rotation"));
  return set_text(plan, "on_call", answer);
}

Result<void> take_criticality(OnboardPlan& plan, const OnboardKnown&, const std::string& answer) {
  FIREBREAK_TRY(one_of(answer, {"low", "medium", "high", "critical"}, "criticality"));
  return set(plan, JsonObject{{"criticality", answer}});
}

std::string switch_now(const OnboardPlan& plan) {
  if (string_or(plan.document, "mode") != "inline") return "tap";
  return string_or(plan.document, "gateway") + (string_or(plan.document, "state") == "enforce" ? " enforce" : "");
}
Result<void> take_switch(OnboardPlan& plan, const OnboardKnown&, const std::string& answer) {
  if (answer == "tap") return set(plan, JsonObject{{"mode", "tap"}, {"state", "observe"}, {"gateway", ""}});
  const std::size_t space = answer.find(' ');
  const std::string gateway = answer.substr(0, space), state = space == std::string::npos ? "observe" : trimmed(std::string_view(answer).substr(space));
  if (!is_name(gateway)) return wrong("'tap', or the name of a gateway: 1..64 of a-z 0-9 . _ -");
  if (state != "observe" && state != "enforce") return wrong(fmt::format("behind the gateway's name stands 'enforce' or nothing, not '{}'", state));
  return set(plan, JsonObject{{"mode", "inline"}, {"state", state}, {"gateway", gateway}});
}

std::string baseline_now(const OnboardPlan& plan) { return plan.baseline.empty() ? std::string(kNone) : plan.baseline; }
Result<void> take_baseline(OnboardPlan& plan, const OnboardKnown&, const std::string& answer) {
  if (answer == kNone) {
    plan.baseline.clear();
    return {};
  }
  if (answer == "-") return wrong("standard input is where the answers come from: name a file");
  const bool guess = plan.features_guessed || !has_features(plan.document);
  FIREBREAK_ASSIGN(const taps::Guess seen, look_at_records(answer, plan.document));
  if (guess) {
    FIREBREAK_TRY(set(plan, JsonObject{{"features", features_of(seen.features)}, {"labels", JsonArray(seen.labels.begin(), seen.labels.end())}, {"positive_label", seen.positive_label}}));
    plan.features_guessed = true;
  }
  plan.baseline = answer;
  return {};
}

// "decline,approve after 14": the first is the one that counts.
std::string labels_now(const OnboardPlan& plan) {
  const std::string positive = string_or(plan.document, "positive_label");
  std::string text = positive;
  for (const std::string& label : strings_or_empty(plan.document, "labels"))
    if (label != positive) text += "," + label;
  const std::int64_t days = int_or(plan.document, "label_days");
  return days == 0 ? text : fmt::format("{} after {}", text, days);
}
Result<void> take_labels(OnboardPlan& plan, const OnboardKnown&, const std::string& answer) {
  constexpr std::string_view kAfter = " after ";
  const std::size_t cut = answer.find(kAfter);
  std::vector<std::string> labels = names_of(std::string_view(answer).substr(0, cut));
  if (labels.empty()) return wrong("name the answer that counts first, then the others: decline,approve after 14");
  std::int64_t days = 0;
  if (cut != std::string::npos) {
    const std::string number = trimmed(std::string_view(answer).substr(cut + kAfter.size()));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), days);
    if (error != std::errc() || end != number.data() + number.size() || days < 1 || days > 365) return wrong("behind 'after' stands a number of days, 1 to 365");
  }
  const std::string positive = labels.front();
  if (labels.size() == 1)  // the others are those that are known
    for (const std::string& other : strings_or_empty(plan.document, "labels"))
      if (other != positive && (plan.features_guessed || strings_or_empty(plan.document, "labels") != std::vector<std::string>{"0", "1"})) labels.push_back(other);
  if (labels.size() == 1) labels.push_back(positive == "0" ? "1" : "0");
  return set(plan, JsonObject{{"labels", JsonArray(labels.begin(), labels.end())}, {"positive_label", positive}, {"label_days", days}});
}

std::string fallback_now(const OnboardPlan& plan) {
  const Json* const fallback = find(plan.document, "fallback");
  if (fallback == nullptr || !fallback->is_object() || fallback->get_object().empty()) return std::string(kNone);
  const Json *const rules = find(*fallback, "rules"), *const otherwise = find(*fallback, "default");
  const bool plain = otherwise != nullptr && (rules == nullptr || (rules->is_array() && rules->get_array().empty()));
  return plain ? "always " + string_or(*otherwise, "label") : "as it is";
}
Result<void> take_fallback(OnboardPlan& plan, const OnboardKnown&, const std::string& answer) {
  constexpr std::string_view kAlways = "always ";
  if (answer == "as it is" && fallback_now(plan) == answer) return {};
  Json rules = JsonObject{};
  if (answer.starts_with(kAlways)) {
    rules = JsonObject{{"version", 1}, {"rules", JsonArray{}}, {"default", JsonObject{{"label", trimmed(std::string_view(answer).substr(kAlways.size()))}, {"score", 0.5}}}};
  } else if (answer != kNone) {
    PosixFiles files;
    FIREBREAK_ASSIGN(rules, app::load_document(files, answer));
  }
  Json document = plan.document;
  document.as_object()["fallback"] = std::move(rules);
  FIREBREAK_ASSIGN(const Endpoint endpoint, endpoint_from_json(document));
  // Rules may speak of features that only the first records will name; then the gateway is the first who can check them.
  const bool checkable = has_features(document) || answer.starts_with(kAlways);
  if (checkable) FIREBREAK_TRY(gateway::Fallback::compile(endpoint));
  plan.document = std::move(document);
  return {};
}

Result<void> take_good(OnboardPlan& plan, const OnboardKnown&, const std::string& answer) { return set_text(plan, "last_known_good", answer); }

std::string playbooks_now(const OnboardPlan& plan) { return joined(strings_or_empty(plan.document, "playbooks"), "all"); }
Result<void> take_playbooks(OnboardPlan& plan, const OnboardKnown& known, const std::string& answer) {
  const std::vector<std::string> names = answer == "all" ? std::vector<std::string>() : names_of(answer);
  for (const std::string& name : names) FIREBREAK_TRY(one_of(name, known.playbooks, "playbook that is installed"));
  return set(plan, JsonObject{{"playbooks", JsonArray(names.begin(), names.end())}});
}

std::string regimes_now(const OnboardPlan& plan) { return joined(strings_or_empty(plan.document, "regimes"), "later"); }
Result<void> take_regimes(OnboardPlan& plan, const OnboardKnown& known, const std::string& answer) {
  const std::vector<std::string> names = answer == "later" ? std::vector<std::string>() : names_of(answer);
  for (const std::string& name : names)
    if (name != kNone) FIREBREAK_TRY(one_of(name, known.regimes, "reporting regime"));
  return set(plan, JsonObject{{"regimes", JsonArray(names.begin(), names.end())}});
}

constexpr OnboardQuestion kQuestions[kOnboardQuestions] = {
    {"owner", "Which team owns it?", "The name that reports and hand-overs bear, or 'none'.", [](const OnboardPlan& p) { return text_of(p, "owner_team"); },
     [](OnboardPlan& p, const OnboardKnown&, const std::string& a) { return set_text(p, "owner_team", a); }},
    {"on-call", "Who is called when something is wrong with it?", "A contact or a rotation of the configuration, or 'none'.", [](const OnboardPlan& p) { return text_of(p, "on_call"); }, take_on_call},
    {"criticality", "How much hangs on it?", "low, medium, high or critical: people see it beside every incident.", [](const OnboardPlan& p) { const std::string now = string_or(p.document, "criticality"); return now.empty() ? std::string("medium") : now; }, take_criticality},
    {"kill-switch", "May Firebreak stop it?", "'tap': nothing stands in its way, it is only watched. Or the gateway in front of it, 'gw-1'; 'gw-1 enforce' when measures may be in force.", switch_now, take_switch},
    {"baseline", "Which file holds records of good days?", "NDJSON, SageMaker or KServe logs: its first 500 are what the rest is held against. 'none': ingest them later.", baseline_now, take_baseline},
    {"labels", "Which answer counts, and when is the truth known?", "The answer that precision and recall are counted for, the others, and the days until labels come: decline,approve after 14.", labels_now, take_labels},
    {"fallback", "What answers when the model must not?", "'always decline' (one of its answers), a file of rules (docs/formats/fallback.md), or 'none'.", fallback_now, take_fallback},
    {"last-known-good", "Which release can it go back to?", "Its name, or 'none'; its bytes become known with firebreak release register.", [](const OnboardPlan& p) { return text_of(p, "last_known_good"); }, take_good},
    {"playbooks", "Which playbooks must be there for it?", "'all' that are installed, or names with commas between; each must be signed.", playbooks_now, take_playbooks},
    {"regimes", "Which reporting deadlines bind its owner?", "Names with commas between, 'none' when somebody has looked and there is none, or 'later'.", regimes_now, take_regimes},
};

enum class Heard { kAnswer, kBack, kQuit };

Heard hear(std::istream& in, std::string& answer) {
  if (!std::getline(in, answer)) return Heard::kQuit;
  answer = trimmed(answer);
  if (answer == "quit") return Heard::kQuit;
  return answer == "<" || answer == "back" ? Heard::kBack : Heard::kAnswer;
}

void show_hints(const OnboardKnown& known, std::string_view key, std::ostream& out) {
  const std::vector<std::string>* names = key == "on-call" ? &known.on_call : key == "playbooks" ? &known.playbooks : key == "regimes" ? &known.regimes : nullptr;
  if (names != nullptr && !names->empty()) out << "          There are: " << joined(*names) << "\n";
}

// What stood before nobody may have checked: no control characters reach the terminal.
std::string shown_now(const OnboardQuestion& question, const OnboardPlan& plan) {
  const Json now(question.now(plan));
  return cell(&now);
}

}  // namespace

std::span<const OnboardQuestion, kOnboardQuestions> onboard_questions() { return kQuestions; }

Json blank_endpoint(const std::string& name) {
  return JsonObject{{"name", name}, {"mode", "tap"}, {"state", "observe"}, {"owner_team", ""}, {"labels", JsonArray{"0", "1"}}, {"positive_label", "1"}};
}

Result<void> take_answers(OnboardPlan& plan, const OnboardKnown& known, const std::map<std::string, std::string>& answers) {
  for (const OnboardQuestion& question : kQuestions) {
    const auto given = answers.find(std::string(question.key));
    if (given == answers.end()) continue;
    if (auto taken = question.take(plan, known, trimmed(given->second)); !taken) {
      Error error = taken.error();
      error.pointer = fmt::format("/--{}{}", question.key, error.pointer);
      return fail(std::move(error));
    }
  }
  return {};
}

bool interview(OnboardPlan& plan, const OnboardKnown& known, std::istream& in, std::ostream& out) {
  out << "Ten questions. Enter takes what stands in brackets, '<' goes back, 'quit' leaves; nothing is changed before the end.\n";
  std::vector<OnboardPlan> before;  // as it was when each question was asked
  std::string answer;
  while (before.size() <= kOnboardQuestions) {
    const std::size_t at = before.size();
    if (at == kOnboardQuestions) {
      out << "\n";
      for (const OnboardQuestion& question : kQuestions) out << fmt::format("  {:<16} {}\n", question.key, shown_now(question, plan));
      out << "Take it up like this? yes, < or quit [yes] " << std::flush;
    } else {
      out << fmt::format("\n{:>2} of {}  {}\n          {}\n", at + 1, kOnboardQuestions, kQuestions[at].asks, kQuestions[at].why);
      show_hints(known, kQuestions[at].key, out);
      out << fmt::format("          [{}] ", shown_now(kQuestions[at], plan)) << std::flush;
    }
    const Heard heard = hear(in, answer);
    if (heard == Heard::kQuit) {
      out << "\nLeft; nothing was changed.\n";
      return false;
    }
    if (heard == Heard::kBack) {
      if (before.empty()) continue;
      plan = std::move(before.back());
      before.pop_back();
      continue;
    }
    if (at == kOnboardQuestions) {
      if (answer.empty() || answer == "yes" || answer == "y") return true;
      continue;
    }
    OnboardPlan next = plan;
    if (auto taken = kQuestions[at].take(next, known, answer.empty() ? kQuestions[at].now(plan) : answer); !taken) {
      out << "          " << taken.error().message << "\n";
      continue;
    }
    before.push_back(std::move(plan));
    plan = std::move(next);
  }
  return false;
}

}  // namespace firebreak::cli
