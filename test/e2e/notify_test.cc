// Alerts reach people on a whole installation: receivers are down, hang, and come back; the server is killed in between; messages go
// out after approval; and when mail and chat are down, people still declare, log, approve and find each other's numbers.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <mutex>

#include "base/encoding.h"
#include "support/installation.h"
#include "types/free_text.h"
#include "run/app/room.h"
#include "world/connect/messenger.h"
#include "world/net/mail_receiver_testing.h"

namespace firebreak {
namespace {

using ::testing::HasSubstr;
using testing::Finished;
using testing::Installation;
using testing::MailReceiver;

// A receiver of requests at a port of its own, that can go away and come back.
struct Receiver {
  void up() {
    net::ServerOptions options;
    options.port = port;
    server = std::move(*net::HttpServer::start(options, [this](net::Request request, net::Responder responder) {
      const std::lock_guard lock(mutex);
      requests.push_back(std::move(request));
      if (hang) return waiting.push_back(std::move(responder));
      net::Response response;
      response.status = 202;
      response.body = R"({"status":"success"})";
      responder(std::move(response));
    }));
  }
  std::vector<net::Request> got() {
    const std::lock_guard lock(mutex);
    return requests;
  }
  const testing::Port port;
  std::mutex mutex;
  bool hang = false;
  std::vector<net::Responder> waiting;
  std::vector<net::Request> requests;
  std::unique_ptr<net::HttpServer> server;
};

template <class Condition>
bool holds(Condition condition) {
  for (int i = 0; i < 800; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return false;
}

// One step: page ana.
constexpr const char* kPlaybook = R"({
  "type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--00000000-0000-4000-8000-000000000005", "name": "Page", "created_by": "identity--00000000-0000-4000-8000-000000000004",
  "created": "2026-03-01T09:00:00.000Z", "modified": "2026-03-01T09:00:00.000Z",
  "workflow_start": "start--00000000-0000-4000-8000-000000000010", "workflow_exception": "end--00000000-0000-4000-8000-000000000013",
  "agent_definitions": {"security-category--00000000-0000-4000-8000-000000000002": {"type": "security-category", "name": "Firebreak", "category": ["orchestrator"]}},
  "workflow": {
    "start--00000000-0000-4000-8000-000000000010": {"type": "start", "on_completion": "action--00000000-0000-4000-8000-000000000011"},
    "action--00000000-0000-4000-8000-000000000011": {"type": "action", "name": "Page", "agent": "security-category--00000000-0000-4000-8000-000000000002",
      "commands": [{"type": "firebreak", "command": "page chief \"come to the desk\""}], "on_completion": "end--00000000-0000-4000-8000-000000000012"},
    "end--00000000-0000-4000-8000-000000000012": {"type": "end"},
    "end--00000000-0000-4000-8000-000000000013": {"type": "end"}}})";

struct Place : Installation {
  explicit Place(int acknowledge_within_s = 300) {
    write(folder() / "routing.key", "R0UTE\n");
    write(folder() / "hook.secret", "hook secret\n");
    write(folder() / "playbook.json", kPlaybook);
    for (const char* name : {"routing.key", "hook.secret"}) ::chmod((folder() / name).c_str(), 0600);
    write(folder() / "firebreak.yaml", "gateways: {gw-1: {control: '" + control_url() + "', token_file: control.token}}\nplaybooks: [playbook.json]\n" + fmt::format(R"(notify:
  channels:
    mail: {{kind: smtp, url: 'smtp://127.0.0.1:{}', from: firebreak@example.org, tls: if_offered, timeout_s: 5}}
    pager: {{kind: pagerduty, url: 'http://127.0.0.1:{}/v2/enqueue', routing_key_file: routing.key, timeout_s: 60}}
    chat: {{kind: webhook, url: 'http://127.0.0.1:{}/chat', secret_file: hook.secret}}
  contacts:
    ana: {{phone: '+49 30 1234', ways: [pager, {{mail: ana@example.org}}]}}
    chief: {{phone: '+49 30 5678', ways: [{{mail: chief@example.org}}]}}
    board: {{ways: [{{mail: board@example.org}}]}}
    room: {{ways: [chat]}}
  rotations:
    oncall: {{people: [ana], zone: UTC, start: '2020-01-06T09:00:00'}}
  levels: [[oncall], [chief]]
  acknowledge_within_s: {{SEV-1: {}, SEV-2: 900}}
  attempts: 2
  backoff_s: [1]
  audiences: {{executives: [board], owners: [room]}}
  room: {{secret_file: hook.secret, channel: C1, users: {{U1: ana, U2: ben}}}}
)", static_cast<unsigned>(mail_port), static_cast<unsigned>(pager.port), static_cast<unsigned>(chat.port), acknowledge_within_s));
  }

  void begin() {
    ASSERT_TRUE(start_server());
    ASSERT_TRUE(start_gateway());
    set_up();
  }
  std::string declare(const std::string& title = "odd answers for Erika Mustermann", const std::string& severity = "SEV-1") {
    const auto opened = command("ana", "incident.declare", JsonObject{{"endpoint", "scores"}, {"title", title}, {"severity", severity}});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? string_or(*opened, "id") : "";
  }
  std::vector<Json> entries(const std::string& kind) {
    std::vector<Json> out;
    const auto page = get("/api/v1/journal?limit=1000");
    if (!page) return out;
    for (const Json& entry : page->at("items").as_array())
      if (string_or(entry, "kind") == kind) out.push_back(entry);
    return out;
  }
  Finished firebreak(std::vector<std::string> words, const std::string& who = "ana") const {
    words.insert(words.begin(), {FIREBREAK_BINARY, "--url", url(), "--token", token(who)});
    return testing::run(words, folder() / "err");
  }
  void mail_up() { mail = std::make_unique<MailReceiver>(mail_port); }

  const testing::Port mail_port;
  std::unique_ptr<MailReceiver> mail;
  Receiver pager, chat;
};

std::string text_of(const MailReceiver::Got& mail) {
  std::string out;
  for (std::size_t from = mail.data.find("\n\n") + 2; from < mail.data.size(); from = mail.data.find('\n', from) + 1) out += from_base64(mail.data.substr(from, mail.data.find('\n', from) - from)).value_or("");
  return out;
}

TEST(Notify, goes_over_the_next_channel_when_the_first_is_down_and_says_so) {
  Place place;
  place.mail_up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare();
  ASSERT_TRUE(holds([&] { return place.mail->got().size() == 1; }));
  EXPECT_EQ(place.mail->got()[0].to, "<ana@example.org>");
  EXPECT_THAT(text_of(place.mail->got()[0]), HasSubstr("odd answers for Erika Mustermann")) << "what was typed is put in on the way out";
  ASSERT_TRUE(holds([&] { return place.entries("delivery_ended").size() == 3; })) << "two tries of the pager, one mail";
  const Json proof = place.entries("delivery_ended").back().at("body");
  EXPECT_EQ(string_or(proof, "result"), "delivered");
  EXPECT_EQ(int_or(proof, "status"), 250);
  EXPECT_EQ(string_or(proof, "answer_digest").size(), 64U);
  EXPECT_THAT(place.mail->got()[0].data, HasSubstr("Message-ID: <" + string_or(proof, "id") + ">"));
  const Finished status = place.firebreak({"status"});
  EXPECT_THAT(status.out, HasSubstr("RED pager (pagerduty) fails since"));
  EXPECT_THAT(status.out, HasSubstr("not acknowledged; ana reached so far"));
  EXPECT_THAT(place.firebreak({"alert", "list"}).out, HasSubstr(incident));
  for (const char* kind : {"alert_raised", "alert_step", "delivery_ordered", "delivery_ended"})
    for (const Json& entry : place.entries(kind)) EXPECT_EQ(canonical_json(entry).find("ana@"), std::string::npos) << "no address in the journal: " << canonical_json(entry);
}

TEST(Notify, loses_nothing_when_the_receiver_hangs_and_the_server_is_killed) {
  Place place;
  place.mail_up();
  place.pager.hang = true;
  place.pager.up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare();
  ASSERT_TRUE(holds([&] { return place.pager.got().size() == 1; }));
  EXPECT_EQ(place.server().end(SIGKILL), 128 + SIGKILL);
  {
    const std::lock_guard lock(place.pager.mutex);
    place.pager.hang = false;
  }
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(holds([&] { return place.pager.got().size() == 2; }));
  const auto key = [&](std::size_t i) { return string_or(parse_json(place.pager.got()[i].body).value(), "dedup_key"); };
  EXPECT_EQ(key(0), key(1)) << "the pager can tell that it has it";
  ASSERT_TRUE(holds([&] { return place.entries("delivery_ended").size() == 1; }));
  EXPECT_EQ(int_or(place.entries("delivery_ended")[0].at("body"), "attempt"), 2);
  EXPECT_EQ(place.entries("delivery_ordered").size(), 1U) << "nobody was called twice";
  EXPECT_TRUE(place.mail->got().empty());
  EXPECT_EQ(place.firebreak({"incident", "ack", incident}).code, 0);
  ASSERT_TRUE(holds([&] { return place.pager.got().size() == 3; }));
  const Json over = parse_json(place.pager.got()[2].body).value();
  EXPECT_EQ(string_or(over, "event_action"), "acknowledge");
  EXPECT_EQ(string_or(over, "dedup_key"), key(0));
}

TEST(Notify, calls_the_next_level_when_nobody_acknowledges_in_time) {
  Place place(3);
  place.mail_up();
  place.pager.up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare();
  ASSERT_TRUE(holds([&] { return !place.mail->got().empty(); }));
  EXPECT_EQ(place.mail->got()[0].to, "<chief@example.org>");
  EXPECT_EQ(place.pager.got().size(), 1U);
  EXPECT_EQ(place.firebreak({"incident", "ack", incident}).code, 0);
  const auto alerts = place.get("/api/v1/alerts");
  ASSERT_TRUE(alerts);
  EXPECT_TRUE(alerts->at("alerts").at(0).at("next").is_null()) << "nobody is called any more";
  EXPECT_THAT(place.firebreak({"alert", "list"}).out, HasSubstr("acknowledged"));
}

TEST(Notify, answers_a_playbook_when_its_page_has_arrived) {
  Place place;
  place.mail_up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare("odd answers", "SEV-3");
  const Finished run = place.firebreak({"playbook", "run", "playbook--00000000-0000-4000-8000-000000000005", "--incident", incident});
  ASSERT_EQ(run.code, 0) << run.out << run.err;
  ASSERT_TRUE(holds([&] { return place.entries("playbook_run_ended").size() == 1; }));
  EXPECT_EQ(string_or(place.entries("playbook_run_ended")[0].at("body"), "outcome"), "success");
  ASSERT_EQ(place.mail->got().size(), 1U);
  EXPECT_EQ(place.mail->got()[0].to, "<chief@example.org>");
  EXPECT_THAT(text_of(place.mail->got()[0]), HasSubstr("come to the desk"));
  EXPECT_EQ(place.entries("playbook_call_started").size(), 0U) << "it went the way of alerts";
}

TEST(Notify, sends_a_message_after_somebody_else_approved_it_and_measures_it) {
  Place place;
  place.mail_up();
  place.pager.up();
  place.chat.up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare();
  EXPECT_EQ(place.firebreak({"message", "draft", incident, "--audience", "executives", "--set", "impact=Erika Mustermann was declined"}).code, 2) << "containment and decision are missing";
  const Finished drafted = place.firebreak({"--json", "message", "draft", incident, "--audience", "executives", "--set", "impact=Erika Mustermann was declined", "--set", "containment=not yet", "--set", "decision=none"});
  ASSERT_EQ(drafted.code, 0) << drafted.err << drafted.out;
  const std::string message = string_or(parse_json(drafted.out).value(), "id");
  const Json shown = parse_json(place.firebreak({"--json", "message", "show", message}).out).value();
  EXPECT_THAT(string_or(shown, "body"), HasSubstr("Impact: Erika Mustermann was declined"));
  EXPECT_EQ(place.firebreak({"message", "approve", message, "--digest", string_or(shown, "digest")}, "ana").code, 3) << "her own";
  EXPECT_EQ(place.firebreak({"message", "approve", message, "--digest", std::string(64, '0')}, "ben").code, 3);
  EXPECT_EQ(place.firebreak({"message", "approve", message, "--digest", string_or(shown, "digest")}, "ben").code, 0);
  ASSERT_TRUE(holds([&] { return place.mail->got().size() == 1; }));
  EXPECT_EQ(place.mail->got()[0].to, "<board@example.org>");
  EXPECT_THAT(text_of(place.mail->got()[0]), HasSubstr("Erika Mustermann was declined"));
  ASSERT_TRUE(holds([&] { return place.entries("update_given").size() == 1; }));
  const Json given = place.entries("update_given")[0].at("body");
  EXPECT_EQ(int_or(given, "within_s"), 1800);
  EXPECT_TRUE(bool_or(given, "in_time"));
  const auto journal = place.get("/api/v1/journal?limit=1000");
  ASSERT_TRUE(journal);
  EXPECT_EQ(canonical_json(journal->at("items")).find("Erika"), std::string::npos) << "what people typed can be erased";
  // To the owners over the signed webhook.
  const Finished second = place.firebreak({"--json", "message", "draft", incident, "--audience", "owners", "--set", "condition=a", "--set", "actions=b", "--set", "needs=c"});
  const std::string owners = string_or(parse_json(second.out).value(), "id");
  const Json text = parse_json(place.firebreak({"--json", "message", "show", owners}).out).value();
  EXPECT_EQ(place.firebreak({"message", "approve", owners, "--digest", string_or(text, "digest")}, "ben").code, 0);
  ASSERT_TRUE(holds([&] { return place.chat.got().size() == 1; }));
  const net::Request got = place.chat.got()[0];
  EXPECT_EQ(got.header("firebreak-signature"), connect::webhook_signature("hook secret", std::string(got.header("firebreak-timestamp")), got.body));
  EXPECT_THAT(place.firebreak({"message", "list"}).out, HasSubstr("delivered"));
}

TEST(Notify, takes_words_from_the_room_as_those_of_the_person_and_lets_nobody_approve_there) {
  Place place;
  place.mail_up();
  place.pager.up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const auto post = [&](const std::string& body, const std::string& type, std::int64_t age_s, const std::string& secret) {
    net::HttpClient http;
    net::Request request;
    request.method = "POST";
    request.body = body;
    const std::string timestamp = std::to_string(SystemClock().now().us / kSecond - age_s);
    request.headers = {{"content-type", type}, {"x-slack-request-timestamp", timestamp}, {"x-slack-signature", app::room_signature(secret, timestamp, body)}};
    return *http.send(request, place.url() + "/api/v1/room");
  };
  const auto say = [&](const std::string& text, const std::string& user = "U1") { return string_or(parse_json(post("channel_id=C1&user_id=" + user + "&text=" + text, "application/x-www-form-urlencoded", 0, "hook secret").body).value(), "text"); };
  EXPECT_EQ(post("user_id=U1&text=status", "application/x-www-form-urlencoded", 0, "forged").status, 401);
  EXPECT_EQ(post("user_id=U1&text=status", "application/x-www-form-urlencoded", 301, "hook secret").status, 401) << "too old";
  EXPECT_THAT(say("declare+scores+SEV-1+odd+answers%2C+HIDDEN"), HasSubstr("declared"));
  ASSERT_EQ(place.entries("incident_opened").size(), 1U);
  const std::string incident = "inc-" + std::to_string(int_or(place.entries("incident_opened")[0], "index"));
  EXPECT_EQ(string_or(place.entries("incident_opened")[0].at("body"), "declared_by"), "user:ana");
  EXPECT_THAT(say("ack", "U2"), HasSubstr(incident + " is yours"));
  EXPECT_THAT(say("note+" + incident + "+the+key+leaked"), HasSubstr("noted"));
  EXPECT_THAT(say("handover+" + incident + "+commander+ben"), HasSubstr("ben is commander"));
  EXPECT_THAT(say("status"), HasSubstr("odd answers, HIDDEN"));
  EXPECT_THAT(say("approve+act-1", "U2"), HasSubstr("is not said here"));
  EXPECT_THAT(say("contain+" + incident + "+fallback+60"), ::testing::AnyOf(HasSubstr("proposed"), HasSubstr("option"))) << "an option is offered once its forecast is made";
  EXPECT_TRUE(place.entries("action_approved").empty());
  EXPECT_THAT(say("status", "U9"), HasSubstr("no account"));
  EXPECT_THAT(string_or(parse_json(post("channel_id=C2&user_id=U1&text=status", "application/x-www-form-urlencoded", 0, "hook secret").body).value(), "text"), HasSubstr("not the incident room"));
  // A pinned message becomes a fact, once, however often the chat sends it.
  const std::string pin = R"({"type":"event_callback","event":{"type":"pin_added","user":"U2","channel_id":"C1","item":{"message":{"text":"rollback began","permalink":"https://chat.example.org/p1"}}}})";
  const std::string timestamp = std::to_string(SystemClock().now().us / kSecond);
  for (int i = 0; i < 2; ++i) {
    net::HttpClient http;
    net::Request request;
    request.method = "POST";
    request.body = pin;
    request.headers = {{"content-type", "application/json"}, {"x-slack-request-timestamp", timestamp}, {"x-slack-signature", app::room_signature("hook secret", timestamp, pin)}};
    EXPECT_EQ(http.send(request, place.url() + "/api/v1/room")->status, 200);
  }
  EXPECT_EQ(place.entries("incident_note").size(), 2U);
  EXPECT_THAT(place.firebreak({"incident", "show", incident}).out, HasSubstr("pinned: rollback began https://chat.example.org/p1"));
  EXPECT_EQ(parse_json(post(R"({"type":"url_verification","challenge":"c7"})", "application/json", 0, "hook secret").body).value().at("challenge").as_string(), "c7");
}

TEST(Notify, shows_a_stakeholder_what_was_told_and_nothing_else) {
  Place place;
  place.mail_up();
  place.pager.up();
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare();
  EXPECT_EQ(place.firebreak({"incident", "note", incident, "HIDDEN note"}).code, 0);
  for (int i = 0; i < 5; ++i) EXPECT_NE(place.firebreak({"message", "plan"}).out.find("executives"), std::string::npos);
  const Finished drafted = place.firebreak({"--json", "message", "draft", incident, "--audience", "executives", "--set", "impact=3 of 10", "--set", "containment=HIDDEN", "--set", "decision=c"});
  const Finished link = place.firebreak({"--json", "stakeholder", "add", incident, "--audience", "executives", "--hours", "2"});
  ASSERT_EQ(link.code, 0) << link.err << link.out;
  const Json given = parse_json(link.out).value();
  const std::string secret = string_or(given, "secret");
  net::HttpClient http;
  http.set_token(secret);
  const auto seen = [&] { return http.get(place.url() + "/api/v1/stakeholder")->body; };
  EXPECT_EQ(seen().find("HIDDEN"), std::string::npos) << "a draft is no word";
  const std::string message = string_or(parse_json(drafted.out).value(), "id");
  const Json shown = parse_json(place.firebreak({"--json", "message", "show", message}).out).value();
  EXPECT_EQ(place.firebreak({"message", "approve", message, "--digest", string_or(shown, "digest")}, "ben").code, 0);
  ASSERT_TRUE(holds([&] { return seen().find("3 of 10") != std::string::npos; })) << seen();
  EXPECT_EQ(seen().find("note"), std::string::npos);
  std::istringstream lines{http.get(place.url() + "/api/v1/openapi.yaml")->body};
  std::size_t asked = 0;
  for (std::string line; std::getline(lines, line) && !line.starts_with("components:");) {
    if (!line.starts_with("  /api/v1/") || line == "  /api/v1/openapi.yaml:" || line == "  /api/v1/stakeholder:") continue;
    const auto answer = http.get(place.url() + line.substr(2, line.size() - 3));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->status == 401 || answer->status == 405) << line << answer->status;
    ++asked;
  }
  EXPECT_GT(asked, 40U);
  EXPECT_EQ(http.get(place.url() + "/stakeholder.html")->status, 200);
  EXPECT_EQ(place.firebreak({"stakeholder", "remove", string_or(given, "id")}).code, 0);
  EXPECT_EQ(http.get(place.url() + "/api/v1/stakeholder")->status, 401);
}

TEST(Notify, lets_people_declare_log_and_approve_when_mail_and_chat_are_down) {
  Place place(3);
  ASSERT_NO_FATAL_FAILURE(place.begin());
  const std::string incident = place.declare();
  EXPECT_EQ(place.firebreak({"incident", "note", incident, "the chat is down, we use the telephone"}).code, 0);
  const Finished drafted = place.firebreak({"--json", "message", "draft", incident, "--audience", "executives", "--set", "impact=a", "--set", "containment=b", "--set", "decision=c"});
  const std::string message = string_or(parse_json(drafted.out).value(), "id");
  const Json shown = parse_json(place.firebreak({"--json", "message", "show", message}).out).value();
  EXPECT_EQ(place.firebreak({"message", "approve", message, "--digest", string_or(shown, "digest")}, "ben").code, 0);
  const auto state = [&] { return string_or(parse_json(place.firebreak({"--json", "message", "show", message}).out).value(), "state"); };
  ASSERT_TRUE(holds([&] { return state() == "undelivered"; }));
  EXPECT_THAT(place.firebreak({"status"}).out, HasSubstr("did not reach everybody"));
  EXPECT_EQ(place.firebreak({"message", "sent", message, "--how", "read to the board by telephone"}).code, 0);
  EXPECT_EQ(state(), "sent");
  EXPECT_EQ(place.entries("update_given").size(), 1U);
  // The alert is still going on, and arrives when a channel comes back.
  place.mail_up();
  EXPECT_TRUE(holds([&] { return !place.mail->got().empty(); }));
  // And the card needs no server at all.
  EXPECT_EQ(place.firebreak({"oncall", "override", "chief", "--rotation", "oncall", "--until", "+8h"}).code, 0);
  const std::string card = place.data() + "/contacts.txt";
  const auto printed = [&] { return testing::run({FIREBREAK_BINARY, "--data", place.data(), "contacts"}).out; };
  EXPECT_TRUE(holds([&] { return printed().find("oncall: chief now") != std::string::npos; })) << printed();
  place.server().end(SIGKILL);
  EXPECT_THAT(printed(), HasSubstr("+49 30 1234"));
  struct stat about {};
  ASSERT_EQ(::stat(card.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  EXPECT_EQ(testing::run({FIREBREAK_BINARY, "--data", place.folder() / "nowhere", "contacts"}).code, 1);
}

TEST(Notify, the_commander_sees_on_one_page_who_was_called_in_vain_and_who_is_to_hear_next) {
  Place place;
  place.begin();
  const std::string incident = place.declare();
  const auto page = [&] { return place.get("/api/v1/incidents/" + incident + "/brief", "ana").value(); };
  Json brief = page();
  ASSERT_EQ(brief.at("alerts").as_array().size(), 1u) << canonical_json(brief.at("alerts"));
  const std::string alert = string_or(brief.at("alerts").at(0), "id");
  EXPECT_EQ(string_or(brief.at("next_update"), "audience"), "executives") << canonical_json(brief.at("updates"));
  EXPECT_GT(int_or(brief.at("next_update"), "left_s"), 0);
  EXPECT_THAT(canonical_json(brief.at("burning")), HasSubstr(alert + " is not acknowledged"));
  EXPECT_THAT(canonical_json(brief.at("yours")), HasSubstr("firebreak alert ack " + alert)) << "anybody may take it";
  ASSERT_TRUE(place.command("ana", "alert.ack", JsonObject{{"alert", alert}}));
  brief = page();
  EXPECT_TRUE(brief.at("alerts").as_array().empty());
  EXPECT_EQ(canonical_json(brief.at("burning")).find(alert), std::string::npos);
}

// The node is the gateway: the only other process of an installation, and the one that carries a measure out. Mail, pager and chat are down with
// it. People go on; what they decided waits, and takes effect once when the node is back.
TEST(Notify, lets_people_declare_log_and_approve_when_the_gateway_is_down_too_and_it_takes_effect_once_when_it_is_back) {
  Place place;
  ASSERT_NO_FATAL_FAILURE(place.begin());
  place.gateway().end(SIGKILL);
  EXPECT_NE(place.score("nobody-answers").status, 200) << "callers do not get through: that is what is down";
  const std::string incident = place.declare();
  ASSERT_NE(incident, "");
  EXPECT_EQ(place.firebreak({"incident", "note", incident, "gateway, mail and chat are down, we use the telephone"}).code, 0);
  const auto proposed = place.command("ana", "action.propose", JsonObject{{"endpoint", "scores"}, {"incident", incident}, {"lease_s", 3'600}, {"measure", JsonObject{{"kind", "fallback"}}}});
  ASSERT_TRUE(proposed) << proposed.error().message << proposed.error().pointer;
  const std::string action = string_or(*proposed, "id");
  const auto asked = [&] { return place.get("/api/v1/actions/" + action).value_or(Json(JsonObject{})); };
  ASSERT_TRUE(holds([&] { return string_or(asked(), "digest") != ""; }));
  ASSERT_TRUE(place.command("admin", "user.add", JsonObject{{"user", "eva"}, {"role", "approver"}}));
  ASSERT_TRUE(place.command("admin", "token.add", JsonObject{{"user", "eva"}, {"token_hash", sha256(place.token("eva")).hex()}}));
  for (const char* who : {"ben", "eva"}) ASSERT_TRUE(place.command(who, "action.approve", JsonObject{{"action", action}, {"digest", string_or(asked(), "digest")}})) << who;
  ASSERT_TRUE(holds([&] { return !place.entries("order_started").empty(); })) << "it is tried";
  EXPECT_TRUE(place.entries("action_in_force").empty()) << "and nobody says that it is in force";
  // The server goes down as well and comes back before the gateway does: what was decided is not lost.
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(place.firebreak({"incident", "note", incident, "the server was down for a moment"}).code, 0);
  ASSERT_TRUE(place.start_gateway());
  EXPECT_TRUE(holds([&] { return place.entries("action_in_force").size() == 1; })) << canonical_json(asked());
  EXPECT_TRUE(holds([&] { return place.score("rules-" + std::to_string(std::rand())).body.find("decline") != std::string::npos; })) << "the rules answer";
  EXPECT_EQ(place.entries("action_in_force").size(), 1U);
  EXPECT_EQ(place.entries("incident_note").size(), 2U);
}

}  // namespace
}  // namespace firebreak
