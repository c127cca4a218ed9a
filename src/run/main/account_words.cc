// Who may do what: users and their roles, second persons, break-glass, one-time codes, passwords, API keys.
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdio>
#include <iostream>

#include "run/main/command_line.h"
#include "run/main/print.h"
#include "types/roles.h"
#include "world/net/message.h"

namespace firebreak::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

JsonArray array_of(const std::vector<std::string>& words) {
  JsonArray array;
  for (const std::string& word : words) array.emplace_back(word);
  return array;
}

int print_answer(Client& client, const Result<Json>& answer, const std::function<void(const Json&)>& as_text) {
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) std::fputs(pretty_json(*answer).c_str(), stdout);
  else as_text(*answer);
  return kDone;
}

int print_list(Client& client, const std::string& path, const std::string& none, const std::vector<Column>& columns) {
  return print_answer(client, client.get(path), [&](const Json& answer) {
    const Json* items = find(answer, "items");
    if (items == nullptr || !items->is_array() || items->get_array().empty()) fmt::print("{}\n", none);
    else std::fputs(table(items->get_array(), columns).c_str(), stdout);
  });
}

int show_matrix(Client& client, const std::string& preset) {
  return print_answer(client, client.get("/api/v1/roles" + (preset.empty() ? "" : "?preset=" + net::percent_encode(preset))), [](const Json& answer) {
    fmt::print("preset {}{}{}\n", string_or(answer, "preset"), bool_or(answer, "mfa") ? ", approving takes a one-time code" : "",
               bool_or(answer, "own_browsers") ? ", who asks and who approves use two browsers" : "");
    std::vector<Column> columns{{"ROLE", "/role", 14}};
    static const std::vector<std::pair<std::string, std::string>> kColumns = [] {
      std::vector<std::pair<std::string, std::string>> made;
      for (const std::string_view duty : kDutyNames) {
        std::string title(duty);
        for (char& c : title) c = static_cast<char>(c - 'a' + 'A');
        made.emplace_back(title, "/duties/" + std::string(duty));
      }
      return made;
    }();
    for (const auto& [title, pointer] : kColumns) columns.push_back({title, pointer, 10});
    std::fputs(table(find(answer, "roles")->get_array(), columns).c_str(), stdout);
  });
}

// A line from standard input, without showing it when it is a terminal.
std::string hidden_line(const char* prompt) {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  termios shown{};
  if (terminal) {
    fmt::print(stderr, "{}", prompt);
    tcgetattr(STDIN_FILENO, &shown);
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fmt::print(stderr, "\n");
  }
  return line;
}

int set_password(Client& client, const std::string& user) {
  JsonObject body{{"password", hidden_line("New password: ")}};
  if (!user.empty()) body["user"] = user;
  return print_answer(client, client.put("/api/v1/password", body), [](const Json& answer) { fmt::print("journal {}: password_set\n", int_or(answer, "index")); });
}

int enroll(Client& client) {
  return print_answer(client, client.post("/api/v1/mfa", JsonObject{}), [](const Json& answer) {
    fmt::print("{}\n{}\n", string_or(answer, "uri"), string_or(answer, "secret"));
    fmt::print(stderr, "firebreak: put it into your authenticator, then: firebreak mfa confirm CODE\n");
  });
}

int add_key(Client& client, const AccountWords& words) {
  JsonObject body{{"name", words.name}, {"scope", array_of(words.scope)}, {"days", words.days}};
  if (!words.user.empty()) body["user"] = words.user;
  return print_answer(client, client.post("/api/v1/keys", body), [](const Json& answer) {
    fmt::print("{}\n", string_or(answer, "key"));
    fmt::print(stderr, "firebreak: {}, until {}; it is shown this once\n", string_or(answer, "id"), string_or(answer, "expires"));
  });
}

int list_glasses(Client& client) {
  return print_list(client, "/api/v1/break-glass", "nobody acts alone, and nothing waits for a review",
                    {{"GLASS", "/id", 16}, {"BY", "/by", 24}, {"UNTIL", "/until", 26}, {"IN USE", "/in_use", 6}, {"REVIEW BY", "/review_by", 26}, {"OVERDUE", "/overdue", 7}, {"REASON", "/reason", 60}});
}

}  // namespace

void CommandLine::add_users() {
  Words& w = words_;
  AccountWords& a = words_.account;
  const std::string roles = "viewer, analyst, ml_engineer, fraud_analyst, scribe, legal, commander, approver, admin, auditor (several: a,b); or gateway, producer";
  auto* user = noun("user", "who may sign in (as admin)");
  auto* adding = verb(user, "add", "add a person or program", [&a](Client& c) { return give_command(c, "user.add", JsonObject{{"user", a.user}, {"role", joined(a.roles)}}); });
  adding->add_option("user", a.user)->required();
  adding->add_option("--role", a.roles, roles)->required()->delimiter(',')->allow_extra_args(false);
  auto* changing = verb(user, "roles", "give a person other roles", [&w, &a](Client& c) {
    return give_command(c, "user.roles", JsonObject{{"user", a.user}, {"role", joined(a.roles)}, {"reason", w.reason}});
  });
  changing->add_option("user", a.user)->required();
  changing->add_option("--role", a.roles, roles)->required()->delimiter(',')->allow_extra_args(false);
  changing->add_option("--reason", w.reason)->required();
  verb(user, "list", "all, with their roles", [](Client& c) {
    return print_list(c, "/api/v1/users", "nobody", {{"USER", "/user", 32}, {"ROLE", "/role", 60}, {"CODES", "/codes", 6}, {"PASSWORD", "/password", 8}, {"SCRIPTED", "/scripted", 8}});
  });
  auto* access = noun("access", "how duties are spread over roles");
  auto* showing = verb(access, "show", "who does, proposes or only sees what", [&a](Client& c) { return show_matrix(c, a.name); });
  showing->add_option("--preset", a.name, "of another preset than the one in force");
  auto* preset = verb(access, "preset", "choose another preset (as admin)", [&w, &a](Client& c) {
    return give_command(c, "access.preset", JsonObject{{"preset", a.name}, {"reason", w.reason}});
  });
  preset->add_option("preset", a.name, "solo, pair, team, enterprise")->required();
  preset->add_option("--reason", w.reason)->required();
}

void CommandLine::add_break_glass() {
  Words& w = words_;
  AccountWords& a = words_.account;
  auto* glass = verb(app_.get(), "break-glass", "act alone for 4 hours, with a reason; all of it is marked, and somebody else reviews it. Without options: what is open", [&w, &a](Client& c) {
    if (!a.review.empty()) return give_command(c, "break_glass.review", JsonObject{{"break_glass", a.review}, {"verdict", a.verdict}, {"text", a.text}});
    return w.reason.empty() ? list_glasses(c) : give_command(c, "break_glass.open", JsonObject{{"reason", w.reason}});
  });
  auto* reason = glass->add_option("--reason", w.reason, "why nobody else can be asked");
  auto* review = glass->add_option("--review", a.review, "bg-N: say what you think of it")->excludes(reason);
  auto* verdict = glass->add_option("--verdict", a.verdict, "justified, not_justified")->needs(review);
  auto* text = glass->add_option("--text", a.text, "what you found")->needs(review);
  review->needs(verdict)->needs(text);
  auto* request = noun("request", "commands that wait for a second person");
  verb(request, "list", "those that wait", [](Client& c) {
    return print_list(c, "/api/v1/requests", "nothing waits for a second person",
                      {{"REQUEST", "/id", 16}, {"COMMAND", "/command", 24}, {"WITH", "/args", 240}, {"BY", "/by", 24}, {"EXPIRES", "/expires", 26}, {"DIGEST", "/digest", 64}});
  });
  auto* approving = verb(request, "approve", "yes to exactly this command", [&w](Client& c) {
    return give_command(c, "request.approve", JsonObject{{"request", w.id}, {"digest", w.digest}});
  });
  approving->add_option("request", w.id, "ask-N")->required();
  approving->add_option("--digest", w.digest, "as 'request list' prints it")->required();
  auto* rejecting = verb(request, "reject", "refuse it, or take it back", [&w](Client& c) {
    return give_command(c, "request.reject", JsonObject{{"request", w.id}, {"reason", w.reason}});
  });
  rejecting->add_option("request", w.id, "ask-N")->required();
  rejecting->add_option("--reason", w.reason)->required();
}

void CommandLine::add_accounts() {
  Words& w = words_;
  AccountWords& a = words_.account;
  add_users();
  add_break_glass();
  auto* mfa = noun("mfa", "one-time codes, for approving");
  verb(mfa, "enroll", "make a secret for your authenticator; it is shown this once", enroll);
  auto* confirming = verb(mfa, "confirm", "its first code: from now on approving takes one", [&w](Client& c) {
    return print_answer(c, c.post("/api/v1/mfa/confirm", JsonObject{{"code", w.id}}), [](const Json& answer) { fmt::print("journal {}: mfa_confirmed\n", int_or(answer, "index")); });
  });
  confirming->add_option("code", w.id)->required();
  auto* resetting = verb(mfa, "reset", "forget a person's codes (as admin)", [&w, &a](Client& c) {
    return give_command(c, "mfa.reset", JsonObject{{"user", a.user}, {"reason", w.reason}});
  });
  resetting->add_option("user", a.user)->required();
  resetting->add_option("--reason", w.reason)->required();
  auto* password = verb(app_.get(), "password", "set a password to sign in with, from standard input", [&a](Client& c) { return set_password(c, a.user); });
  password->add_option("--user", a.user, "somebody else's (as admin)");
  auto* key = noun("key", "API keys: some of your duties, until a day");
  auto* adding = verb(key, "add", "make one; it is shown this once", [&a](Client& c) { return add_key(c, a); });
  adding->add_option("name", a.name, "what it is for")->required();
  adding->add_option("--scope", a.scope, "duties, as timeline,evidence; 'access show' names them")->required()->delimiter(',')->allow_extra_args(false);
  adding->add_option("--days", a.days, "at most 400")->capture_default_str();
  adding->add_option("--user", a.user, "of somebody else (as admin)");
  verb(key, "list", "yours; an admin sees all", [](Client& c) {
    return print_list(c, "/api/v1/keys", "no keys", {{"KEY", "/id", 16}, {"NAME", "/name", 32}, {"USER", "/user", 32}, {"SCOPE", "/scope", 60}, {"EXPIRES", "/expires", 26}});
  });
  auto* revoking = verb(key, "revoke", "end one now", [&w](Client& c) { return give_command(c, "key.revoke", JsonObject{{"key", w.id}}); });
  revoking->add_option("key", w.id, "key-N")->required();
  for (const bool exclude : {true, false}) {
    auto* sub = verb(incident_, exclude ? "exclude" : "include", exclude ? "keep it from a person: for them there is none" : "let an excluded person see it again", [&w, &a, exclude](Client& c) {
      return give_command(c, exclude ? "incident.exclude" : "incident.include", JsonObject{{"incident", w.id}, {"user", a.user}, {"reason", w.reason}});
    });
    sub->add_option("incident", w.id)->required();
    sub->add_option("user", a.user)->required();
    sub->add_option("--reason", w.reason)->required();
  }
}

}  // namespace firebreak::cli
