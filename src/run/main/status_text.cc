#include "run/main/screens.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "run/main/print.h"

namespace firebreak::cli {
namespace {

// From outside: printed as print.h promises.
std::string text(const Json& object, std::string_view key) { return cell(find(object, key)); }

const JsonArray& items(const Json& status, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(status, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

std::string clock_text(const Json& status) {
  const Json* clock = find(status, "clock");
  if (clock == nullptr) return {};
  std::string line = fmt::format("Clock     {}", text(*clock, "time"));
  if (string_or(*clock, "kind") == "fed") {
    const Json* rate = find(*clock, "rate");
    line += bool_or(*clock, "held") ? ", held" : rate == nullptr || rate->is_null() ? ", fast" : fmt::format(", {} × true pace", cell(rate));
    if (const std::string reason = text(*clock, "reason"); !reason.empty()) line += ": " + reason;
  }
  return line + "\n";
}

std::string detectors_text(const Json& endpoint) {
  std::string running, waiting;
  for (const Json& detector : items(endpoint, "detectors")) {
    if (string_or(detector, "state") == "running")
      running += (running.empty() ? "" : ", ") + text(detector, "name");
    else
      waiting += fmt::format("            waits: {} for {}\n", text(detector, "name"), text(detector, "reason"));
  }
  return (running.empty() ? "" : fmt::format("            runs: {}\n", running)) + waiting;
}

// One line for each that vouches for the logs while all is well, one for each log where it is not.
std::string attested_text(const Json& status) {
  std::map<std::string, std::pair<std::int64_t, std::string>> well;  // who -> logs, newest time
  std::string out, lead = "Vouching  ";
  const auto line = [&](const std::string& words) {
    out += lead + words + "\n";
    lead.assign(10, ' ');
  };
  for (const Json& one : items(status, "attested")) {
    const std::string state = string_or(one, "state");
    const std::string who = fmt::format("{} {}", text(one, "kind"), text(one, "by"));
    if (state == "ok") {
      auto& [logs, newest] = well[who];
      ++logs;
      newest = std::max(newest, text(one, "time"));
    } else if (state == "waiting") {
      line(fmt::format("{} has not been asked for log {} yet", who, text(one, "log")));
    } else {
      line(fmt::format("{} {}: {} of {} entries of {} vouched for; {}", state == "contradicted" ? "RED" : "!", state, text(one, "size"), text(one, "entries"),
                       text(one, "log"), text(one, "what")));
    }
  }
  for (const auto& [who, seen] : well) line(fmt::format("{}: {} log{}, newest {}", who, seen.first, seen.first == 1 ? "" : "s", seen.second));
  return out;
}

// Hosts whose clocks are off; nothing is ordered by those, but times of theirs are to be read with it.
std::string hosts_text(const Json& status) {
  std::string out;
  for (const Json& host : items(status, "hosts")) {
    const std::int64_t ahead = int_or(host, "ahead_ms") / 1'000;
    if (ahead > -2 && ahead < 2) continue;
    out += fmt::format("{:<10}! the clock of {} is {} s {} ours, from {} batches\n", out.empty() ? "Clocks" : "", text(host, "host"), ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of", int_or(host, "batches"));
  }
  return out;
}

// Whether the keys, which the copy does not hold, are in a backup.
std::string keys_text(const Json& keys) {
  std::string out = "          ";
  if (int_or(keys, "missing") > 0)
    out += fmt::format("{} {} of {} keys are in no key backup, the oldest of {}: {}", bool_or(keys, "overdue") ? "RED" : "!", text(keys, "missing"), text(keys, "count"),
                       text(keys, "since"), text(keys, "command"));
  else if (bool_or(keys, "outdated")) out += fmt::format("! the key backup of {} holds keys that are gone since: {}", text(keys, "backed_up"), text(keys, "command"));
  else if (find(keys, "backed_up") != nullptr && !find(keys, "backed_up")->is_null())
    out += fmt::format("its keys are in the backup of {} in {}", text(keys, "backed_up"), text(keys, "where"));
  if (const std::string what = string_or(keys, "what"); !what.empty()) out += fmt::format("; {}", text(keys, "what"));
  return out.size() > 10 ? out + "\n" : "";
}

// How the copy off the machine stands: one line, and one in red when its store gives way.
std::string offsite_text(const Json& status) {
  const Json* const offsite = find(status, "offsite");
  if (offsite == nullptr || !offsite->is_object()) return {};
  const std::string state = string_or(*offsite, "state");
  std::string out = fmt::format("Off site  {}{}: ", state == "ok" || state == "waiting" ? "" : "! ", text(*offsite, "place"));
  if (state == "ok" && int_or(*offsite, "lag_octets") == 0) out += "everything is there";
  else if (state == "ok") out += fmt::format("{} octets are on their way", text(*offsite, "lag_octets"));
  else if (state == "waiting") out += "nothing has been sent yet";
  else out += fmt::format("{} for {} s, {} octets wait; {}", state, text(*offsite, "failing_s"), text(*offsite, "lag_octets"), text(*offsite, "what"));
  if (bool_or(*offsite, "immutable")) out += fmt::format("; its lock held at {}", text(*offsite, "tested"));
  out += "\n";
  std::string gave_way;
  for (const Json& one : items(*offsite, "gave_way")) gave_way += (gave_way.empty() ? "" : "; ") + cell(&one);
  if (!gave_way.empty()) out += fmt::format("          RED not immutable: {}\n", gave_way);
  if (const std::string foreign = string_or(*offsite, "foreign"); !foreign.empty()) out += fmt::format("          ! {}\n", text(*offsite, "foreign"));
  if (const Json* const keys = find(*offsite, "keys"); keys != nullptr && keys->is_object()) out += keys_text(*keys);
  return out;
}

// Channels over which nobody is reached, and alerts that nobody has.
std::string notify_text(const Json& status) {
  const Json* const notify = find(status, "notify");
  if (notify == nullptr) return {};
  std::string out;
  for (const Json& one : items(*notify, "channels"))
    if (string_or(one, "state") == "failing") out += fmt::format("Channels  RED {} ({}) fails since {}, {} times: {}\n", text(one, "channel"), text(one, "kind"), text(one, "since"), text(one, "failures"), text(one, "what"));
  for (const Json& one : items(*notify, "updates"))
    if (bool_or(one, "overdue")) out += fmt::format("Updates   ! {} was to hear of {} by {}\n", text(one, "audience"), text(one, "incident"), text(one, "due"));
  return out;
}

}  // namespace

std::string status_text(const Json& status) {
  std::string out = clock_text(status);
  if (const Json* frozen = find(status, "frozen"); frozen != nullptr && frozen->is_object())
    out += fmt::format("FROZEN by {}: {}; nothing new leaves Firebreak\n", text(*frozen, "by"), text(*frozen, "reason"));
  out += "Needs     ";
  if (items(status, "needs_person").empty()) out += "nothing needs you\n";
  std::string indent;
  for (const Json& need : items(status, "needs_person")) {
    out += fmt::format("{}{}: {}\n            {}\n", indent, text(need, "who"), text(need, "what"), text(need, "command"));
    indent = "          ";
  }
  const auto list = [&](std::string_view title, std::string_view key, auto line) {
    std::string lead(title);
    lead.resize(10, ' ');
    for (const Json& item : items(status, key)) {
      out += lead + line(item) + "\n";
      lead = std::string(10, ' ');
    }
  };
  out += attested_text(status);
  out += hosts_text(status);
  out += offsite_text(status);
  out += notify_text(status);
  list("In force", "in_force", [](const Json& a) {
    const std::string verdict = text(a, "verdict"), until = text(a, "until");
    return fmt::format("{} on {}: {}{}{}", text(a, "id"), text(a, "endpoint"), text(a, "what"),
                       until.empty() || until == "-" ? "" : ", until " + until, verdict.empty() || verdict == "-" ? "" : "; effect check " + verdict);
  });
  list("Waits", "waiting", [](const Json& w) { return fmt::format("{} for {}: {}", text(w, "who"), text(w, "for"), text(w, "what")); });
  list("Reports", "deadlines", [](const Json& d) {
    return fmt::format("{}{}  {} ({}, {}, {}){}", bool_or(d, "overdue") ? "RED overdue since " : "due ", text(d, "time"), text(d, "what"), text(d, "duty"), text(d, "stage"), text(d, "incident"),
                       bool_or(d, "expected") ? "; the stage before is not filed yet" : "");
  });
  list("Due", "due", [](const Json& d) { return fmt::format("{}  {}", text(d, "time"), text(d, "what")); });
  list("Incidents", "incidents", [](const Json& i) {
    return fmt::format("{} {} {} on {}: {}", text(i, "id"), text(i, "severity"), text(i, "phase"), text(i, "endpoint"), text(i, "title"));
  });
  list("Endpoints", "endpoints", [](const Json& e) {
    std::string line = fmt::format("{} ({}, {}): {} records, newest {}\n{}", text(e, "name"), text(e, "mode"), text(e, "state"),
                                   text(e, "records"), text(e, "last_time"), detectors_text(e));
    if (line.ends_with('\n')) line.pop_back();
    return line;
  });
  return out;
}

}  // namespace firebreak::cli
