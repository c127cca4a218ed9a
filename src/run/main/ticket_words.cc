// ticket: incidents and follow-ups in other trackers.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

int link(Client& client, const Words& w) {
  const CasefileWords& c = w.casefile;
  JsonObject args{{"incident", w.id}, {"tracker", c.other}};
  if (!c.row.empty()) args["follow_up"] = c.row;
  if (!c.value.empty()) args["reference"] = c.value;
  return give_command(client, c.value.empty() ? "ticket.open" : "ticket.link", args);
}

// The incident stands in the ticket: whom it is kept from finds neither.
int about(Client& client, const Words& w, const std::string& verb, JsonObject args) {
  const auto known = client.get("/api/v1/tickets/" + w.id);
  if (!known) return report_error(known.error(), client.connection().json);
  args["incident"] = string_or(*known, "incident");
  args["ticket"] = w.id;
  return give_command(client, "ticket." + verb, args);
}

int list(Client& client, const Words& w) {
  const auto answer = client.get(fmt::format("/api/v1/tickets?limit={}{}", w.limit, w.incident.empty() ? "" : "&incident=" + w.incident));
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(table(answer->at("items").as_array(), {{"TICKET", "/id", 16}, {"STATE", "/state", 10}, {"TRACKER", "/tracker", 20}, {"REFERENCE", "/reference", 34}, {"STATUS THERE", "/status", 20},
                                                    {"INCIDENT", "/incident", 14}, {"FOLLOW-UP", "/follow_up", 14}, {"WAITING", "/waiting", 8}}).c_str(), stdout);
  return kDone;
}

int show(Client& client, const Words& w) {
  const auto answer = client.get("/api/v1/tickets/" + w.id);
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(details(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_ticket() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* ticket = noun("ticket", "incidents and follow-ups in other trackers: Jira, ServiceNow");
  for (const char* name : {"open", "link"}) {
    auto* linking = verb(ticket, name, std::string(name) == "open" ? "open a ticket; it is updated and closed as the incident goes on" : "link a ticket that there is already", [&w](Client& client) { return link(client, w); });
    linking->add_option("incident", w.id, "inc-N")->required();
    linking->add_option("tracker", c.other, "as the configuration names it")->required();
    if (std::string(name) == "link") linking->add_option("reference", c.value, "its id there: SEC-12, or the sys_id")->required();
    linking->add_option("--follow-up", c.row, "of this follow-up, not of the incident");
  }
  auto* comment = verb(ticket, "comment", "write a comment into a ticket", [&w, &c](Client& client) { return about(client, w, "comment", {{"text", c.text}}); });
  comment->add_option("ticket", w.id, "ticket-N")->required();
  comment->add_option("text", c.text)->required();
  verb(ticket, "retry", "try again now: what the tracker refused, or what waits for its next try", [&w](Client& client) { return about(client, w, "retry", {}); })->add_option("ticket", w.id, "ticket-N")->required();
  auto* unlink = verb(ticket, "unlink", "end the link; the ticket stays as it is there", [&w](Client& client) { return about(client, w, "unlink", {{"reason", w.reason}}); });
  unlink->add_option("ticket", w.id, "ticket-N")->required();
  unlink->add_option("--reason", w.reason)->required();
  auto* listing = verb(ticket, "list", "what is linked, how it stands there, how many calls wait for the tracker", [&w](Client& client) { return list(client, w); });
  listing->add_option("--incident", w.incident, "inc-N");
  listing->add_option("--limit", w.limit, "at most this many")->capture_default_str();
  verb(ticket, "show", "one, whole", [&w](Client& client) { return show(client, w); })->add_option("ticket", w.id, "ticket-N")->required();
}

}  // namespace firebreak::cli
