// alert, oncall, message, contacts: whom an incident reaches.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "run/main/case_words.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string joined(const Json& item, std::string_view key) {
  std::string out;
  for (const std::string& one : strings_or_empty(item, key)) out += (out.empty() ? "" : ", ") + one;
  return out.empty() ? "-" : out;
}

// A list as one cell.
JsonArray with_texts(const JsonArray& items, std::initializer_list<const char*> keys) {
  JsonArray out = items;
  for (Json& item : out)
    for (const char* key : keys) item.as_object()[key] = joined(item, key);
  return out;
}

int alert_list(Client& client) {
  const auto answer = client.get("/api/v1/alerts");
  if (const auto code = told_whole(client, answer)) return *code;
  const Json* const alerts = find(*answer, "alerts");
  if (alerts == nullptr) {
    fmt::print("nothing is configured: 'notify' in firebreak.yaml, docs/communication.md\n");
    return kDone;
  }
  if (alerts->as_array().empty()) fmt::print("no alert is open\n");
  else
    std::fputs(table(with_texts(alerts->as_array(), {"told"}), {{"ALERT", "/id", 16}, {"INCIDENT", "/incident", 16}, {"SEVERITY", "/severity", 8}, {"STATE", "/state", 14}, {"RAISED", "/raised", 24},
                                                                {"STEP", "/step", 5}, {"REACHED", "/told", 40}, {"NEXT", "/next", 24}, {"ACKNOWLEDGED BY", "/acknowledged_by", 24}}).c_str(), stdout);
  for (const Json& channel : answer->at("channels").as_array())
    if (string_or(channel, "state") == "failing")
      fmt::print("! channel {} fails since {}, {} times: {}\n", cell(find(channel, "channel")), string_or(channel, "since"), int_or(channel, "failures"), cell(find(channel, "what")));
  return kDone;
}

int oncall_show(Client& client) {
  const auto answer = client.get("/api/v1/oncall");
  if (const auto code = told_whole(client, answer)) return *code;
  const Json* const rotations = find(*answer, "rotations");
  if (rotations == nullptr || (rotations->as_array().empty() && answer->at("levels").as_array().empty())) {
    fmt::print("nobody is on call: 'notify' in firebreak.yaml, docs/communication.md\n");
    return kDone;
  }
  for (const Json& rotation : rotations->as_array()) {
    fmt::print("{}: {} now\n", cell(find(rotation, "rotation")), string_or(rotation, "contact", "nobody"));
    for (const Json& next : rotation.at("next").as_array()) fmt::print("  from {}  {}\n", string_or(next, "from"), string_or(next, "contact"));
  }
  for (const Json& one : answer->at("overrides").as_array())
    fmt::print("{}: {} instead in {} from {} until {}, by {} {}\n", string_or(one, "id"), string_or(one, "contact"), string_or(one, "rotation"), string_or(one, "from"), string_or(one, "until"), string_or(one, "by"), cell(find(one, "reason")));
  for (const Json& level : answer->at("levels").as_array()) fmt::print("level {}: {} (now {})\n", int_or(level, "level"), joined(level, "names"), joined(level, "contacts"));
  return kDone;
}

int message_list(Client& client, const std::string& incident) {
  const auto answer = client.get("/api/v1/messages" + (incident.empty() ? "" : "?incident=" + incident));
  if (const auto code = told_whole(client, answer)) return *code;
  const Json* const items = find(*answer, "items");
  if (items == nullptr || items->as_array().empty()) {
    fmt::print("no messages\n");
    return kDone;
  }
  std::fputs(table(with_texts(items->as_array(), {"approved_by"}), {{"MESSAGE", "/id", 14}, {"INCIDENT", "/incident", 14}, {"AUDIENCE", "/audience", 16}, {"STATE", "/state", 12}, {"DRAFTED", "/drafted", 24},
                                                                    {"BY", "/by", 20}, {"APPROVED BY", "/approved_by", 30}, {"SUBJECT", "/subject", 60}}).c_str(), stdout);
  return kDone;
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 32 && c != '\n') c = '?';
  return text;
}

int message_show(Client& client, const std::string& id) {
  const bool json = client.connection().json;
  const auto answer = client.get("/api/v1/messages");
  if (!answer) return report_error(answer.error(), json);
  const Json* const items = find(*answer, "items");
  if (items != nullptr)
    for (const Json& one : items->as_array()) {
      if (string_or(one, "id") != id) continue;
      if (json) {
        std::fputs(pretty_json(one).c_str(), stdout);
        return kDone;
      }
      fmt::print("{} to {} about {}: {}\ndrafted by {}, approved by {} ({} needed, of: {})\n", id, string_or(one, "audience"), string_or(one, "incident"), string_or(one, "state"), string_or(one, "by"), joined(one, "approved_by"),
                 int_or(one, "approvals"), joined(one, "approves"));
      fmt::print("goes to {}; reached {}; missed {}\n\nSubject: {}\n\n{}\n\nMust contain: {}\nMust not: {}\n", joined(one, "contacts"), joined(one, "reached"), joined(one, "missed"), printable(string_or(one, "subject")),
                 printable(string_or(one, "body")), joined(one, "must"), joined(one, "must_not"));
      if (string_or(one, "state") == "drafted") fmt::print("\nfirebreak message approve {} --digest {}\n", id, string_or(one, "digest"));
      return kDone;
    }
  return report_error(Error{Code::kNotFound, fmt::format("there is no message '{}'; 'firebreak message list' shows them", id), {}, 0}, json);
}

int message_plan(Client& client) {
  const auto answer = client.get("/api/v1/audiences");
  if (const auto code = told_whole(client, answer)) return *code;
  const Json* const items = find(*answer, "items");
  if (items == nullptr || items->as_array().empty()) {
    fmt::print("there is no communication plan: 'notify' in firebreak.yaml, docs/communication.md\n");
    return kDone;
  }
  std::fputs(table(with_texts(items->as_array(), {"asks", "drafts", "approves", "contacts"}),
                   {{"AUDIENCE", "/audience", 14}, {"WITHIN S", "/first_within_s", 8}, {"DRAFTS", "/drafts", 40}, {"APPROVES", "/approves", 30}, {"N", "/approvals", 2}, {"ASKS", "/asks", 40}, {"GOES TO", "/contacts", 40}}).c_str(), stdout);
  return kDone;
}

int draft_message(Client& client, const Words& w) {
  JsonObject values;
  for (const std::string& word : w.notify.values) {
    const std::size_t place = word.find('=');
    if (place == std::string::npos || place == 0) {
      (void)report_error(Error{Code::kInvalid, fmt::format("'{}' is not NAME=TEXT", word), {}, 0}, client.connection().json);
      return kUsage;
    }
    values[word.substr(0, place)] = word.substr(place + 1);
  }
  return give_command(client, "message.draft", JsonObject{{"incident", w.id}, {"audience", w.notify.audience}, {"values", std::move(values)}});
}

int override_turn(Client& client, const NotifyWords& w) {
  JsonObject args{{"rotation", w.rotation}, {"contact", w.contact}};
  for (const auto& [key, text] : {std::pair{"from", &w.from}, {"until", &w.until}}) {
    if (text->empty()) continue;
    auto moment = moment_of(client, *text);
    if (!moment) return report_error(moment.error(), client.connection().json);
    args[key] = std::move(*moment);
  }
  if (!w.reason.empty()) args["reason"] = w.reason;
  return give_command(client, "oncall.override", std::move(args));
}

int add_stakeholder(Client& client, const std::string& incident, const NotifyWords& n) {
  auto answer = client.post("/api/v1/stakeholders", JsonObject{{"incident", incident}, {"audience", n.audience}, {"hours", n.hours}});
  if (!answer) return report_error(answer.error(), client.connection().json);
  const std::string link = client.connection().url + string_or(*answer, "path");
  if (client.connection().json) {
    answer->as_object()["link"] = link;
    std::fputs(pretty_json(*answer).c_str(), stdout);
    return kDone;
  }
  fmt::print("{}\n", link);
  if (bool_or(*answer, "waits")) fmt::print(stderr, "firebreak: it opens nothing yet: {} waits for a second person (firebreak request list)\n", string_or(*answer, "id"));
  else fmt::print(stderr, "firebreak: {} opens until {}; 'firebreak stakeholder remove {}' ends it\n", string_or(*answer, "id"), string_or(*answer, "until"), string_or(*answer, "id"));
  return kDone;
}

// Needs no server: the card lies in the data folder, or wherever it was copied to.
int print_contacts(const std::string& path, bool json) {
  PosixFiles files;
  const auto text = read_all(files, path);
  if (!text) return report_error(Error{Code::kNotFound, fmt::format("there is no contact card at {}; the server writes it when 'notify' is configured, --data names its folder", path), {}, 0}, json);
  if (json) std::fputs(pretty_json(JsonObject{{"file", path}, {"card", *text}}).c_str(), stdout);
  else std::fputs(printable(*text).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_notify() {
  Words& w = words_;
  NotifyWords& n = words_.notify;
  auto* alert = noun("alert", "what calls people until somebody has it");
  verb(alert, "list", "open ones, whom they have reached, when they go to the next; channels that fail", alert_list);
  auto* ack = verb(alert, "ack", "say that you have it; 'incident ack' does so for all alerts of an incident", [&w](Client& c) { return give_command(c, "alert.ack", JsonObject{{"alert", w.id}}); });
  ack->add_option("alert", w.id, "alert-N")->required();
  auto* oncall = noun("oncall", "who is called");
  verb(oncall, "show", "whose turn it is and will be; the levels that an alert goes through", oncall_show);
  auto* over = verb(oncall, "override", "let somebody else have a turn for a while", [&n](Client& c) { return override_turn(c, n); });
  over->add_option("contact", n.contact)->required();
  over->add_option("--rotation", n.rotation)->required();
  over->add_option("--from", n.from, "now, +2h or a time; without it now");
  over->add_option("--until", n.until, "+8h or a time")->required();
  over->add_option("--reason", n.reason);
  auto* restore = verb(oncall, "restore", "end it before its time", [&w](Client& c) { return give_command(c, "oncall.restore", JsonObject{{"override", w.id}}); });
  restore->add_option("override", w.id, "ovr-N")->required();
  auto* message = noun("message", "words to the audiences of the communication plan");
  verb(message, "plan", "who hears what, within what time, and whose word it takes", message_plan);
  auto* list = verb(message, "list", "of one incident, or all", [&w](Client& c) { return message_list(c, w.incident); });
  list->add_option("--incident", w.incident);
  auto* show = verb(message, "show", "its text and digest, and what must and must not be in it", [&w](Client& c) { return message_show(c, w.id); });
  show->add_option("message", w.id, "msg-N")->required();
  auto* draft = verb(message, "draft", "from the audience's template", [&w](Client& c) { return draft_message(c, w); });
  draft->add_option("incident", w.id)->required();
  draft->add_option("--audience", n.audience, "as 'message plan' lists them")->required();
  draft->add_option("--set", n.values, "NAME=TEXT for each that the audience asks for");
  auto* approve = verb(message, "approve", "exactly the text with this digest; it leaves when all who must have", [&w](Client& c) {
    return give_command(c, "message.approve", JsonObject{{"message", w.id}, {"digest", w.digest}});
  });
  approve->add_option("message", w.id, "msg-N")->required();
  approve->add_option("--digest", w.digest)->required();
  auto* reject = verb(message, "reject", "it does not leave", [&w, &n](Client& c) { return give_command(c, "message.reject", JsonObject{{"message", w.id}, {"reason", n.reason}}); });
  reject->add_option("message", w.id, "msg-N")->required();
  reject->add_option("--reason", n.reason)->required();
  auto* sent = verb(message, "sent", "it went out by hand: no receiver is configured, or mail and chat are down", [&w, &n](Client& c) {
    return give_command(c, "message.sent", JsonObject{{"message", w.id}, {"how", n.how}});
  });
  sent->add_option("message", w.id, "msg-N")->required();
  sent->add_option("--how", n.how, "to whom, by what, with what proof")->required();
  auto* stakeholder = noun("stakeholder", "links by which an audience reads what it was told, and nothing else");
  auto* add = verb(stakeholder, "add", "prints the link, once", [&w, &n](Client& c) { return add_stakeholder(c, w.id, n); });
  add->add_option("incident", w.id)->required();
  add->add_option("--audience", n.audience, "as 'message plan' lists them")->required();
  add->add_option("--hours", n.hours, "how long it opens")->check(CLI::Range(1, 2'160));
  auto* remove = verb(stakeholder, "remove", "it opens nothing any more", [&w](Client& c) { return give_command(c, "stakeholder.remove", JsonObject{{"link", w.id}}); });
  remove->add_option("link", w.id, "stk-N")->required();
  auto* contacts = offline(app_.get(), "contacts", "whom to call, from the card in the data folder: needs no server, no network", [this, &n] {
    return print_contacts(n.card.empty() ? data_or("firebreak-data") + "/contacts.txt" : n.card, words_.connection.json);
  });
  contacts->add_option("--card", n.card, "a copy of the card");
}

}  // namespace firebreak::cli
